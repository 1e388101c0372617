//! Version 2 of the protocol: prompts are answered when they are inserted, and turns are reported by the state.

use agent_client_protocol::v2::schema::{RequestPermissionRequest, SessionUpdate, UpdateSessionNotification};
use serde_json::{Value, json};

use crate::client::{Agent, Directory, Setup, script};

const FLAG: &[&str] = &["--protocol-v2"];

/// Starts an agent for a client of version 2.
fn start(setup: &Setup<'_>) -> Agent {
    let mut agent = Agent::spawn(setup);
    let info = json!({ "name": "test", "version": "1" });
    let params = json!({ "protocolVersion": 2, "info": info, "capabilities": setup.capabilities });
    let id = agent.request("initialize", params);
    let response = agent.response(id);
    assert_eq!(response["result"]["protocolVersion"], 2, "{response}");
    agent
}

fn start_default() -> (Agent, String) {
    let mut agent = start(&Setup { agent: FLAG, ..Setup::default() });
    let session = agent.session();
    (agent, session)
}

/// Returns the states that were reported, e.g. `running` and `idle end_turn`.
fn states(said: &[Value]) -> Vec<String> {
    let updates = said.iter().map(|said| &said["params"]["update"]);
    let states = updates.filter(|update| update["sessionUpdate"] == "state_update");
    let words = |update: &Value| {
        let words = [&update["state"], &update["stopReason"]].map(|word| word.as_str().unwrap_or_default().to_owned());
        words.join(" ").trim().to_owned()
    };
    states.map(words).collect()
}

/// Waits for the next end of work after a position.
fn idle(agent: &mut Agent, from: usize) -> (usize, Value) {
    let is_idle = |said: &Value| said["params"]["update"]["state"] == "idle";
    let at = agent.until(from, "the end of the work", is_idle);
    (at, agent.said[at]["params"]["update"].clone())
}

fn slow() -> String {
    script(json!([{ "text": "A ".repeat(200), "chunks": 200, "delay_ms": 100 }]))
}

/// Checks that each update is one of version 2.
fn are_of_version_2(said: &[Value]) {
    for said in said.iter().filter(|said| said["method"] == "session/update") {
        let update: UpdateSessionNotification = serde_json::from_value(said["params"].clone()).expect("version 2");
        assert!(!matches!(update.update, SessionUpdate::Other(_)), "{said}");
    }
}

