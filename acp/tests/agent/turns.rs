//! Responses to prompts: one each, after the last update of the turn.

use serde_json::{Value, json};

use crate::client::{Agent, Setup, script};

fn stop(response: &Value) -> &str {
    response["result"]["stopReason"].as_str().unwrap_or_else(|| panic!("no reason: {response}"))
}

#[test]
fn text_is_streamed_before_the_response_to_its_prompt() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let from = agent.received.len();
    let prompt = agent.prompt(&session, &script(json!([{ "think": "hm", "text": "one two three", "chunks": 3 }])));
    let end = agent.response_at(prompt);
    assert_eq!(stop(&agent.received[end]), "end_turn");
    assert_eq!(agent.text(from, end), "one two three");
    let chunks = agent.received[from..end].iter().map(|received| &received["params"]["update"]["sessionUpdate"]);
    assert!(chunks.filter(|kind| **kind == "agent_message_chunk").count() > 1, "it comes in parts");
    let (_, thought) = agent.update(from, "agent_thought_chunk");
    assert_eq!(thought["content"]["text"], "hm");
    // A second turn of the same session.
    let from = agent.received.len();
    let prompt = agent.prompt(&session, &script(json!([{ "text": "again" }])));
    let end = agent.response_at(prompt);
    assert_eq!((stop(&agent.received[end]), &*agent.text(from, end)), ("end_turn", "again"));
    assert_eq!(agent.finish(), Some(0));
}

/// Checks that the text of each of three prompts comes before the response to the prompt.
fn check_three_prompts(setup: &Setup<'_>) {
    let mut agent = Agent::start(setup);
    let session = agent.session();
    let slow = json!([{ "text": "A A A A A A A A ", "chunks": 8, "delay_ms": 50 }]);
    let first = agent.prompt(&session, &script(slow));
    agent.update(0, "agent_message_chunk");
    let second = agent.prompt(&session, &script(json!([{ "text": "BBB" }])));
    let third = agent.prompt(&session, &script(json!([{ "text": "CCC" }])));
    let ends = [first, second, third].map(|prompt| agent.response_at(prompt));
    for end in ends {
        assert_eq!(stop(&agent.received[end]), "end_turn");
    }
    assert!(agent.text(0, ends[0]).contains("A A A A A A A A "), "{:?}", agent.text(0, ends[0]));
    assert!(ends[0] < ends[1] && ends[1] < ends[2], "{ends:?}");
    // Nothing of a turn comes after the response to the last of its prompts.
    assert!(agent.text(0, ends[2]).ends_with("CCC"));
    if !setup.agent.contains(&"--steer") {
        assert_eq!(agent.text(ends[0], ends[1]), "BBB");
        assert_eq!(agent.text(ends[1], ends[2]), "CCC");
    }
    // Merged prompts have one text, and each response comes after it.
    let received = agent.text(0, ends[1]);
    assert!(
        received.contains("BBB") || received.contains("CCC"),
        "the response to the second prompt comes before any text: {received}"
    );
}

#[test]
fn prompts_wait_for_their_turn() {
    check_three_prompts(&Setup::default());
    check_three_prompts(&Setup { cli: &["--generation", "2.1.143"], ..Setup::default() });
}

#[test]
fn merged_prompts_get_their_responses_after_their_text() {
    check_three_prompts(&Setup { agent: &["--steer"], ..Setup::default() });
    check_three_prompts(&Setup { agent: &["--steer"], cli: &["--generation", "2.1.143"], ..Setup::default() });
}

#[test]
fn a_prompt_folded_into_a_turn_ends_with_it() {
    let mut agent = Agent::start(&Setup { agent: &["--steer"], ..Setup::default() });
    let session = agent.session();
    // The call runs until the second prompt is there: the permission decision comes after it.
    let steps = json!([{ "tool": "Bash", "input": { "command": "ls" }, "ask": true }, { "text": "listed" }]);
    let first = agent.prompt(&session, &script(steps));
    let (_, request) = agent.next_request(0);
    let second = agent.prompt(&session, &script(json!([{ "text": ", briefly" }])));
    // The agent deals with a session's requests in their order.
    let set = agent.request("session/set_mode", json!({ "sessionId": session, "modeId": "default" }));
    agent.response(set);
    agent.choose(&request, "allow_once");
    let ends = [first, second].map(|prompt| agent.response_at(prompt));
    for end in ends {
        assert_eq!(stop(&agent.received[end]), "end_turn");
        assert_eq!(agent.text(0, end), "listed, briefly");
    }
}

