//! Any filling of a line: what the line costs is at most a small multiple of its length.

use crate::{counting, expensive_lines};

/// How long the lines are, in bytes.
const LENGTH: usize = 1024 * 1024;
/// The most memory, in lengths of the line: the line itself, and four times as much.
const MOST: usize = 5;
/// What any line may cost, in bytes.
const FLAT: usize = 1024 * 1024;
/// The most that one line may allocate one after the other.
const ALLOCATIONS: u64 = 100_000;
/// Longer fillings are none: what comes once costs nothing.
const LONGEST: usize = 512;

/// The first byte picks the place in which the rest stands over and over.
pub(crate) fn body(data: &[u8]) {
    let Some((place, filling)) = data.split_first() else { return };
    if filling.is_empty() || filling.len() > LONGEST {
        return;
    }
    let line = expensive_lines::line(
        expensive_lines::PLACES[usize::from(*place) % expensive_lines::PLACES.len()],
        filling,
        LENGTH,
    );
    let mut session = expensive_lines::session(line.len());
    let (_, counted) = counting::counted(|| expensive_lines::receive(&mut session, &line, |_| {}));
    let length = expensive_lines::length(&line);
    assert!(counted.peak <= MOST * length + FLAT, "{} bytes for a line of {length}", counted.peak);
    assert!(counted.count <= ALLOCATIONS, "{} allocations for a line of {length} bytes", counted.count);
}
