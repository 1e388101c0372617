//! Law 5: every ask is answered at every moment of its life, in a session of its own; an answer that is taken is among
//! that which is to be written.

use claude_duplex::{Action, Answer};
use serde_json::Value;

use crate::history::History;

/// Counts the answers that were taken.
pub(crate) fn judge(history: &History) -> usize {
    let mut protocol = history.begin();
    let (mut asked, mut taken) = (Vec::new(), 0);
    for (now, input) in &history.inputs {
        protocol.apply(*now, input.clone());
        while let Some(action) = protocol.poll_action() {
            if let Action::Asked(ask) = action {
                asked.push(ask);
            }
        }
        for (ask, length) in asked.iter().rev().take(8).flat_map(|ask| [(ask, 2), (ask, 3000)]) {
            let mut protocol = protocol.clone();
            let before = protocol.poll_transmit().len();
            let answer = Answer::Error { message: "n".repeat(length) };
            if protocol.answer(*now, ask.id(), answer).is_ok() {
                let added = protocol.poll_transmit().get(before..).unwrap_or_default();
                assert!(answers(added, &ask.request_id()), "the answer to {} is nowhere", ask.id());
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
