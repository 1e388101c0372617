//! Arbitrary commands, lines of the CLI, times, partial writes, ends and deaths: all invariants hold.

use arbitrary::Unstructured;

use crate::{history, laws};

/// Longer histories find nothing that shorter ones do not, and cost more than they are long.
const LONGEST: usize = 2048;

pub(crate) fn body(data: &[u8]) {
    let mut bytes = Unstructured::new(&data[..data.len().min(LONGEST)]);
    if let Ok(history) = history::history(&mut bytes) {
        laws::judge_plain(history);
    }
}
