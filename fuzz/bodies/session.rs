//! Arbitrary commands, lines of the CLI, times, partial writes, ends and deaths: all invariants hold.

use arbitrary::Unstructured;

use crate::{invariants, sequence};

/// Longer sequences find nothing that shorter ones do not, and cost more than they are long.
const LONGEST: usize = 2048;

pub(crate) fn body(data: &[u8]) {
    let mut bytes = Unstructured::new(&data[..data.len().min(LONGEST)]);
    if let Ok(sequence) = sequence::sequence(&mut bytes) {
        invariants::judge_plain(sequence);
    }
}
