//! Invariant 5, of turns: a message belongs to the turn that runs when it comes, as far as the host was told.

use claude_duplex::{Action, TurnId};

use super::Case;

/// Counts the messages that came in a turn.
pub(crate) fn judge(case: &Case) -> usize {
    let (mut open, mut judged) = (Vec::<TurnId>::new(), 0);
    for action in &case.drained_trace.actions {
        match action {
            Action::TurnStarted { turn, .. } => open.push(*turn),
            Action::TurnEnded { turn, .. } => open.retain(|other| other != turn),
            Action::Message { turn, message, .. } => {
                assert_eq!(*turn, open.last().copied(), "of {message:?}");
                judged += usize::from(turn.is_some());
            }
            _ => {}
        }
    }
    judged
}
