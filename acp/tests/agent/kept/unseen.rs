//! Events that the client of the last agent was not shown: the next client is.

use claude_duplex::{Action, Interrupt, MessageKind};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::last::{LastAgent, SESSION};
use super::{User, check_next_prompt, count, is_end, load, permission_script, wait_for_turn_end};
use crate::client::{Agent, Setup, script};
use crate::processes::{kill, wait_for_the_end_of};

pub(super) fn next_agent(user: &User) -> Agent {
    let capabilities = json!({ "session": { "notices": {}, "compaction": {} } });
    Agent::start(&Setup { agent: &["--keep"], env: &user.env(), capabilities, ..Setup::default() })
}

fn ends(received: &[Value]) -> Vec<&Value> {
    let ends = received.iter().filter(|received| is_end(received));
    ends.map(|end| &end["params"]["update"]["_meta"]["claudeDuplex"]).collect()
}

#[test]
fn the_end_of_a_turn_is_reported_once() {
    let mut last = LastAgent::start("u-end");
    last.prompt(&script(json!([{ "text": "hello" }])));
    let session = last.die();
    let mut agent = next_agent(&session.user);
    let (opened, _) = load(&mut agent, SESSION);
    let received = &agent.received[..opened];
    assert_eq!((count(received, "user_message_chunk"), &*agent.text(0, opened)), (1, "hello"));
    let end = wait_for_turn_end(&mut agent);
    assert!(end < opened, "the turn ended before the session was loaded");
    assert_eq!(ends(&agent.received), [&json!({ "turn": "ended", "stopReason": "end_turn" })]);
    // The next agent has nothing to add.
    agent.kill();
    agent.exit();
    let mut agent = next_agent(&session.user);
    load(&mut agent, SESSION);
    check_next_prompt(&mut agent, SESSION, 0, "next");
    assert_eq!(ends(&agent.received), [&Value::Null; 0]);
}

#[test]
fn the_end_of_a_turn_is_reported_with_its_reason() {
    let mut last = LastAgent::start("u-reason");
    last.prompt(&script(json!([{ "status": 529, "body": { "error": { "message": "no capacity today" } } }])));
    let slow = script(json!([{ "text": "A ".repeat(600), "chunks": 600, "delay_ms": 100 }]));
    let prompt = last.driver.prompt(slow).expect("there is room");
    last.until(|action| matches!(action, Action::TurnStarted { .. }));
    last.driver.interrupt(Interrupt::running()).expect("there is room");
    last.until(|action| matches!(action, Action::PromptEnded { prompt: ended, .. } if *ended == prompt));
    let session = last.die();
    let mut agent = next_agent(&session.user);
    load(&mut agent, SESSION);
    let ends = ends(&agent.received);
    let [failed, cancelled] = &ends[..] else { panic!("{ends:?}") };
    assert!(failed["error"].as_str().is_some_and(|text| text.contains("no capacity today")), "{failed}");
    assert_eq!(cancelled["stopReason"], "cancelled");
}

#[test]
fn the_end_of_a_cli_is_reported() {
    for is_known in [true, false] {
        let mut last = LastAgent::start(if is_known { "u-dead" } else { "u-dies" });
        last.driver
            .prompt(script(json!([{ "text": "A ".repeat(600), "chunks": 600, "delay_ms": 100 }])))
            .expect("room");
        last.until(|action| matches!(action, Action::TurnStarted { .. }));
        let (_, cli) = last.session.user.kept().remove(0);
        let session = if is_known {
            kill(cli, Signal::KILL);
            last.until(|action| matches!(action, Action::Closed(_)));
            last.die()
        } else {
            let session = last.die();
            kill(cli, Signal::KILL);
            session
        };
        let mut agent = next_agent(&session.user);
        load(&mut agent, SESSION);
        let end = wait_for_turn_end(&mut agent);
        let fields = &agent.received[end]["params"]["update"]["_meta"]["claudeDuplex"];
        assert!(fields["error"].as_str().is_some_and(|text| text.contains("signal 9")), "{fields}");
        // The next prompt starts the CLI again.
        check_next_prompt(&mut agent, SESSION, end, "back");
        wait_for_the_end_of(&[cli]);
        assert_eq!(agent.finish(), Some(0));
        session.user.wait_until_empty();
    }
}

#[test]
fn a_prompt_that_waited_is_shown_with_its_turn() {
    let user = User::new("u-queue");
    let mut agent = user.agent(&["--keep"]);
    let session = agent.session();
    agent.prompt(&session, &permission_script());
    agent.next_request(0);
    let waiting = script(json!([{ "text": "BBB" }]));
    agent.prompt(&session, &waiting);
    // The agent handles a session's requests in their order.
    let set = agent.request("session/set_mode", json!({ "sessionId": session, "modeId": "default" }));
    agent.response(set);
    agent.kill();
    agent.exit();
    let mut agent = next_agent(&user);
    load(&mut agent, &session);
    let (_, request) = agent.next_request(0);
    agent.choose(&request, "allow_once");
    let first = wait_for_turn_end(&mut agent);
    let second = agent.until(first + 1, "the second end", is_end);
    let turn = &agent.received[first..second];
    let position = |kind: &str| turn.iter().position(|received| received["params"]["update"]["sessionUpdate"] == kind);
    let shown = position("user_message_chunk").unwrap_or_else(|| panic!("the prompt is not shown: {turn:#?}"));
    assert_eq!(turn[shown]["params"]["update"]["content"]["text"], waiting);
    assert!(position("agent_message_chunk").is_some_and(|text| shown < text), "{turn:#?}");
    assert_eq!(count(&agent.received, "user_message_chunk"), 2, "each prompt is shown once");
}

