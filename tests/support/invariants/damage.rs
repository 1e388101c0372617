//! Invariant 1: what other programs write around a message changes nothing but the report of it, nor does a line end that is
//! missing between two messages.

use std::borrow::Cow;

use claude_duplex::{Action, Input, Message};

use super::Case;
use crate::sequence::Trace;

/// What is written before a message, or behind it.
const NOISE: [&[u8]; 8] = [
    b"\x1b[H",
    b"\xef\xbb\xbf",
    b"\x1b[2J\x1b[3J\x1b[H",
    b"\x1b]0;{\"a title\"}\x07",
    b"\x1b(B",
    b"\0",
    b"\t\x1b[?2004h ",
    b"\x1b[31m\x1b[0m",
];

/// Counts the places that were damaged.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let (mut output, mut ends) = (Vec::new(), Vec::new());
    for bytes in sequence.inputs.iter().filter_map(|(_, input)| received(input)) {
        output.extend_from_slice(bytes);
        ends.push(output.len());
    }
    let edits = edits(&output, &ends, sequence.config.limits.line, sequence.config.seed.as_bytes());
    if edits.is_empty() {
        return 0;
    }
    let (mut protocol, mut damaged) = (sequence.begin(), Trace::default());
    let mut place = 0;
    for (now, input) in &sequence.inputs {
        let input = match received(input) {
            Some(bytes) => {
                let start = place;
                place += bytes.len();
                Input::Receive(Cow::Owned(damage(bytes, start, &edits)))
            }
            None => input.clone(),
        };
        damaged.apply(&mut protocol, *now, input);
        damaged.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
    }
    let reported = |actions: &[Action]| -> Vec<Action> {
        let is_report = |action: &&Action| matches!(action, Action::DamagedLine(_) | Action::WireLine(_));
        actions.iter().filter(|action| !is_report(action)).cloned().collect()
    };
    let whole = &case.trace;
    assert_eq!(reported(&whole.actions), reported(&damaged.actions));
    assert_eq!(whole.written, damaged.written);
    assert_eq!(whole.children, damaged.children);
    assert_eq!(whole.deadlines, damaged.deadlines);
    let reports = damaged.actions.iter().filter(|action| matches!(action, Action::DamagedLine(_))).count();
    assert_eq!(protocol.stats().damaged, reports as u64);
    edits.len()
}

fn received<'i>(input: &'i Input<'_>) -> Option<&'i [u8]> {
    match input {
        Input::Receive(bytes) => Some(bytes),
        _ => None,
    }
}

/// A change of the output at a place.
enum Edit {
    Insert(&'static [u8]),
    /// The line end there is missing.
    Join,
}

/// What is changed in the output, each with its place. Only around messages, and only as far as the line stays within its
/// limit. Two messages are joined if their line ends came in one input; `ends` says where each input ends.
fn edits(output: &[u8], ends: &[usize], limit: usize, picks: &[u8]) -> Vec<(usize, Edit)> {
    let (mut edits, mut start) = (Vec::new(), 0);
    let mut picks = picks.iter().copied().cycle();
    // Blanks around an object are a part of a message, and of a damaged line they are what is dropped.
    let is_plain = |line: &[u8]| {
        let is_object = line.starts_with(b"{") && (line.ends_with(b"}\n") || line.ends_with(b"}\r\n"));
        is_object && line.len() + 64 <= limit && Message::parse(line).is_ok()
    };
    let input_of = |place: usize| ends.partition_point(|end| *end <= place);
    let mut is_joined = false;
    let mut lines = output.split_inclusive(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let (from, end) = (start, start + line.len() - 1);
        start += line.len();
        let pick = picks.next().unwrap_or_default();
        let next = lines.peek().filter(|next| is_plain(next) && line.len() + next.len() + 64 <= limit);
        let next = next.filter(|next| input_of(end) == input_of(end + next.len()));
        if std::mem::take(&mut is_joined) || !is_plain(line) {
            continue;
        }
        if pick & 32 == 0 && next.is_some() {
            is_joined = true;
            edits.push((end, Edit::Join));
            continue;
        }
        let noise = NOISE[usize::from(pick) % NOISE.len()];
        if pick & 64 == 0 {
            edits.push((from, Edit::Insert(noise)));
        }
        if pick & 128 == 0 {
            edits.push((end, Edit::Insert(noise)));
        }
    }
    edits
}

/// The bytes that stand at that place of the output, with what is changed there.
fn damage(bytes: &[u8], place: usize, edits: &[(usize, Edit)]) -> Vec<u8> {
    let first = edits.partition_point(|(edit, _)| *edit < place);
    let mut edits = edits[first..].iter().peekable();
    let mut damaged = Vec::with_capacity(bytes.len());
    for (at, byte) in (place..).zip(bytes) {
        let mut is_missing = false;
        while let Some((_, edit)) = edits.next_if(|(edit, _)| *edit == at) {
            match edit {
                Edit::Insert(noise) => damaged.extend_from_slice(noise),
                Edit::Join => is_missing = true,
            }
        }
        if !is_missing {
            damaged.push(*byte);
        }
    }
    damaged
}
