//! Snapshots that are damaged, cut off or foreign: an error with a name, never a panic, and never a session.

use claude_duplex::{
    Config, Decision, IncomingKind, Priority, Prompt, Protocol, Request, Seed, SessionTime, Snapshot, SnapshotError,
};

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s","model":"m","claude_code_version":"2.1.332"}"#;
const PERMISSION: &str = r#"{"type":"control_request","request_id":"r","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}}}"#;

/// Returns a session with an open permission request, prompts, a request, unread actions and a line that has not ended.
pub(super) fn rich() -> Protocol {
    let config = Config::new(Seed::from_bytes([4; 16])).handle(IncomingKind::Permission);
    let mut protocol = Protocol::new(config, SessionTime::from_nanos(5));
    let now = SessionTime::from_nanos(1_000_000_007);
    protocol.request(now, Request::initialize()).expect("there is room");
    protocol.prompt(now, "first").expect("there is room");
    protocol.prompt(now, Prompt::text("second \u{e9}").priority(Priority::Later)).expect("there is room");
    protocol.sent(now, 20);
    let bytes = [INIT.as_bytes(), b"\n", PERMISSION.as_bytes(), b"\nnoise \xff\n{\"type\":\"assis"].concat();
    protocol.receive(now, &bytes);
    protocol.stderr(now, b"a warning\n");
    protocol
}

fn restore(text: &[u8]) -> Result<Protocol, SnapshotError> {
    Protocol::restore(&Snapshot::read(text)?)
}

fn place(text: &[u8], part: &str) -> usize {
    text.windows(part.len()).position(|at| at == part.as_bytes()).unwrap_or_else(|| panic!("no {part}"))
}

#[test]
fn each_changed_byte_is_detected() {
    let text = serde_json::to_vec(&rich().snapshot()).expect("JSON");
    // The version is for people: it decides nothing.
    let version = place(&text, "\"version\":")..place(&text, "\"sum\":");
    let mut found = 0;
    for at in (0..text.len()).filter(|at| !version.contains(at)) {
        for byte in [text[at] ^ 1, text[at] ^ 32, b'0', b'"', b'{', b' '] {
            let mut damaged = text.clone();
            damaged[at] = byte;
            match restore(&damaged) {
                Ok(restored) => assert!(byte == text[at], "at {at}: {restored:?}"),
                Err(_) => found += 1,
            }
        }
    }
    assert!(found > 4 * text.len(), "{found} of {}", text.len());
}

#[test]
fn a_truncated_snapshot_is_detected_at_every_byte() {
    let text = serde_json::to_vec(&rich().snapshot()).expect("JSON");
    for end in 0..text.len() {
        assert_eq!(restore(&text[..end]).map(drop), Err(SnapshotError::NotASnapshot), "at {end}");
    }
    assert!(restore(&text).is_ok());
}

#[test]
fn another_document_and_another_format_have_their_own_errors() {
    for text in ["", "{}", "[]", "null", r#"{"journal":"claude-duplex","format":1}"#] {
        assert_eq!(restore(text.as_bytes()).map(drop), Err(SnapshotError::NotASnapshot), "{text}");
    }
    let text = serde_json::to_string(&rich().snapshot()).expect("JSON");
    let newer = text.replacen("\"format\":1", "\"format\":99", 1);
    let error = restore(newer.as_bytes()).map(drop).expect_err("it is newer");
    assert!(matches!(&error, SnapshotError::OtherFormat { found: 99, .. }), "{error}");
    let other = text.replacen("claude-duplex", "claude-simplex", 1);
    assert_eq!(restore(other.as_bytes()).map(drop), Err(SnapshotError::NotASnapshot));
}

/// Returns the snapshot with a part of its state replaced, and the checksum that it should have.
fn forged(text: &str, from: &str, to: &str) -> Vec<u8> {
    let (head, state) = text.split_once("\"state\":").expect("the state");
    let state = state.strip_suffix('}').expect("the end of the document");
    assert!(state.contains(from), "{from}");
    let state = state.replacen(from, to, 1);
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let sum = state.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, fold);
    let before = place(head.as_bytes(), "\"sum\":\"");
    format!("{}\"sum\":\"{sum:016x}\",\"state\":{state}}}", &head[..before]).into_bytes()
}

#[test]
fn an_impossible_state_is_refused() {
    let text = serde_json::to_string(&rich().snapshot()).expect("JSON");
    assert!(restore(&forged(&text, "\"failed\":false", "\"failed\":true")).is_ok(), "the forger knows the checksum");
    for (from, to) in [
        ("\"handed_out\":0", "\"handed_out\":18446744073709551615"),
        ("\"last_turn\":1", "\"last_turn\":18446744073709551615"),
        ("\"failed\":false", "\"failed\":0"),
        ("\"failed\":false,", ""),
        ("\"settled\":false", "\"settled\":false,\"settled\":true"),
        ("{\\\"type\\\":\\\"control_request", "{\\\"tpe\\\":\\\"control_request"),
        ("\"seed\":[4,", "\"seed\":[5,"),
    ] {
        let error = restore(&forged(&text, from, to)).map(drop).expect_err(from);
        assert!(matches!(error, SnapshotError::Damaged { .. }), "{from}: {error}");
    }
}

/// A restored permission request waits for the host, as it did before: nothing is granted.
#[test]
fn a_damaged_snapshot_never_answers_an_open_permission_request() {
    let mut restored = restore(&serde_json::to_vec(&rich().snapshot()).expect("JSON")).expect("it is whole");
    let unsent = restored.poll_transmit().to_vec();
    assert_eq!(unsent, rich().poll_transmit());
    assert!(!String::from_utf8_lossy(&unsent).contains("control_response"));
    let open: Vec<_> = restored.open_incoming().map(|request| request.id()).collect();
    let now = restored.now();
    restored.respond(now, open[0], Decision::deny("no")).expect("it is open");
    assert!(restored.respond(now, open[0], Decision::allow()).is_err(), "it is over");
}
