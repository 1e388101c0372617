//! Invariant 1: what other programs write around a message changes nothing but the report of it.

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
    let output: Vec<u8> = sequence.inputs.iter().filter_map(|(_, input)| received(input)).flatten().copied().collect();
    let edits = edits(&output, sequence.config.limits.line, sequence.config.seed.as_bytes());
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
    let told = |actions: &[Action]| -> Vec<Action> {
        actions.iter().filter(|action| !matches!(action, Action::DamagedLine(_))).cloned().collect()
    };
    let whole = &case.trace;
    assert_eq!(told(&whole.actions), told(&damaged.actions));
    assert_eq!(whole.written, damaged.written);
    assert_eq!(whole.children, damaged.children);
    assert_eq!(whole.deadlines, damaged.deadlines);
    let reports = damaged.actions.len() - told(&damaged.actions).len();
    assert_eq!(protocol.stats().damaged, reports as u64);
    edits.len()
}

fn received<'i>(input: &'i Input<'_>) -> Option<&'i [u8]> {
    match input {
        Input::Receive(bytes) => Some(bytes),
        _ => None,
    }
}

/// What is put into the output, each with its place. Only around messages, and only as far as the line stays within its
/// limit.
fn edits(output: &[u8], limit: usize, picks: &[u8]) -> Vec<(usize, &'static [u8])> {
    let (mut edits, mut start) = (Vec::new(), 0);
    let mut picks = picks.iter().copied().cycle();
    for line in output.split_inclusive(|byte| *byte == b'\n') {
        let (from, end) = (start, start + line.len() - 1);
        start += line.len();
        let pick = picks.next().unwrap_or_default();
        // Blanks around an object are a part of a message, and of a damaged line they are what is dropped.
        let is_plain = line.starts_with(b"{") && (line.ends_with(b"}\n") || line.ends_with(b"}\r\n"));
        if !is_plain || line.len() + 64 > limit || Message::parse(line).is_err() {
            continue;
        }
        let noise = NOISE[usize::from(pick) % NOISE.len()];
        if pick & 64 == 0 {
            edits.push((from, noise));
        }
        if pick & 128 == 0 {
            edits.push((end, noise));
        }
    }
    edits
}

/// The bytes that stand at that place of the output, with what is put between them.
fn damage(bytes: &[u8], place: usize, edits: &[(usize, &'static [u8])]) -> Vec<u8> {
    let first = edits.partition_point(|(edit, _)| *edit < place);
    let mut edits = edits[first..].iter().peekable();
    let mut damaged = Vec::with_capacity(bytes.len());
    for (at, byte) in (place..).zip(bytes) {
        while let Some((_, noise)) = edits.next_if(|(edit, _)| *edit == at) {
            damaged.extend_from_slice(noise);
        }
        damaged.push(*byte);
    }
    damaged
}
