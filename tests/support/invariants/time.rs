//! Invariant 7: an input of an earlier time counts as one of the latest, and before a deadline nothing is done.

use claude_duplex::SessionTime;

use super::Case;

pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let mut backwards = sequence.clone();
    backwards.inputs.iter_mut().skip(2).step_by(3).for_each(|(now, _)| *now = SessionTime::ZERO);
    let mut clamped = backwards.clone();
    let mut latest = sequence.start;
    for (now, _) in &mut clamped.inputs {
        latest = latest.max(*now);
        *now = latest;
    }
    assert_eq!(backwards.play(), clamped.play());

    let mut protocol = sequence.begin();
    let mut judged = 0;
    for (now, input) in &sequence.inputs {
        protocol.apply(*now, input.clone());
        while protocol.poll_action().is_some() {}
        let Some((due, _)) = protocol.poll_timeout() else { continue };
        let early = SessionTime::from_nanos(due.as_nanos().saturating_sub(1));
        if early >= protocol.now() {
            let mut early_one = protocol.clone();
            early_one.handle_timeout(early);
            assert_eq!(early_one.poll_transmit(), protocol.poll_transmit());
            assert_eq!(early_one.poll_timeout(), protocol.poll_timeout());
            assert_eq!(early_one.poll_action(), None);
            judged += 1;
        }
    }
    judged
}
