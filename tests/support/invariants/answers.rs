//! Invariant 5: every incoming request (of the latest) is answered at every moment of its life, in a session of its own: an answer that is
//! taken is among that which is to be written.

use claude_duplex::{Action, IncomingResponse, Input};
use serde_json::Value;

use super::Case;

/// Counts the answers that were taken.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let mut protocol = sequence.begin();
    let (mut still_open, mut taken) = (Vec::new(), 0);
    for (now, input) in &sequence.inputs {
        protocol.apply(*now, input.clone());
        while let Some(action) = protocol.poll_action() {
            match action {
                Action::IncomingRequest(incoming) => still_open.push(incoming),
                Action::IncomingCancelled { id: incoming, .. } => still_open.retain(|open| open.id() != incoming),
                _ => {}
            }
        }
        if let Input::Respond(incoming, _) = input {
            // It is over, or the answer was none for it; the others say enough.
            still_open.retain(|open| open.id() != *incoming);
        }
        for (incoming, length) in still_open.iter().rev().take(4).flat_map(|incoming| [(incoming, 2), (incoming, 3000)])
        {
            let mut protocol = protocol.clone();
            let before = protocol.poll_transmit().len();
            let answer = IncomingResponse::Error { message: "n".repeat(length) };
            if protocol.respond(*now, incoming.id(), answer).is_ok() {
                let added = protocol.poll_transmit().get(before..).unwrap_or_default();
                assert!(answers(added, &incoming.request_id()), "the answer to {} is nowhere", incoming.id());
                taken += 1;
            }
        }
    }
    taken
}

/// Whether a whole line of the output is a response to that request.
fn answers(output: &[u8], request_id: &str) -> bool {
    output.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).any(|line| {
        serde_json::from_slice::<Value>(line).is_ok_and(|line| line["response"]["request_id"] == request_id)
    })
}
