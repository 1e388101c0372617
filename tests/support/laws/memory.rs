//! Law 8: what a session holds, and what it hands out at once, has limits.

use std::collections::HashSet;

use claude_duplex::{Action, AskId, Input};

use super::Case;

pub(crate) fn judge(case: &Case) -> usize {
    let history = &case.history;
    let limits = history.config.limits;
    let mut protocol = history.begin();
    let mut open_asks: HashSet<AskId> = HashSet::new();
    for (now, input) in &history.inputs {
        if let Input::Answer(ask, answer) = input {
            if protocol.answer(*now, *ask, answer.clone()).is_ok() {
                open_asks.remove(ask);
            }
        } else {
            protocol.apply(*now, input.clone());
        }
        assert!(protocol.poll_transmit().len() <= limits.unsent_hard);
        // A byte that is no UTF-8 is shown as a character of three.
        assert!(protocol.stderr_tail().len() <= limits.stderr_tail.saturating_mul(3));
        while let Some(action) = protocol.poll_action() {
            match action {
                Action::Asked(ask) => drop(open_asks.insert(ask.id())),
                Action::Withdrawn { ask, .. } => drop(open_asks.remove(&ask)),
                Action::Rejected(rejected) => assert!(rejected.head.len() <= limits.rejected_head),
                Action::Message { message, .. } => assert!(message.as_bytes().len() <= limits.line),
                _ => {}
            }
        }
        assert!(open_asks.len() <= limits.open_asks);
    }
    history.inputs.len()
}
