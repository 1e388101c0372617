//! State as of the last action that was handed out, for new handles of a resumed session.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::ids::{IncomingId, PromptId, TurnId};
use crate::incoming::IncomingRequest;
use crate::protocol::Protocol;
use crate::protocol::action::Action;

/// Prompts, turns and requests that are open for a reader of the actions so far. The CLI may be ahead of them.
#[derive(Debug, Default)]
pub(crate) struct HandedOut {
    /// Each prompt with the turn that took it up.
    pub(crate) prompts: BTreeMap<PromptId, Option<TurnId>>,
    pub(crate) turns: BTreeSet<TurnId>,
    /// Requests that wait for a response, oldest first.
    pub(crate) incoming: Vec<IncomingRequest>,
}

impl Protocol {
    /// Returns the work that was open when the last action was handed out. The unread actions report later
    /// changes.
    pub(crate) fn handed_out(&self) -> HandedOut {
        let (mut prompts, mut turns) = self.ledger.open();
        let mut coming: BTreeSet<IncomingId> = BTreeSet::new();
        let (unread, ..) = self.actions.parts();
        let unread: Vec<&Action> = unread.collect();
        for action in unread.iter().rev() {
            match action {
                Action::PromptEnded { prompt, turn, .. } => drop(prompts.insert(*prompt, *turn)),
                Action::PromptTaken { prompt, .. } => drop(prompts.insert(*prompt, None)),
                Action::TurnEnded { turn, .. } => drop(turns.insert(*turn)),
                Action::TurnStarted { turn, .. } => drop(turns.remove(turn)),
                Action::IncomingRequest(request) => drop(coming.insert(request.id())),
                _ => {}
            }
        }
        let incoming = self.open_incoming().filter(|request| !coming.contains(&request.id())).cloned().collect();
        HandedOut { prompts, turns, incoming }
    }
}
