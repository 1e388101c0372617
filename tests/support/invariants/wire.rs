//! Invariant 3, of lines that are reported: they are the lines of the pipes, and to report them changes nothing else.

use claude_duplex::{Action, Direction, Input};

use super::Case;
use crate::sequence::Trace;

pub(crate) fn judge(case: &Case) -> usize {
    let (plain, full) = (play(case, false), play(case, true));
    let is_raw = |action: &&Action| matches!(action, Action::StderrLine(_) | Action::WireLine(_));
    let others: Vec<&Action> = full.actions.iter().filter(|action| !is_raw(action)).collect();
    assert_eq!(others, plain.actions.iter().collect::<Vec<_>>());
    assert!(plain.actions.iter().filter(is_raw).count() == 0 && plain.written == full.written);
    let wire = |wanted| {
        full.actions.iter().filter_map(move |action| match action {
            Action::WireLine(line) if line.direction == wanted => Some(line),
            _ => None,
        })
    };
    let sent: Vec<u8> = wire(Direction::Sent).flat_map(|line| [&line.bytes, &b"\n"[..]].concat()).collect();
    assert!(sent.starts_with(&full.written), "what was written was reported");
    let stdout = lines(case, |input| if let Input::Receive(bytes) = input { Some(bytes) } else { None });
    let mut received = wire(Direction::Received).enumerate().peekable();
    let mut judged = 0;
    while let Some((at, line)) = received.next() {
        // The last may have been cut by the end, and one that is too long counts its carriage return.
        let more = line.length.checked_sub(stdout[at].len() as u64);
        let whole = more.is_some_and(|more| more <= 1) || received.peek().is_none();
        assert!(whole && stdout[at].starts_with(&line.bytes), "line {at}");
        judged += 1;
    }
    let stderr = lines(case, |input| if let Input::Stderr(bytes) = input { Some(bytes) } else { None });
    let mut reported = full.actions.iter().filter_map(|action| match action {
        Action::StderrLine(line) => Some(line),
        _ => None,
    });
    let limit = case.drained.config.limits.stderr_line;
    for line in &stderr {
        let Some(reported) = reported.next() else { break };
        judged += 1;
        if line.contains(&0) || reported.text.contains('\u{fffd}') {
            continue;
        }
        let start = &line[..line.len().min(limit)];
        assert!(start.starts_with(reported.text.as_bytes()), "{reported:?} of {}", line.escape_ascii());
        assert!(reported.omitted == 0 || reported.text.len() == limit, "{reported:?} of {}", line.escape_ascii());
    }
    assert_eq!(reported.next(), None, "it was never written");
    judged
}

fn play(case: &Case, raw: bool) -> Trace {
    let mut sequence = case.drained.clone();
    (sequence.config.stderr_lines, sequence.config.wire_lines) = (raw, raw);
    sequence.play()
}

/// The lines of a stream, without their ends.
fn lines(case: &Case, of: impl for<'a> Fn(&'a Input<'static>) -> Option<&'a [u8]>) -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = case.drained.inputs.iter().filter_map(|(_, input)| of(input)).flatten().copied().collect();
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect()
}
