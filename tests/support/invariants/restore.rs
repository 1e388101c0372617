//! Invariant 4: a session that is restored from a snapshot at any point gives the same as without it.

use claude_duplex::{Input, Protocol, Snapshot};

use super::Case;
use crate::sequence::Trace;

/// Restores the session once, after an input that the seed chooses, while actions and child commands wait. Counts the
/// snapshots.
pub(crate) fn judge(case: &Case) -> usize {
    // The seed is as arbitrary as any other bytes, and it is at hand.
    let at = usize::from(case.sequence.config.seed.as_bytes()[0]) % case.drained.inputs.len();
    restored(case, |number| number == at, |number| number != at);
    1
}

/// Restores the session from its snapshot after each input. By that each point is judged: state that a snapshot leaves out is
/// gone from there on. Counts the snapshots.
pub(crate) fn judge_each(case: &Case) -> usize {
    restored(case, |_| true, |_| true);
    // Some actions wait for long.
    restored(case, |_| true, |number| number % 5 == 4);
    2 * case.drained.inputs.len()
}

fn restored(case: &Case, restores: impl Fn(usize) -> bool, reads: impl Fn(usize) -> bool) {
    let (sequence, whole) = (&case.drained, &case.drained_trace);
    let (mut protocol, mut trace) = (sequence.begin(), Trace::default());
    for (number, (now, input)) in sequence.inputs.iter().enumerate() {
        if let Input::Sent(count) = input {
            let pending = protocol.poll_transmit();
            trace.written.extend_from_slice(&pending[..(*count).min(pending.len())]);
        }
        protocol.apply(*now, input.clone());
        trace.deadlines.push((protocol.poll_transmit().len(), protocol.poll_timeout()));
        if restores(number) {
            protocol = through(&protocol);
        }
        // A signal that nobody has fetched is taken back at the exit, so they are fetched at once.
        trace.children.extend(std::iter::from_fn(|| protocol.poll_child_command()));
        if reads(number) {
            trace.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
        }
    }
    trace.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
    trace.unsent = protocol.poll_transmit().to_vec();
    assert_eq!(*whole, trace);
    assert_eq!(protocol.action_number(), whole.actions.len() as u64);
}

/// Returns the session that another process would make of its snapshot.
pub(crate) fn through(protocol: &Protocol) -> Protocol {
    let snapshot = protocol.snapshot();
    let text = serde_json::to_vec(&snapshot).expect("a snapshot is written");
    let read = Snapshot::read(&text).expect("a snapshot is read");
    let restored =
        Protocol::restore(&read).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)));
    assert_eq!(restored.snapshot(), snapshot, "it is the same session");
    restored
}
