//! Permission requests: each option, and requests that are open at a cancellation.

use serde_json::{Value, json};

use crate::client::{Agent, Setup, calls, script};

fn touch() -> String {
    script(
        json!([{ "tool": "Bash", "input": { "command": "touch x", "description": "Create x" } }, { "text": "done" }]),
    )
}

/// Returns the state of the only call after a decision.
fn decided_call(kind: &str) -> (Value, Value) {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let prompt = agent.prompt(&session, &touch());
    let (_, request) = agent.next_request(0);
    assert_eq!(request["method"], "session/request_permission");
    agent.choose(&request, kind);
    let end = agent.response_at(prompt);
    let calls = calls(&agent.received[..end]);
    assert_eq!(calls.len(), 1, "{calls:#?}");
    (calls.into_values().next().expect("a call"), agent.received[end]["result"]["stopReason"].clone())
}

#[test]
fn allow_runs_the_call() {
    let (call, stop) = decided_call("allow_once");
    assert_eq!(
        (&call["status"], &call["title"], &call["kind"]),
        (&json!("completed"), &json!("touch x"), &json!("execute"))
    );
    assert_eq!(stop, "end_turn");
}

#[test]
fn reject_fails_the_call_and_the_turn_continues() {
    let (call, stop) = decided_call("reject_once");
    assert_eq!(call["status"], "failed");
    assert!(call["content"].to_string().contains("does not want this"), "{call}");
    assert_eq!(stop, "end_turn");
}

#[test]
fn a_permission_request_describes_the_tool_call() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    agent.prompt(&session, &touch());
    let (at, request) = agent.next_request(0);
    let params = &request["params"];
    assert_eq!(params["sessionId"], *session);
    assert_eq!(params["toolCall"]["title"], "touch x");
    assert_eq!(params["toolCall"]["rawInput"]["command"], "touch x");
    let call = params["toolCall"]["toolCallId"].as_str().expect("an id");
    assert!(calls(&agent.received[..at]).contains_key(call), "the call was announced before");
}

#[test]
fn cancel_withdraws_an_open_permission_request() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let prompt = agent.prompt(&session, &touch());
    let (at, request) = agent.next_request(0);
    agent.cancel(&session);
    let end = agent.response_at(prompt);
    assert_eq!(agent.received[end]["result"]["stopReason"], "cancelled");
    let taken = agent.until(at, "its cancellation", |received| received["method"] == "$/cancel_request");
    assert_eq!(agent.received[taken]["params"]["requestId"], request["id"]);
    // The late response of a client disturbs nothing.
    agent.respond(&request, json!({ "outcome": { "outcome": "cancelled" } }));
    let prompt = agent.prompt(&session, &script(json!([{ "text": "BBB" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
}

#[test]
fn a_cancelled_request_stops_the_turn() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let prompt = agent.prompt(&session, &touch());
    let (_, request) = agent.next_request(0);
    agent.respond(&request, json!({ "outcome": { "outcome": "cancelled" } }));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "cancelled");
}

#[test]
fn a_client_without_permission_requests_allows_nothing() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let prompt = agent.prompt(&session, &touch());
    let (_, request) = agent.next_request(0);
    let error = json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": -32601, "message": "not here" } });
    agent.write(&error.to_string());
    let end = agent.response_at(prompt);
    let call = calls(&agent.received[..end]).into_values().next().expect("a call");
    assert_eq!(call["status"], "failed");
    assert!(call["content"].to_string().contains("not here"), "{call}");
}

#[test]
fn a_waiting_session_does_not_delay_others() {
    let mut agent = Agent::start(&Setup::default());
    let (first, second) = (agent.session(), agent.session());
    let prompted = agent.prompt(&first, &touch());
    let (_, request) = agent.next_request(0);
    let third = agent.session();
    for session in [&second, &third] {
        let prompt = agent.prompt(session, &script(json!([{ "text": "hello" }])));
        assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
    }
    agent.choose(&request, "allow_once");
    assert_eq!(agent.response(prompted)["result"]["stopReason"], "end_turn");
}
