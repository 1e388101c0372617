//! Invariant 6: after `close`, doing what is due at each deadline reaches `SessionClosed` in a bounded number of steps.

use claude_duplex::Action;

use super::Case;

/// Counts the deadlines that it took.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let mut protocol = sequence.reached();
    let was_closed = protocol.is_closed();
    protocol.close(protocol.now());
    let mut steps = 0;
    while let Some((due, _)) = protocol.poll_timeout() {
        steps += 1;
        assert!(steps < sequence.most_steps(), "it goes on");
        protocol.handle_timeout(due);
    }
    assert!(protocol.is_closed());
    let last = std::iter::from_fn(|| protocol.poll_action()).last();
    assert!(was_closed || matches!(last, Some(Action::Closed(_))), "the last action is {last:?}");
    steps
}
