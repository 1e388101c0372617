//! Incoming requests that the CLI withdraws: cases 85 to 87.

use claude_duplex::incoming::hook::HookOutput;
use claude_duplex::{Action, CancelledReason, IncomingResponse, RespondError};
use serde_json::{Value, json};

use super::host::{Host, owner};

fn hook() -> Value {
    json!({ "subtype": "hook_callback", "callback_id": "h", "input": { "hook_event_name": "Stop" } })
}

fn cancel(id: &str) -> String {
    json!({ "type": "control_cancel_request", "request_id": id }).to_string()
}

#[test]
fn case_085_a_withdrawn_request_is_reported_and_gets_no_response() {
    let mut host = Host::with(owner());
    let (incoming_request, other) = (host.request_from_cli("ask-1", hook()), host.request_from_cli("ask-2", hook()));
    let actions = host.receive_line(&cancel("ask-1"));
    let [Action::IncomingCancelled { id, reason: CancelledReason::Cli, .. }] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(*id, incoming_request.id());
    let late = IncomingResponse::from(HookOutput::new());
    assert_eq!(host.protocol.respond(host.now, incoming_request.id(), late), Err(RespondError::Stale));
    assert_eq!(host.written(), [] as [Value; 0]);
    assert_eq!(host.payload(&other, HookOutput::new()), json!({}));
}

#[test]
fn case_086_a_withdrawal_of_an_unknown_request_is_ignored() {
    let mut host = Host::with(owner());
    let incoming_request = host.request_from_cli("ask-1", hook());
    for line in [cancel("ask-2"), r#"{"type":"control_cancel_request"}"#.to_owned()] {
        assert!(matches!(&host.receive_line(&line)[..], [Action::UnmatchedResponse(_)]), "{line}");
    }
    assert_eq!(host.written(), [] as [Value; 0]);
    assert_eq!(host.payload(&incoming_request, HookOutput::new()), json!({}));
}

#[test]
fn case_087_an_answered_request_cannot_be_withdrawn() {
    let mut host = Host::with(owner());
    let incoming_request = host.request_from_cli("ask-1", hook());
    host.answers(&incoming_request, HookOutput::new());
    host.actions();
    assert!(matches!(&host.receive_line(&cancel("ask-1"))[..], [Action::UnmatchedResponse(_)]));
    // Its id may come again.
    let again = host.request_from_cli("ask-1", hook());
    assert_ne!(again.id(), incoming_request.id());
    assert_eq!(host.payload(&again, HookOutput::new()), json!({}));
}
