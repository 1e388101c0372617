//! Sessions that outlive the agent.

mod compactions;
mod idle;
pub(crate) mod last;
mod unseen;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::{Agent, Directory, Setup, calls, script};
use crate::processes::{is_running, kill, parent, wait_for_the_end_of};

/// User with a directory for kept sessions. Those that are left end with the test.
pub(crate) struct User {
    keepers: Directory,
    config: Directory,
}

impl User {
    fn new(name: &str) -> Self {
        Self { keepers: private_directory(&format!("k-{name}")), config: Directory::new(&format!("c-{name}")) }
    }

    fn agent(&self, arguments: &[&str]) -> Agent {
        Agent::start(&Setup { agent: arguments, env: &self.env(), ..Setup::default() })
    }

    /// Returns the environment of the user's agents.
    pub(crate) fn env(&self) -> [(&str, &str); 2] {
        [("CLAUDE_DUPLEX_KEEPER_DIR", self.keepers.path()), ("CLAUDE_CONFIG_DIR", self.config.path())]
    }

    fn command(&self, words: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claude-duplex-acp"));
        let output = command.args(words).args(["--dir", self.keepers.path()]).output().expect("the program starts");
        String::from_utf8(output.stdout).expect("Unicode")
    }

    /// Returns the kept sessions, each with the process of its CLI.
    fn kept(&self) -> Vec<(String, u32)> {
        let list = self.command(&["list"]);
        let process = |line: &str| line.split_once("pid ")?.1.split('\t').next()?.trim().parse().ok();
        list.lines().filter_map(|line| Some((line.split('\t').next()?.to_owned(), process(line)?))).collect()
    }

    /// Waits until nothing of any session is left.
    fn wait_until_empty(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while fs::read_dir(&self.keepers.0).is_ok_and(|mut entries| entries.next().is_some()) {
            assert!(Instant::now() < end, "still there: {}", self.command(&["list"]));
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        for (session, _) in self.kept() {
            self.command(&["stop", &session]);
        }
    }
}

fn private_directory(name: &str) -> Directory {
    use std::os::unix::fs::PermissionsExt;

    let directory = Directory::new(name);
    fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o700)).expect("it is ours");
    directory
}

/// Returns the name of a session for its keeper.
fn keeper_name(session: &str) -> String {
    session.replace('-', "")
}

fn load(agent: &mut Agent, session: &str) -> (usize, Value) {
    let load = agent.request("session/load", json!({ "sessionId": session, "cwd": "/tmp", "mcpServers": [] }));
    let at = agent.response_at(load);
    (at, agent.received[at].clone())
}

/// Waits for the end of a turn whose prompt another client has sent.
fn wait_for_turn_end(agent: &mut Agent) -> usize {
    agent.until(0, "the end of the turn", is_end)
}

/// Returns whether the agent reports the end of a turn whose prompt another client has sent.
fn is_end(received: &Value) -> bool {
    received["params"]["update"]["_meta"]["claudeDuplex"]["turn"] == "ended"
}

/// Checks that a session handles the next prompt: the updates after `from` have this text.
fn check_next_prompt(agent: &mut Agent, session: &str, from: usize, text: &str) {
    let prompt = agent.prompt(session, &script(json!([{ "text": text }])));
    let end = agent.response_at(prompt);
    assert_eq!((&agent.received[end]["result"]["stopReason"], &*agent.text(from, end)), (&json!("end_turn"), text));
}

fn count(received: &[Value], kind: &str) -> usize {
    received.iter().filter(|received| received["params"]["update"]["sessionUpdate"] == kind).count()
}

/// Returns a prompt whose call needs a permission.
fn permission_script() -> String {
    let call = json!({ "text": "before ", "tool": "Bash", "input": { "command": "rm x", "description": "d" } });
    script(json!([call, { "text": "after" }]))
}

