//! Prompts that wait for a turn.

use serde_json::json;

use super::{FLAG, idle, slow, start, start_default, states};
use crate::client::{Setup, script};

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
        assert_eq!(states(&agent.received[..=second]), expected, "{version}");
    }
}

#[test]
fn prompts_that_are_sent_into_a_turn_are_inserted_when_it_takes_them() {
    let mut agent = start(&Setup { agent: &["--protocol-v2", "--steer"], ..Setup::default() });
    let session = agent.session();
    let steps = json!([{ "tool": "Bash", "input": { "command": "ls" }, "ask": true }, { "text": "listed" }]);
    agent.prompt(&session, &script(steps));
    let (_, request) = agent.next_request(0);
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
    assert_eq!(states(&agent.received[..=end]), ["running", "requires_action", "running", "idle end_turn"]);
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
    assert_eq!(states(&agent.received), ["running"], "the turn goes on");
    agent.cancel(&session);
    assert_eq!(agent.response(cancelled)["error"]["code"], -32800);
    let (end, update) = idle(&mut agent, 0);
    assert_eq!(update["stopReason"], "cancelled");
    // Neither was a part of the conversation.
    let messages = agent.received[..=end]
        .iter()
        .filter(|received| received["params"]["update"]["sessionUpdate"] == "user_message");
    assert_eq!(messages.count(), 1);
}