/// Returns a prompt whose command ends later, so that the CLI begins a turn by itself.
fn background() -> String {
    let call = json!({ "command": "sleep 1; echo woke", "run_in_background": true });
    script(json!([{ "tool": "Bash", "input": call, "ask": false }, { "text": "started" }, { "text": "WOKEN" }]))
}

#[test]
fn a_turn_without_an_agent_is_shown_once() {
    let mut last = LastAgent::start("u-alone");
    last.prompt(&background());
    last.acknowledge();
    let mut session = last.die();
    session.watch(|message| message.kind() == MessageKind::Result && message.line().contains("WOKEN"));
    session.save_history();
    let mut agent = next_agent(&session.user);
    load(&mut agent, SESSION);
    // The CLI takes the prompt behind all that it has written before.
    let prompt = agent.prompt(SESSION, &script(json!([{ "text": " next" }])));
    let end = agent.response_at(prompt);
    assert_eq!(agent.text(0, end), "startedWOKEN next");
}

#[test]
fn a_background_turn_that_was_not_shown_has_its_notice() {
    let mut last = LastAgent::start("u-notice");
    last.prompt(&background());
    last.until(|action| matches!(action, Action::TurnEnded { .. }));
    let session = last.die();
    let mut agent = next_agent(&session.user);
    let (opened, _) = load(&mut agent, SESSION);
    assert_eq!((count(&agent.received[..opened], "notice"), &*agent.text(0, opened)), (1, "startedWOKEN"));
}

/// Returns a `system` message of the CLI.
pub(super) fn system(subtype: &str, fields: Value) -> Value {
    let mut line = json!({ "type": "system", "subtype": subtype, "session_id": SESSION, "uuid": subtype });
    line.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    line
}

fn commands_changed() -> Value {
    system("commands_changed", json!({ "commands": [{ "name": "new", "description": "d", "argumentHint": "" }] }))
}

/// Returns the names of the commands that were reported last.
fn commands(agent: &Agent) -> Vec<&str> {
    let updates = agent.received.iter().map(|received| &received["params"]["update"]);
    let last = updates.rev().find(|update| update["sessionUpdate"] == "available_commands_update");
    let commands = last.and_then(|update| update["availableCommands"].as_array());
    commands.into_iter().flatten().filter_map(|command| command["name"].as_str()).collect()
}

#[test]
fn changed_commands_are_reported() {
    let initialized = json!({ "commands": [{ "name": "old", "description": "d", "argumentHint": "" }] });
    for is_noted in [false, true] {
        let mut last = LastAgent::with_output(if is_noted { "u-noted" } else { "u-changed" }, &[commands_changed()]);
        last.until(|action| matches!(action, Action::Message { .. }));
        let changed = if is_noted { commands_changed() } else { Value::Null };
        last.note(&json!({ "initialized": initialized, "model": null, "commands_changed": changed }));
        if is_noted {
            last.acknowledge();
        }
        let session = last.die();
        let mut agent = next_agent(&session.user);
        let (opened, _) = load(&mut agent, SESSION);
        agent.update(opened, "available_commands_update");
        assert_eq!(commands(&agent), ["new"], "{is_noted}");
    }
}

#[test]
fn a_requested_model_is_the_model_of_the_session() {
    let user = User::new("u-model");
    let cli = ["--fault", "stop-reading"];
    let mut agent = Agent::start(&Setup { agent: &["--keep"], cli: &cli, env: &user.env(), ..Setup::default() });
    let session = agent.session();
    let prompt = agent.prompt(&session, &script(json!([{ "text": "hello" }])));
    agent.response(prompt);
    // The CLI never responds to this request.
    let option = json!({ "sessionId": session, "configId": "model", "value": "claude-script" });
    agent.request("session/set_config_option", option);
    // The agent handles a session's requests in their order.
    let set = agent.request("session/set_mode", json!({ "sessionId": session, "modeId": "none" }));
    assert!(agent.response(set)["error"].is_object());
    agent.kill();
    agent.exit();
    let mut agent = next_agent(&user);
    let (_, response) = load(&mut agent, &session);
    let options = response["result"]["configOptions"].as_array().unwrap_or_else(|| panic!("no options: {response}"));
    let model = options.iter().find(|option| option["id"] == "model").expect("a model");
    assert_eq!(model["currentValue"], "claude-script");
}
