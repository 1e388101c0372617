//! `Timeouts::stall`: from when the silence of the CLI counts, and when it is told.

use std::time::Duration;

use claude_duplex::{Action, Config, Deadline, Decision, IncomingKind, Protocol, Request, Seed, SessionTime};
use serde_json::{Value, json};

fn at(seconds: u64) -> SessionTime {
    SessionTime::from(Duration::from_secs(seconds))
}

/// A session that tells of a silence of 5 seconds.
fn session() -> Protocol {
    let mut config = Config::new(Seed::from_bytes([3; 16])).handle(IncomingKind::Permission);
    config.timeouts.stall = Some(Duration::from_secs(5));
    (config.timeouts.request, config.timeouts.interrupt) = (None, None);
    Protocol::new(config, SessionTime::ZERO)
}

fn say(protocol: &mut Protocol, now: u64, line: &Value) -> Vec<Action> {
    protocol.receive(at(now), format!("{line}\n").as_bytes());
    std::iter::from_fn(|| protocol.poll_action()).collect()
}

fn due(protocol: &Protocol) -> Option<SessionTime> {
    protocol.poll_timeout().filter(|(_, reason)| *reason == Deadline::Stall).map(|(due, _)| due)
}

fn stalls(protocol: &mut Protocol, now: u64) {
    protocol.handle_timeout(at(now));
    assert!(
        std::iter::from_fn(|| protocol.poll_action())
            .any(|action| matches!(action, Action::DeadlineExceeded { deadline: Deadline::Stall, .. }))
    );
    assert_eq!(due(protocol), None, "it is told once");
}

#[test]
fn idle_time_does_not_count_as_silence() {
    let mut protocol = session();
    say(&mut protocol, 1, &json!({ "type": "system", "subtype": "status" }));
    assert_eq!(due(&protocol), None);
    protocol.prompt(at(9), "hello").unwrap();
    assert_eq!(due(&protocol), Some(at(14)));
    say(&mut protocol, 12, &json!({ "type": "system", "subtype": "init", "session_id": "s" }));
    assert_eq!(due(&protocol), Some(at(17)));
}

/// A dead CLI is told again after each thing that it is given, and not put off by it.
#[test]
fn a_command_after_a_reported_silence_restarts_the_count() {
    let mut protocol = session();
    let request = Request::new("mcp_status").timeout(Duration::from_secs(20));
    protocol.request(at(0), request).unwrap();
    stalls(&mut protocol, 5);
    protocol.handle_timeout(at(20));
    protocol.prompt(at(30), "hello").unwrap();
    assert_eq!(due(&protocol), Some(at(35)));
    protocol.prompt(at(33), "another").unwrap();
    assert_eq!(due(&protocol), Some(at(35)), "what it owes since before counts from then");
    stalls(&mut protocol, 35);
    protocol.interrupt(at(40), claude_duplex::Interrupt::running()).unwrap();
    assert_eq!(due(&protocol), Some(at(45)));
}

#[test]
fn a_message_next_to_a_keep_alive_ends_the_silence() {
    let keep_alive = r#"{"type":"keep_alive"}"#;
    for (beside, expected) in [(r#"{"type":"system","subtype":"status"}"#, 8), (keep_alive, 5), ("\u{1b}[H", 5)] {
        let mut protocol = session();
        protocol.prompt(at(0), "hello").unwrap();
        protocol.receive(at(3), format!("{keep_alive}{beside}\n").as_bytes());
        assert_eq!(due(&protocol), Some(at(expected)), "{beside:?}");
    }
}

#[test]
fn a_keep_alive_in_any_chunks_does_not_end_the_silence() {
    let mut protocol = session();
    protocol.prompt(at(0), "hello").unwrap();
    let line = b"{\"type\":\"keep_alive\"}\n";
    protocol.receive(at(3), line);
    assert_eq!(due(&protocol), Some(at(5)));
    protocol.receive(at(3), &line[..9]);
    assert_eq!(due(&protocol), Some(at(8)), "it may become anything");
    protocol.receive(at(4), &line[9..]);
    assert_eq!(due(&protocol), Some(at(5)));
    stalls(&mut protocol, 5);
    protocol.receive(at(6), line);
    assert_eq!(due(&protocol), None);
    // A long line that comes slowly is no silence.
    protocol.receive(at(7), b"{\"type\":");
    protocol.receive(at(9), b"\"x\"}\n");
    assert_eq!(due(&protocol), Some(at(14)));
}

#[test]
fn time_of_a_pending_host_response_is_not_silence() {
    let mut protocol = session();
    protocol.prompt(at(0), "hello").unwrap();
    let incoming = json!({ "type": "control_request", "request_id": "a",
        "request": { "subtype": "can_use_tool", "tool_name": "Bash", "input": {} } });
    let Some(Action::IncomingRequest(incoming)) = say(&mut protocol, 2, &incoming).pop() else { panic!("not asked") };
    assert_eq!(due(&protocol), None);
    // A reply is due whether the host answers or not.
    protocol.request(at(10), Request::new("mcp_status").id("r")).unwrap();
    assert_eq!(due(&protocol), Some(at(15)));
    say(
        &mut protocol,
        11,
        &json!({ "type": "control_response", "response": { "subtype": "success", "request_id": "r" } }),
    );
    assert_eq!(due(&protocol), None);
    protocol.respond(at(60), incoming.id(), Decision::allow()).unwrap();
    assert_eq!(due(&protocol), Some(at(65)));
}
