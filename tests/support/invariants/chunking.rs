//! Invariant 1: between two other inputs, any split of the same bytes at one time gives the same actions and output.

use std::borrow::Cow;

use claude_duplex::Input;

use super::Case;
use crate::sequence::Trace;

/// How many bytes a part may have.
const SIZES: [usize; 8] = [1, 2, 3, 7, 16, 33, 64, 150];

/// Counts the cuts. An empty part stands at the end of each split.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    // The seed is as arbitrary as any other bytes, and it is at hand.
    let picks = sequence.config.seed.as_bytes().iter().cycle();
    let (mut protocol, mut parts, mut cuts) = (sequence.begin(), Trace::default(), 0);
    for ((now, input), pick) in sequence.inputs.iter().zip(picks) {
        let Input::Receive(bytes) = input else {
            parts.apply(&mut protocol, *now, input.clone());
            continue;
        };
        for part in bytes.chunks(SIZES[usize::from(*pick) % SIZES.len()]).chain([&[][..]]) {
            parts.apply(&mut protocol, *now, Input::Receive(Cow::Borrowed(part)));
            cuts += 1;
        }
    }
    parts.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
    let whole = &case.trace;
    assert_eq!(whole.actions, parts.actions);
    assert_eq!(whole.written, parts.written);
    assert_eq!(whole.children, parts.children);
    assert_eq!(whole.deadlines.last(), parts.deadlines.last());
    assert_eq!(whole.unsent, protocol.poll_transmit());
    cuts
}
