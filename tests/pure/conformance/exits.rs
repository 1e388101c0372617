//! Errors at the exit: cases 140 to 149.
//!
//! The CLI exits with 1 after an error result, which is no crash: the end of the session says what the result said.

use claude_duplex::{Action, CloseReason, Exit, LostReason, Outcome, RequestError, SessionClosed};
use serde_json::{Value, json};

use super::host::{Host, assistant, init, outcome, state, success};

fn failed(fields: Value) -> String {
    let mut result = json!({ "type": "result", "subtype": "error_during_execution", "is_error": true });
    let (Value::Object(result_fields), Value::Object(fields)) = (&mut result, fields) else { panic!("objects") };
    result_fields.extend(fields);
    result.to_string()
}

/// The end of a session whose CLI said these lines in answer to a prompt, and exited with 1.
fn end(lines: &[String]) -> SessionClosed {
    let mut host = Host::new();
    host.prompt("go");
    host.receive_line(init());
    for line in lines {
        host.receive_line(line);
    }
    host.exits(Exit::Code(1))
}

fn error(line: String) -> Option<String> {
    end(&[line]).last_error
}

#[test]
fn case_140_the_end_contains_the_error_text_and_the_exit_code() {
    let closed = end(&[failed(json!({ "errors": ["out of credit"] }))]);
    assert_eq!(closed.last_error.as_deref(), Some("out of credit"));
    assert_eq!((closed.exit, closed.reason), (Some(Exit::Code(1)), CloseReason::Exited));
}

#[test]
fn case_141_a_success_with_is_error_is_reported_with_its_text() {
    let line =
        json!({ "type": "result", "subtype": "success", "is_error": true, "result": "API Error: 529", "errors": [] });
    assert_eq!(error(line.to_string()).as_deref(), Some("API Error: 529"));
}

#[test]
fn case_142_an_api_error_without_a_text_is_reported_with_its_status() {
    let line =
        json!({ "type": "result", "subtype": "success", "is_error": true, "result": " ", "api_error_status": 529 });
    assert_eq!(error(line.to_string()).as_deref(), Some("API error (HTTP 529)"));
}

#[test]
fn case_143_blank_and_malformed_errors_are_ignored() {
    assert_eq!(error(failed(json!({ "errors": ["", " "] }))).as_deref(), Some("error_during_execution"));
    assert_eq!(error(failed(json!({ "errors": "only a text" }))).as_deref(), Some("only a text"));
    for junk in [json!(7), json!({ "a": 1 }), json!([1, {}, null]), json!(null)] {
        assert_eq!(error(failed(json!({ "errors": junk }))).as_deref(), Some("error_during_execution"), "{junk}");
    }
    assert_eq!(error(failed(json!({ "errors": [5, "text"] }))).as_deref(), Some("text"));
}

#[test]
fn case_144_several_errors_are_joined() {
    assert_eq!(error(failed(json!({ "errors": ["one", "two"] }))).as_deref(), Some("one; two"));
}

#[test]
fn case_145_without_an_error_result_the_exit_is_the_cause() {
    assert_eq!(end(&[]).last_error, None);
    assert_eq!(end(&[success().into()]).last_error, None);
    let closed = end(&[failed(json!({ "errors": ["first"] })), init().into(), success().into()]);
    assert_eq!((closed.last_error, closed.exit), (None, Some(Exit::Code(1))));
}

#[test]
fn case_146_messages_outside_of_a_turn_keep_the_last_error() {
    let task = json!({ "type": "system", "subtype": "task_updated", "task_id": "t" }).to_string();
    for line in [state("idle"), task, r#"{"type":"keep_alive"}"#.into(), r#"{"type":"new"}"#.into()] {
        let closed = end(&[failed(json!({ "errors": ["kept"] })), line]);
        assert_eq!(closed.last_error.as_deref(), Some("kept"));
    }
}

#[test]
fn case_147_a_later_turn_clears_the_last_error() {
    let delta = json!({ "type": "stream_event", "event": { "type": "message_start" }, "parent_tool_use_id": null });
    for line in [init().to_owned(), assistant("more"), delta.to_string()] {
        let closed = end(&[failed(json!({ "errors": ["old"] })), line.clone()]);
        assert_eq!(closed.last_error, None, "{line}");
    }
}

#[test]
fn case_148_an_end_with_another_cause_keeps_its_cause() {
    let mut host = Host::new();
    host.prompt("go");
    host.receive_line(init());
    host.receive_line(&failed(json!({ "errors": ["x"] })));
    host.protocol.send_failed(host.now);
    while host.times_out().is_some() {}
    let Some(Action::Closed(closed)) = host.actions().pop() else { panic!("it is not over") };
    assert_eq!((closed.reason, closed.exit), (CloseReason::SendFailed, None));
}

#[test]
fn case_149_read_messages_are_delivered_after_the_end_and_waiters_are_woken() {
    let mut host = Host::new();
    let prompt = host.prompt("go");
    let request = host.protocol.request(host.now, claude_duplex::Request::new("mcp_status")).expect("it is open");
    for line in [init().to_owned(), assistant("one"), assistant("two")] {
        host.protocol.receive(host.now, format!("{line}\n").as_bytes());
    }
    host.protocol.eof(host.now);
    host.protocol.stderr_eof(host.now);
    host.protocol.exited(host.now, Exit::Signal(9));
    let actions = host.actions();
    assert_eq!(super::host::messages(&actions).len(), 3);
    assert_eq!(outcome(&actions, prompt), Some(Outcome::Lost(LostReason::Eof)));
    let replied = |action: &&Action| matches!(action, Action::ResponseReceived { request: of, .. } if *of == request);
    let Some(Action::ResponseReceived { response: reply, .. }) = actions.iter().find(replied) else {
        panic!("{actions:?}")
    };
    assert!(matches!(reply, Err(RequestError::Lost(LostReason::Eof))));
    assert!(matches!(actions.last(), Some(Action::Closed(_))));
}
