//! Invariant 3: nothing is written to stdin once it is to be closed, and no response is reported that is not written.

use claude_duplex::{Action, ChildCommand, IncomingId, IncomingResponse};

use super::Case;

/// Judges each input that comes after the close of stdin.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.drained;
    let mut protocol = sequence.begin();
    let (mut is_closed, mut incoming_requests, mut judged) = (false, Vec::<IncomingId>::new(), 0);
    for (now, input) in &sequence.inputs {
        protocol.apply(*now, input.clone());
        is_closed |=
            std::iter::from_fn(|| protocol.poll_child_command()).any(|order| order == ChildCommand::CloseStdin);
        while let Some(action) = protocol.poll_action() {
            match action {
                Action::IncomingRequest(incoming) => incoming_requests.push(incoming.id()),
                Action::IncomingCancelled { id: incoming, .. } => incoming_requests.retain(|open| *open != incoming),
                _ => {}
            }
        }
        if !is_closed {
            continue;
        }
        judged += 1;
        assert_eq!(protocol.poll_transmit(), b"", "after {input:?}");
        for incoming in &incoming_requests {
            let answer = IncomingResponse::Error { message: "late".into() };
            assert!(protocol.clone().respond(*now, *incoming, answer).is_err(), "{incoming} is still open");
        }
    }
    judged
}