#[test]
fn a_turn_continues_when_agents_are_killed() {
    let user = User::new("killed");
    let mut first = user.agent(&["--keep"]);
    let session = first.session();
    first.prompt(&session, &permission_script());
    let (_, next_request) = first.next_request(0);
    first.kill();
    first.exit();
    // One that is killed before it has responded to the request.
    let mut second = user.agent(&["--keep"]);
    load(&mut second, &session);
    second.next_request(0);
    second.kill();
    second.exit();
    let mut third = user.agent(&["--keep"]);
    let (opened, response) = load(&mut third, &session);
    assert!(response["result"]["modes"].is_object(), "{response}");
    // The updates are shown again, and then the open request is.
    assert_eq!(third.text(0, opened), "before ");
    assert_eq!(count(&third.received[..opened], "user_message_chunk"), 1);
    let (at, again) = third.next_request(0);
    assert!(at > opened, "the request comes before the session");
    assert_eq!(again["params"]["toolCall"]["toolCallId"], next_request["params"]["toolCall"]["toolCallId"]);
    third.choose(&again, "allow_once");
    let end = wait_for_turn_end(&mut third);
    assert_eq!(third.received[end]["params"]["update"]["_meta"]["claudeDuplex"]["stopReason"], "end_turn");
    assert_eq!(third.text(0, end), "before after");
    assert_eq!(count(&third.received[..=end], "tool_call"), 1);
    let calls: Vec<_> = calls(&third.received[..=end]).into_values().collect();
    assert_eq!((calls.len(), &calls[0]["status"]), (1, &json!("completed")));
    check_next_prompt(&mut third, &session, end, "next");
    assert_eq!(third.received.iter().filter(|received| is_end(received)).count(), 1);
    let processes: Vec<u32> = user.kept().into_iter().map(|(_, process)| process).collect();
    assert_eq!(processes.len(), 1);
    let close = third.request("session/close", json!({ "sessionId": session }));
    assert!(third.response(close)["result"].is_object());
    wait_for_the_end_of(&processes);
    user.wait_until_empty();
    assert_eq!(third.finish(), Some(0));
}

#[test]
fn only_a_session_with_work_to_do_outlives_its_client() {
    let user = User::new("work");
    let mut agent = user.agent(&["--keep"]);
    let (idle, busy) = (agent.session(), agent.session());
    assert_eq!(user.kept().len(), 2);
    agent.prompt(&busy, &script(json!([{ "text": "A ".repeat(40), "chunks": 40, "delay_ms": 50 }])));
    agent.update(0, "agent_message_chunk");
    assert_eq!(agent.finish(), Some(0));
    let names: Vec<String> = user.kept().into_iter().map(|(session, _)| session).collect();
    assert_eq!(names, [keeper_name(&busy)], "not {}", keeper_name(&idle));
    let mut agent = user.agent(&["--keep"]);
    load(&mut agent, &busy);
    let end = wait_for_turn_end(&mut agent);
    assert_eq!(agent.text(0, end), "A ".repeat(40));
    // The choices are those of the CLI.
    let (_, response) = load(&mut agent, &busy);
    assert!(response["error"].is_object() || response["result"]["configOptions"].is_array(), "{response}");
}

#[test]
fn a_request_stays_open_when_its_client_exits_gracefully() {
    let user = User::new("in-order");
    let mut first = user.agent(&["--keep"]);
    let session = first.session();
    // The second call keeps the session busy, however fast the turn goes on after the first one.
    let call = |text: &str| json!({ "text": text, "tool": "Bash", "input": { "command": "rm x", "description": "d" } });
    first.prompt(&session, &script(json!([call("one "), call("two "), { "text": "three" }])));
    first.next_request(0);
    assert_eq!(first.finish(), Some(0));
    let mut second = user.agent(&["--keep"]);
    load(&mut second, &session);
    let (_, request) = second.next_request(0);
    second.choose(&request, "allow_once");
    // The decision reaches the CLI, although the client ends at once.
    assert_eq!(second.finish(), Some(0));
    let mut third = user.agent(&["--keep"]);
    load(&mut third, &session);
    let (_, next_request) = third.next_request(0);
    assert_ne!(next_request["params"]["toolCall"]["toolCallId"], request["params"]["toolCall"]["toolCallId"]);
    third.choose(&next_request, "allow_once");
    let end = wait_for_turn_end(&mut third);
    assert_eq!(third.text(0, end), "one two three");
    let calls = calls(&third.received[..end]);
    assert!(calls.len() == 2 && calls.values().all(|call| call["status"] == "completed"), "{calls:?}");
}

#[test]
fn a_turn_of_another_client_is_cancelled() {
    let user = User::new("cancel");
    let mut agent = user.agent(&["--keep"]);
    let session = agent.session();
    agent.prompt(&session, &script(json!([{ "text": "A ".repeat(600), "chunks": 600, "delay_ms": 100 }])));
    agent.prompt(&session, &script(json!([{ "text": "queued" }])));
    agent.update(0, "agent_message_chunk");
    agent.kill();
    agent.exit();
    let mut agent = user.agent(&["--keep"]);
    load(&mut agent, &session);
    agent.cancel(&session);
    let end = wait_for_turn_end(&mut agent);
    let reason = |received: &Value| received["params"]["update"]["_meta"]["claudeDuplex"]["stopReason"].clone();
    assert_eq!(reason(&agent.received[end]), "cancelled");
    let prompt = agent.prompt(&session, &script(json!([{ "text": "next" }])));
    let next = agent.response_at(prompt);
    assert_eq!(agent.received[next]["result"]["stopReason"], "end_turn");
    assert!(!agent.text(0, next).contains("queued"), "the prompt that waited was cancelled too");
}

