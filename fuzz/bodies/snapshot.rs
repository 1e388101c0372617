//! Any JSON as the state of a snapshot, with the checksum that belongs to it: it is refused with a reason, or it is a session
//! whose own snapshot gives the same session, for as long as it goes on.

use claude_duplex::{Action, Decision, Exit, Input, Protocol, SessionTime, Snapshot};

/// Lines of the CLI for a session that goes on.
const OUTPUT: &[&[u8]] = &[
    b"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\",\"model\":\"m\"}\n",
    b"{\"type\":\"control_request\",\"request_id\":\"r\",\"request\":{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\",\"input\":{}}}\n",
    b"{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"done\"}\n",
    b"{\"type\":\"assis",
];

pub(crate) fn body(data: &[u8]) {
    let Ok(state) = std::str::from_utf8(data) else { return };
    let state = state.trim_matches([' ', '\t', '\r', '\n']);
    let document = format!(
        r#"{{"snapshot":"claude-duplex","format":1,"version":"","sum":"{:016x}","state":{state}}}"#,
        sum(state)
    );
    let restored = Snapshot::read(document.as_bytes()).and_then(|snapshot| Protocol::restore(&snapshot));
    let mut one = match restored {
        Ok(session) => session,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut other = through(&one);
    for number in 0..OUTPUT.len() + 4 {
        assert_eq!(step(&mut one, number), step(&mut other, number), "after {number} steps");
    }
    through(&one);
}

/// Does one thing to a session, the same for the same session. Returns all that the session has for its host then.
fn step(session: &mut Protocol, number: usize) -> (Vec<Action>, Vec<u8>, Option<SessionTime>) {
    let due = session.poll_timeout().map_or(session.now(), |(due, _)| due.max(session.now()));
    let open: Vec<_> = session.open_incoming().map(|request| request.id()).collect();
    let input = match number.checked_sub(OUTPUT.len()) {
        None => Input::Receive(OUTPUT[number].into()),
        Some(0) => Input::Sent(session.poll_transmit().len()),
        Some(1) => Input::Timeout,
        Some(2) => Input::Close,
        Some(_) => Input::Exited(Exit::Code(0)),
    };
    for id in open {
        let now = session.now();
        let _ = session.respond(now, id, Decision::deny("no"));
    }
    session.apply(due, input);
    let actions = std::iter::from_fn(|| session.poll_action()).collect();
    (actions, session.poll_transmit().to_vec(), session.poll_timeout().map(|(due, _)| due))
}

/// Returns the session of a session's snapshot.
fn through(session: &Protocol) -> Protocol {
    let snapshot = session.snapshot();
    let restored = Protocol::restore(&snapshot).expect("the snapshot of a session is one");
    assert_eq!(restored.snapshot(), snapshot);
    restored
}

/// Returns the checksum of a state, as the library writes it.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