#[test]
fn the_version_is_negotiated() {
    // A client of version 1 gets version 1.
    let mut agent = Agent::start(&Setup { agent: FLAG, ..Setup::default() });
    let session = agent.session();
    let prompt = agent.prompt(&session, &script(json!([{ "text": "one" }])));
    let end = agent.response_at(prompt);
    assert_eq!((&agent.said[end]["result"]["stopReason"], &*agent.text(0, end)), (&json!("end_turn"), "one"));
    assert_eq!(states(&agent.said), [""; 0]);
    // Without the flag, each client does.
    let mut agent = Agent::spawn(&Setup::default());
    let params = json!({ "protocolVersion": 2, "info": { "name": "test", "version": "1" }, "capabilities": {} });
    let id = agent.request("initialize", params);
    assert_eq!(agent.response(id)["result"]["protocolVersion"], 1);
    // With it, a client of version 2 gets version 2.
    let (agent, _) = start_default();
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn a_prompt_is_answered_at_once_and_its_turn_is_reported() {
    let (mut agent, session) = start_default();
    for round in ["first", "second"] {
        let from = agent.said.len();
        let text = "A ".repeat(300);
        let edit = json!({ "file_path": "/src/a.rs", "old_string": "x", "new_string": "y" });
        let steps = json!([
            { "tool": "Edit", "input": edit, "ask": false },
            { "think": "hm", "text": text, "chunks": 300 },
        ]);
        let prompt = agent.prompt(&session, &script(steps));
        let (end, _) = idle(&mut agent, from);
        assert_eq!(states(&agent.said[from..=end]), ["running", "idle end_turn"], "{round}");
        let accepted = agent.response_at(prompt);
        let (shown, message) = agent.update(from, "user_message");
        assert_eq!(message["messageId"], agent.said[accepted]["result"]["messageId"]);
        assert!(message["content"][0]["text"].as_str().is_some_and(|text| text.contains("steps")), "{message}");
        let (first, _) = agent.update(from, "agent_thought_chunk");
        assert!(accepted < first && shown < first, "{round}: {accepted} {shown} {first}");
        assert_eq!(agent.text(from, end), text);
        let (_, usage) = agent.update(from, "usage_update");
        assert!(usage["used"].is_u64(), "{usage}");
        // A diff is a patch.
        let diff = |said: &Value| said["params"]["update"]["content"][0]["changes"].clone();
        let at = agent.until(from, "a diff", |said| !diff(said).is_null());
        assert_eq!(diff(&agent.said[at]), json!([{ "operation": "modify", "path": "/src/a.rs" }]));
        // Nothing of the turn comes after its end: the next request is answered first.
        let list = agent.request("session/list", json!({}));
        let list = agent.response_at(list);
        assert!(agent.said[end + 1..list].iter().all(|said| said["method"] != "session/update"), "{round}");
    }
    are_of_version_2(&agent.said);
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn a_turn_is_cancelled() {
    for version in ["2.1.143", "2.1.329"] {
        let cli = ["--generation", version];
        let mut agent = start(&Setup { agent: FLAG, cli: &cli, ..Setup::default() });
        let session = agent.session();
        let prompt = agent.prompt(&session, &slow());
        let (chunk, _) = agent.update(0, "agent_message_chunk");
        agent.cancel(&session);
        let (end, update) = idle(&mut agent, chunk);
        assert_eq!(update["stopReason"], "cancelled", "{version}");
        assert!(agent.text(0, end).len() < 300, "{version}: it ran to its end");
        assert!(agent.response(prompt)["result"]["messageId"].is_string(), "{version}");
        // At once, before its turn.
        let from = agent.said.len();
        agent.prompt(&session, &slow());
        agent.cancel(&session);
        assert_eq!(idle(&mut agent, from).1["stopReason"], "cancelled", "{version}");
        let from = agent.said.len();
        agent.prompt(&session, &script(json!([{ "text": "BBB" }])));
        let (end, update) = idle(&mut agent, from);
        assert_eq!((&update["stopReason"], &*agent.text(from, end)), (&json!("end_turn"), "BBB"), "{version}");
    }
}

#[test]
fn a_prompt_is_inserted_after_the_turns_before_it() {
    for version in ["2.1.143", "2.1.329"] {
        let cli = ["--generation", version];
        let mut agent = start(&Setup { agent: FLAG, cli: &cli, ..Setup::default() });
        let session = agent.session();
        let text = script(json!([{ "text": "A A A A ", "chunks": 4, "delay_ms": 50 }]));
        let prompts = [agent.prompt(&session, &text), agent.prompt(&session, &script(json!([{ "text": "BBB" }])))];
        let (first, _) = idle(&mut agent, 0);
        let (second, _) = idle(&mut agent, first + 1);
        let accepted = prompts.map(|prompt| agent.response_at(prompt));
        assert!(accepted[0] < first && first < accepted[1] && accepted[1] < second, "{version}: {accepted:?}");
        assert_eq!((&*agent.text(0, first), &*agent.text(first, second)), ("A A A A ", "BBB"), "{version}");
        let expected = ["running", "idle end_turn", "running", "idle end_turn"];
        assert_eq!(states(&agent.said[..=second]), expected, "{version}");
    }
}

#[test]
fn prompts_that_are_sent_into_a_turn_are_inserted_when_it_takes_them() {
    let mut agent = start(&Setup { agent: &["--protocol-v2", "--steer"], ..Setup::default() });
    let session = agent.session();
    let steps = json!([{ "tool": "Bash", "input": { "command": "ls" }, "ask": true }, { "text": "listed" }]);
    agent.prompt(&session, &script(steps));
    let (_, request) = agent.asked(0);
    let second = agent.prompt(&session, &script(json!([{ "text": ", briefly" }])));
    // The agent handles a session's requests in their order.
    let set = json!({ "sessionId": session, "configId": "mode", "type": "id", "value": "acceptEdits" });
    let set = agent.request("session/set_config_option", set);
    let set = agent.response(set);
    assert_eq!(set["result"]["configOptions"][0]["configId"], "mode", "{set}");
    agent.choose(&request, "allow_once");
    let (end, _) = idle(&mut agent, 0);
    let accepted = agent.response_at(second);
    assert!(accepted < end, "{accepted} {end}");
    assert_eq!(agent.text(0, end), "listed, briefly");
    assert_eq!(states(&agent.said[..=end]), ["running", "requires_action", "running", "idle end_turn"]);
}

#[test]
fn a_permission_is_an_action_of_the_user() {
    let (mut agent, session) = start_default();
    let input = json!({ "command": "touch x", "description": "Create x" });
    agent.prompt(&session, &script(json!([{ "tool": "Bash", "input": input }, { "text": "done" }])));
    let (at, request) = agent.asked(0);
    let typed: RequestPermissionRequest = serde_json::from_value(request["params"].clone()).expect("version 2");
    assert_eq!((&*typed.title, request["params"]["subject"]["type"].as_str()), ("touch x", Some("tool_call")));
    agent.until(0, "the state", |said| said["params"]["update"]["state"] == "requires_action");
    agent.choose(&request, "allow_once");
    let (end, _) = idle(&mut agent, at);
    assert_eq!(states(&agent.said[..=end]), ["running", "requires_action", "running", "idle end_turn"]);
    are_of_version_2(&agent.said);
    // A cancellation takes an open request back.
    let from = agent.said.len();
    agent.prompt(&session, &script(json!([{ "tool": "Bash", "input": { "command": "touch y" } }])));
    agent.asked(from);
    agent.cancel(&session);
    assert_eq!(idle(&mut agent, from).1["stopReason"], "cancelled");
}

#[test]
fn prompts_that_wait_are_cancelled_and_withdrawn() {
    let (mut agent, session) = start_default();
    agent.prompt(&session, &slow());
    agent.update(0, "agent_message_chunk");
    let withdrawn = agent.prompt(&session, "withdrawn");
    let cancelled = agent.prompt(&session, "cancelled");
    agent.notify("$/cancel_request", json!({ "requestId": withdrawn }));
    assert_eq!(agent.response(withdrawn)["error"]["code"], -32800);
    assert_eq!(states(&agent.said), ["running"], "the turn goes on");
    agent.cancel(&session);
    assert_eq!(agent.response(cancelled)["error"]["code"], -32800);
    let (end, update) = idle(&mut agent, 0);
    assert_eq!(update["stopReason"], "cancelled");
    // Neither was a part of the conversation.
    let messages = agent.said[..=end].iter().filter(|said| said["params"]["update"]["sessionUpdate"] == "user_message");
    assert_eq!(messages.count(), 1);
}

#[test]
fn a_turn_of_the_cli_is_reported() {
    let (mut agent, session) = start_default();
    let call = json!({ "command": "sleep 0.2; echo woke", "run_in_background": true });
    let steps = json!([{ "tool": "Bash", "input": call, "ask": false }, { "text": "started" }, { "text": "WOKEN" }]);
    agent.prompt(&session, &script(steps));
    let (first, _) = idle(&mut agent, 0);
    let (second, update) = idle(&mut agent, first + 1);
    assert_eq!(update["stopReason"], "end_turn");
    assert_eq!(states(&agent.said[..=second]), ["running", "idle end_turn", "running", "idle end_turn"]);
    assert_eq!((&*agent.text(0, first), &*agent.text(first, second)), ("started", "WOKEN"));
    let (_, chunk) = agent.update(first, "agent_message_chunk");
    assert_eq!(chunk["_meta"]["claudeDuplex"]["turn"], "background", "{chunk}");
    are_of_version_2(&agent.said);
}

#[test]
fn an_error_of_the_api_ends_the_work() {
    let (mut agent, session) = start_default();
    let steps = json!([{ "status": 529, "body": { "error": { "message": "no capacity today" } } }]);
    let prompt = agent.prompt(&session, &script(steps));
    let (_, update) = idle(&mut agent, 0);
    assert_eq!(update["stopReason"], "error");
    assert!(update["error"]["message"].as_str().is_some_and(|text| text.contains("no capacity today")), "{update}");
    assert!(agent.response(prompt)["result"]["messageId"].is_string());
}

#[test]
#[cfg(target_os = "linux")]
fn the_cli_is_killed() {
    use crate::processes::{children, kill};

    let (mut agent, session) = start_default();
    agent.prompt(&session, &slow());
    agent.update(0, "agent_message_chunk");
    let waiting = agent.prompt(&session, "waits");
    // The agent handles a session's requests in their order.
    let set = json!({ "sessionId": session, "configId": "mode", "type": "id", "value": "default" });
    let set = agent.request("session/set_config_option", set);
    agent.response(set);
    children(agent.process()).into_iter().for_each(|process| kill(process, rustix::process::Signal::KILL));
    let (end, update) = idle(&mut agent, 0);
    assert_eq!(update["stopReason"], "error");
    assert!(update["error"]["message"].as_str().is_some_and(|text| text.contains("signal 9")), "{update}");
    // A prompt that was not a part of the conversation has an error.
    let response = agent.response(waiting);
    assert!(response["error"]["message"].as_str().is_some_and(|text| text.contains("signal 9")), "{response}");
    // The next prompt starts the CLI again.
    agent.prompt(&session, &script(json!([{ "text": "back" }])));
    let (again, update) = idle(&mut agent, end + 1);
    assert_eq!((&update["stopReason"], &*agent.text(end, again)), (&json!("end_turn"), "back"));
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn a_session_is_closed_in_a_turn() {
    let (mut agent, session) = start_default();
    agent.prompt(&session, &slow());
    agent.update(0, "agent_message_chunk");
    let waiting = agent.prompt(&session, "waits");
    let close = agent.request("session/close", json!({ "sessionId": session }));
    let closed = agent.response_at(close);
    assert!(agent.said[closed]["result"].is_object(), "{}", agent.said[closed]);
    let (end, update) = idle(&mut agent, 0);
    assert_eq!(update["stopReason"], "cancelled");
    assert!(end < closed, "{end} {closed}");
    assert_eq!(agent.response(waiting)["error"]["code"], -32800);
    // One that is not there is closed.
    let close = agent.request("session/close", json!({ "sessionId": session }));
    assert!(agent.response(close)["result"].is_object());
    let prompt = agent.prompt(&session, "hello");
    assert_eq!(agent.response(prompt)["error"]["code"], -32002);
}

#[test]
fn a_session_is_resumed_with_its_history_or_without() {
    const OLD: &str = "11111111-2222-4333-8444-555555555555";
    let directory = Directory::new("v2-resume");
    let project = directory.0.join("projects").join("-tmp");
    std::fs::create_dir_all(&project).expect("a directory");
    let lines = [
        json!({ "type": "user", "uuid": "u1", "cwd": "/tmp", "message": { "role": "user", "content": "read a" } }),
        json!({ "type": "assistant", "uuid": "m1", "message": { "id": "m1", "role": "assistant",
            "content": [{ "type": "text", "text": "I read it." }] } }),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    std::fs::write(project.join(format!("{OLD}.jsonl")), lines + "\n").expect("a file");
    let env = [("CLAUDE_CONFIG_DIR", directory.path())];
    let mut agent = start(&Setup { agent: FLAG, env: &env, cli: &["--sessions", OLD], ..Setup::default() });
    let kinds = |said: &[Value]| -> Vec<String> {
        let kinds = said.iter().filter_map(|said| said["params"]["update"]["sessionUpdate"].as_str());
        kinds.filter(|kind| *kind != "available_commands_update").map(str::to_owned).collect()
    };
    for (replay, expected) in [
        (json!({ "type": "start" }), &["user_message_chunk", "agent_message_chunk", "state_update"][..]),
        (Value::Null, &["state_update"][..]),
    ] {
        let from = agent.said.len();
        let params = json!({ "sessionId": OLD, "cwd": "/tmp", "replayFrom": replay });
        let resume = agent.request("session/resume", params);
        let end = agent.response_at(resume);
        assert!(agent.said[end]["result"]["configOptions"].is_array(), "{}", agent.said[end]);
        assert_eq!(kinds(&agent.said[from..end]), expected);
        assert_eq!(states(&agent.said[from..end]), ["idle"]);
    }
    let (_, message) = agent.update(0, "user_message_chunk");
    assert_eq!(message["messageId"], "u1");
    let params = json!({ "sessionId": OLD, "cwd": "/tmp", "replayFrom": { "type": "end" } });
    let resume = agent.request("session/resume", params);
    assert_eq!(agent.response(resume)["error"]["code"], -32602);
    are_of_version_2(&agent.said);
}