#[test]
fn a_session_without_an_agent_ends_by_its_policy() {
    let user = User::new("policy");
    let mut agent = user.agent(&["--keep-for", "500ms"]);
    let session = agent.session();
    agent.prompt(&session, &permission_script());
    agent.next_request(0);
    let processes: Vec<u32> = user.kept().into_iter().map(|(_, process)| process).collect();
    agent.kill();
    agent.exit();
    user.wait_until_empty();
    wait_for_the_end_of(&processes);
    let mut agent = user.agent(&["--keep"]);
    let (_, response) = load(&mut agent, &session);
    assert_eq!(response["error"]["code"], -32002, "{response}");
}

#[test]
fn a_session_has_one_agent() {
    let user = User::new("one");
    let mut first = user.agent(&["--keep"]);
    let session = first.session();
    first.prompt(&session, &permission_script());
    let (_, next_request) = first.next_request(0);
    let mut second = user.agent(&["--keep"]);
    let (_, response) = load(&mut second, &session);
    let message = response["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {response}"));
    assert!(message.contains("another agent controls the session"), "{message}");
    // The first has noticed nothing.
    first.choose(&next_request, "allow_once");
    first.until(0, "the text", |received| received["params"]["update"]["content"]["text"] == "after");
}

#[test]
fn a_session_is_loaded_again_by_its_own_agent() {
    let user = User::new("again");
    let mut agent = user.agent(&["--keep"]);
    let session = agent.session();
    let prompt = agent.prompt(&session, &permission_script());
    agent.next_request(0);
    let (opened, _) = load(&mut agent, &session);
    // The client has given its prompt up.
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "cancelled");
    let (_, again) = agent.next_request(opened);
    agent.choose(&again, "allow_once");
    let end = wait_for_turn_end(&mut agent);
    assert!(agent.text(opened, end).ends_with("after"));
}

#[test]
fn a_kept_session_is_closed_or_deleted_by_another_agent() {
    for method in ["session/close", "session/delete"] {
        let user = User::new(&method.replace('/', "-"));
        let mut agent = user.agent(&["--keep"]);
        let session = agent.session();
        agent.prompt(&session, &permission_script());
        agent.next_request(0);
        agent.kill();
        agent.exit();
        let mut agent = user.agent(&["--keep"]);
        let close = agent.request(method, json!({ "sessionId": session }));
        let response = agent.response(close);
        assert!(response["result"].is_object(), "{method}: {response}");
        user.wait_until_empty();
    }
}

#[test]
fn a_killed_keeper_loses_its_turn() {
    let user = User::new("keeper");
    let mut agent = user.agent(&["--keep"]);
    let session = agent.session();
    let prompt = agent.prompt(&session, &permission_script());
    agent.next_request(0);
    let (_, cli) = user.kept().remove(0);
    kill(parent(cli), Signal::KILL);
    let response = agent.response(prompt);
    let message = response["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {response}"));
    assert!(message.contains("keeper"), "{message}");
    wait_for_the_end_of(&[cli]);
    let from = agent.received.len();
    let prompt = agent.prompt(&session, &script(json!([{ "text": "back" }])));
    let end = agent.response_at(prompt);
    let response = &agent.received[end];
    assert_eq!(
        (&response["result"]["stopReason"], &*agent.text(from, end)),
        (&json!("end_turn"), "back"),
        "{response}"
    );
    assert!(user.kept().iter().all(|(_, process)| is_running(*process)));
    assert_eq!(agent.finish(), Some(0));
    user.wait_until_empty();
}

#[test]
fn a_cli_that_dies_is_started_again_in_a_keeper() {
    let user = User::new("dies");
    let mut agent = user.agent(&["--keep"]);
    let session = agent.session();
    let prompt = agent.prompt(&session, &permission_script());
    agent.next_request(0);
    let (_, cli) = user.kept().remove(0);
    kill(cli, Signal::KILL);
    let response = agent.response(prompt);
    assert!(response["error"]["message"].as_str().is_some_and(|text| text.contains("signal 9")), "{response}");
    let prompt = agent.prompt(&session, &script(json!([{ "text": "back" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
    assert_eq!(agent.finish(), Some(0));
    user.wait_until_empty();
}

#[test]
fn a_cli_that_cannot_start_leaves_nothing_behind() {
    let user = User::new("no-start");
    for (arguments, words) in [
        (&["--keep", "--claude", "/nowhere/claude"][..], "/nowhere/claude"),
        (&["--keep", "--", "--no-such-flag"], "no-such-flag"),
    ] {
        let mut agent = user.agent(arguments);
        let new = agent.request("session/new", json!({ "cwd": "/tmp", "mcpServers": [] }));
        let response = agent.response(new);
        let message = response["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {response}"));
        assert!(message.contains(words), "{message}");
        assert_eq!(agent.finish(), Some(0));
        user.wait_until_empty();
    }
}
