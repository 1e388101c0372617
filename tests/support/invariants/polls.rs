//! Invariant 2: polls change nothing, and nothing depends on how many actions are unread.

use claude_duplex::Protocol;

use super::Case;
use crate::sequence::Trace;

pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let mut protocol = sequence.begin();
    let mut unread = Trace::default();
    let polls =
        |protocol: &Protocol| (protocol.poll_transmit().to_vec(), protocol.poll_timeout(), protocol.wants_read());
    for (now, input) in &sequence.inputs {
        assert_eq!(polls(&protocol), polls(&protocol));
        unread.apply(&mut protocol, *now, input.clone());
    }
    unread.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
    unread.unsent = protocol.poll_transmit().to_vec();
    assert_eq!(case.trace, unread);
    assert_eq!(protocol.poll_action(), None);
    unread.actions.len()
}
