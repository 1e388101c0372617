//! Invariant 3: all output together is whole lines, each a JSON object; only the last may be cut, and `SessionClosed` says so.

use claude_duplex::Action;
use serde_json::{Map, Value};

use super::Case;

pub(crate) fn judge(case: &Case) -> usize {
    let trace = &case.drained_trace;
    let lines: Vec<&[u8]> = trace.written.split_inclusive(|byte| *byte == b'\n').collect();
    for (at, line) in lines.iter().enumerate() {
        let Some(text) = line.strip_suffix(b"\n") else {
            assert_eq!(at + 1, lines.len(), "a line is cut and others follow");
            continue;
        };
        let object: Result<Map<String, Value>, _> = serde_json::from_slice(text);
        assert!(object.is_ok(), "{}", text.escape_ascii());
        assert!(!text.iter().any(|byte| matches!(byte, b'\n' | b'\r')), "{}", text.escape_ascii());
    }
    let cut = lines.last().is_some_and(|line| !line.ends_with(b"\n"));
    let closed = trace.actions.iter().find_map(|action| match action {
        Action::Closed(closed) => Some(closed),
        _ => None,
    });
    assert_eq!(closed.expect("a drained sequence is closed").cut_input, cut);
    lines.len()
}