#[test]
fn cancel_ends_the_turn_and_queued_prompts() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let slow = json!([{ "text": "A ".repeat(200), "chunks": 200, "delay_ms": 100 }]);
    let first = agent.prompt(&session, &script(slow));
    agent.update(0, "agent_message_chunk");
    let second = agent.prompt(&session, "waits");
    agent.cancel(&session);
    // This response comes after the cancellation.
    let third = agent.prompt(&session, &script(json!([{ "text": "CCC" }])));
    for (prompt, reason) in [(first, "cancelled"), (second, "cancelled"), (third, "end_turn")] {
        assert_eq!(stop(&agent.response(prompt)), reason);
    }
    let end = agent.response_at(third);
    assert!(agent.text(0, end).ends_with("CCC"));
    assert!(!agent.text(0, end).contains("waits"));
}

#[test]
fn cancel_works_before_during_and_after_a_turn() {
    for version in ["1.0.128", "2.0.76", "2.1.143", "2.1.250", "2.1.329"] {
        cancel_at_once(version);
        cancel_in_a_stream(version);
    }
}

/// Checks that a turn is stopped by its cancellation, and not by its own end, 20 s later.
fn cancel_in_a_stream(version: &str) {
    let mut agent = Agent::start(&Setup { cli: &["--generation", version], ..Setup::default() });
    let session = agent.session();
    let slow = json!([{ "text": "A ".repeat(200), "chunks": 200, "delay_ms": 100 }]);
    let prompt = agent.prompt(&session, &script(slow));
    agent.update(0, "agent_message_chunk");
    agent.cancel(&session);
    let end = agent.response_at(prompt);
    assert_eq!(stop(&agent.received[end]), "cancelled", "{version}");
    assert!(agent.text(0, end).len() < 300, "{version}: it ran to its end");
}

fn cancel_at_once(version: &str) {
    let mut agent = Agent::start(&Setup { cli: &["--generation", version], ..Setup::default() });
    let session = agent.session();
    let slow = json!([{ "text": "A ".repeat(200), "chunks": 200, "delay_ms": 100 }]);
    let first = agent.prompt(&session, &script(slow));
    agent.cancel(&session);
    assert_eq!(stop(&agent.response(first)), "cancelled");
    let second = agent.prompt(&session, &script(json!([{ "text": "BBB" }])));
    assert_eq!(stop(&agent.response(second)), "end_turn");
}

#[test]
fn a_turn_of_the_cli_is_marked() {
    let setup = Setup { capabilities: json!({ "session": { "notices": {} } }), ..Setup::default() };
    let mut agent = Agent::start(&setup);
    let session = agent.session();
    let call = json!({ "command": "sleep 0.2; echo woke", "run_in_background": true });
    let steps = json!([{ "tool": "Bash", "input": call, "ask": false }, { "text": "started" }, { "text": "WOKEN" }]);
    let prompt = agent.prompt(&session, &script(steps));
    let end = agent.response_at(prompt);
    assert_eq!(agent.text(0, end), "started");
    agent.update(end, "notice");
    let (_, chunk) = agent.update(end, "agent_message_chunk");
    assert_eq!(chunk["_meta"]["claudeDuplex"]["turn"], "background", "{chunk}");
    let foreground = agent.received[..end].iter().map(|received| &received["params"]["update"]);
    assert!(foreground.filter(|update| !update["_meta"]["claudeDuplex"].is_null()).count() == 0);
}

#[test]
fn an_api_error_is_reported_with_its_text() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let steps = json!([{ "status": 529, "body": { "error": { "message": "no capacity today" } } }]);
    let prompt = agent.prompt(&session, &script(steps));
    let response = agent.response(prompt);
    assert!(response["error"]["message"].as_str().unwrap_or_default().contains("no capacity today"), "{response}");
    let prompt = agent.prompt(&session, &script(json!([{ "text": "fine" }])));
    assert_eq!(stop(&agent.response(prompt)), "end_turn");
}

#[test]
fn the_turn_limit_has_its_own_stop_reason() {
    let mut agent = Agent::start(&Setup { cli: &["--max-turns", "1"], ..Setup::default() });
    let session = agent.session();
    let steps = json!([{ "tool": "Bash", "input": { "command": "ls" }, "ask": false }, { "text": "done" }]);
    let prompt = agent.prompt(&session, &script(steps));
    assert_eq!(stop(&agent.response(prompt)), "max_turn_requests");
}
