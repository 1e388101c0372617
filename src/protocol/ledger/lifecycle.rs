//! `command_lifecycle` lines, which report the progress of prompts. Since 2.1.206.

use crate::base::ids::Uuid;
use crate::protocol::action::Outcome;
use crate::protocol::action_queue::Actions;
use crate::wire::facts::{CommandState, Lifecycle};

use super::Ledger;
use super::prompts::Over;
use super::prompts::{Entry, Stage};

impl Ledger {
    /// Reads a `command_lifecycle` as evidence of the progress of a prompt. Any such line shows that the CLI reports the
    /// progress of each, also that of a prompt which has ended for the host.
    pub(crate) fn lifecycle(&mut self, Lifecycle { uuid, state }: Lifecycle, actions: &mut Actions) {
        if state == CommandState::Started {
            self.turn_continues(actions);
        }
        self.generation.reports_lifecycle = true;
        let Some(entry) = self.prompts.find(uuid) else { return };
        let result_due = entry.turn().is_some();
        entry.announced |= matches!(state, CommandState::Queued | CommandState::Started);
        match state {
            CommandState::Started => drop(self.take(uuid, actions)),
            CommandState::Completed if self.is_skipped(uuid) => self.end(uuid, Outcome::Duplicate, actions),
            CommandState::Completed => self.completed(uuid, actions),
            CommandState::Cancelled if !result_due => self.end(uuid, Outcome::Cancelled, actions),
            CommandState::Discarded => self.end(uuid, Outcome::Cancelled, actions),
            CommandState::Refused => self.end(uuid, Outcome::Error, actions),
            // The result of the turn is expected, or was lost. Mostly it has arrived before this line.
            CommandState::Cancelled => self.completed(uuid, actions),
            CommandState::Queued | CommandState::Other => {}
        }
    }

    /// Returns `true` if a completed prompt was read and did not run. No line announced it, and no line is missing
    /// that could have announced it. Its turn, if any, belongs to another prompt or to the CLI. The echo of such a
    /// prompt can arrive in the turn of another prompt.
    fn is_skipped(&self, uuid: Uuid) -> bool {
        let Some(entry) = self.prompts.iter().find(|entry| entry.id.uuid() == uuid && entry.is_with_cli()) else {
            return false;
        };
        let of_another = |turn| {
            let shared = |other: &Entry| other.id != entry.id && other.turn() == Some(turn) && other.announced;
            self.prompts.iter().any(shared) || self.turns.iter().any(|open| open.id == turn && open.is_own())
        };
        !entry.announced && self.last_missed < entry.written && entry.turn().is_none_or(of_another)
    }

    /// Records that the CLI has completed a prompt, whose result has arrived or arrives now.
    fn completed(&mut self, uuid: Uuid, actions: &mut Actions) {
        let Some(entry) = self.prompts.find(uuid).filter(|entry| entry.is_with_cli()) else { return };
        (entry.completed, entry.over) = (true, Some(Over::Reported));
        if !matches!(entry.stage, Stage::Unanswered) || !self.turns.is_empty() {
            self.take(uuid, actions);
        }
    }
}
