//! Invariant 3: nothing is written to stdin once it is to be closed, and nobody is told of an answer that is not written.

use claude_duplex::{Action, ChildCommand, IncomingId, IncomingResponse};

use super::Case;

/// Judges each input that comes after the close of stdin.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.drained;
    let mut protocol = sequence.begin();
    let (mut is_closed, mut asks, mut judged) = (false, Vec::<IncomingId>::new(), 0);
    for (now, input) in &sequence.inputs {
        protocol.apply(*now, input.clone());
        is_closed |=
            std::iter::from_fn(|| protocol.poll_child_command()).any(|order| order == ChildCommand::CloseStdin);
        while let Some(action) = protocol.poll_action() {
            match action {
                Action::IncomingRequest(ask) => asks.push(ask.id()),
                Action::IncomingCancelled { id: ask, .. } => asks.retain(|open| *open != ask),
                _ => {}
            }
        }
        if !is_closed {
            continue;
        }
        judged += 1;
        assert_eq!(protocol.poll_transmit(), b"", "after {input:?}");
        for ask in &asks {
            let answer = IncomingResponse::Error { message: "late".into() };
            assert!(protocol.clone().respond(*now, *ask, answer).is_err(), "{ask} is still open");
        }
    }
    judged
}
