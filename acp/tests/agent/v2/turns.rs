//! Turns: their states, and what they show.

use agent_client_protocol::v2::schema::RequestPermissionRequest;
use serde_json::{Value, json};

use super::{FLAG, check_version_2, idle, slow, start, start_default, states};
use crate::client::{Setup, script};

#[test]
fn a_prompt_gets_its_response_at_once_and_its_turn_is_reported() {
    let (mut agent, session) = start_default();
    for round in ["first", "second"] {
        let from = agent.received.len();
        let text = "A ".repeat(300);
        let edit = json!({ "file_path": "/src/a.rs", "old_string": "x", "new_string": "y" });
        let steps = json!([
            { "tool": "Edit", "input": edit, "ask": false },
            { "think": "hm", "text": text, "chunks": 300 },
        ]);
        let prompt = agent.prompt(&session, &script(steps));
        let (end, _) = idle(&mut agent, from);
        assert_eq!(states(&agent.received[from..=end]), ["running", "idle end_turn"], "{round}");
        let accepted = agent.response_at(prompt);
        let (shown, message) = agent.update(from, "user_message");
        assert_eq!(message["messageId"], agent.received[accepted]["result"]["messageId"]);
        assert!(message["content"][0]["text"].as_str().is_some_and(|text| text.contains("steps")), "{message}");
        let (first, _) = agent.update(from, "agent_thought_chunk");
        assert!(accepted < first && shown < first, "{round}: {accepted} {shown} {first}");
        assert_eq!(agent.text(from, end), text);
        let (_, usage) = agent.update(from, "usage_update");
        assert!(usage["used"].is_u64(), "{usage}");
        // A diff is a patch.
        let diff = |received: &Value| received["params"]["update"]["content"][0]["changes"].clone();
        let at = agent.until(from, "a diff", |received| !diff(received).is_null());
        assert_eq!(diff(&agent.received[at]), json!([{ "operation": "modify", "path": "/src/a.rs" }]));
        // Nothing of the turn comes after its end: the response to the next request comes first.
        let list = agent.request("session/list", json!({}));
        let list = agent.response_at(list);
        assert!(agent.received[end + 1..list].iter().all(|received| received["method"] != "session/update"), "{round}");
    }
    check_version_2(&agent.received);
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
        let from = agent.received.len();
        agent.prompt(&session, &slow());
        agent.cancel(&session);
        assert_eq!(idle(&mut agent, from).1["stopReason"], "cancelled", "{version}");
        let from = agent.received.len();
        agent.prompt(&session, &script(json!([{ "text": "BBB" }])));
        let (end, update) = idle(&mut agent, from);
        assert_eq!((&update["stopReason"], &*agent.text(from, end)), (&json!("end_turn"), "BBB"), "{version}");
    }
}

#[test]
fn a_permission_is_an_action_of_the_user() {
    let (mut agent, session) = start_default();
    let input = json!({ "command": "touch x", "description": "Create x" });
    agent.prompt(&session, &script(json!([{ "tool": "Bash", "input": input }, { "text": "done" }])));
    let (at, request) = agent.next_request(0);
    let typed: RequestPermissionRequest = serde_json::from_value(request["params"].clone()).expect("version 2");
    assert_eq!((&*typed.title, request["params"]["subject"]["type"].as_str()), ("touch x", Some("tool_call")));
    agent.until(0, "the state", |received| received["params"]["update"]["state"] == "requires_action");
    agent.choose(&request, "allow_once");
    let (end, _) = idle(&mut agent, at);
    assert_eq!(states(&agent.received[..=end]), ["running", "requires_action", "running", "idle end_turn"]);
    check_version_2(&agent.received);
    // A cancellation takes an open request back.
    let from = agent.received.len();
    agent.prompt(&session, &script(json!([{ "tool": "Bash", "input": { "command": "touch y" } }])));
    agent.next_request(from);
    agent.cancel(&session);
    assert_eq!(idle(&mut agent, from).1["stopReason"], "cancelled");
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
    assert_eq!(states(&agent.received[..=second]), ["running", "idle end_turn", "running", "idle end_turn"]);
    assert_eq!((&*agent.text(0, first), &*agent.text(first, second)), ("started", "WOKEN"));
    let (_, chunk) = agent.update(first, "agent_message_chunk");
    assert_eq!(chunk["_meta"]["claudeDuplex"]["turn"], "background", "{chunk}");
    check_version_2(&agent.received);
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
