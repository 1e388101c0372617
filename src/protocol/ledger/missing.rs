//! Turns that have ended according to the CLI's lines, although no usable `result` arrived. Their prompts are
//! lost after a grace period.
//!
//! | Evidence | Since | Concerns |
//! |---|---|---|
//! | `command_lifecycle` `completed`, or `cancelled` while its turn is open | 2.1.206 | that prompt |
//! | `session_state_changed` `idle` | 2.1.206, if the host asked for it | every turn, and the prompts written before the last `running` |
//! | the acknowledgment of an interrupt whose `still_queued` omits a prompt | 2.1.206 | that prompt, if it was written before the interrupt, while no tool runs |
//!
//! `completed` precedes its result by 46 ms at most. `running`, `init` and `started` show that the CLI continues,
//! and cancel all this evidence. Before 2.1.206 this evidence is not used: acknowledgments have no list, and a result can be
//! late, before 2.1.179 by the whole time of a subagent.

use std::collections::BTreeSet;

use crate::base::error::LostReason;
use crate::base::ids::{TurnId, Uuid};
use crate::protocol::action::{Action, Outcome};
use crate::protocol::action_queue::Actions;
use crate::wire::control::Receipt;
use crate::wire::facts::ResultFacts;

use super::Ledger;
use super::prompts::{Entry, Over, Stage};
use super::{Interrupt, Turn};

impl Ledger {
    /// Reads the state of a `session_state_changed` as evidence.
    pub(crate) fn state(&mut self, state: &str, actions: &mut Actions) {
        match state {
            "running" => {
                self.order += 1;
                self.last_running = self.order;
                self.turn_continues(actions);
            }
            "idle" if self.ends_are_reported() => {
                let last_running = self.last_running;
                for entry in self.prompts.iter_mut().filter(|entry| entry.is_with_cli()) {
                    if entry.written < last_running {
                        entry.over = Some(Over::Reported);
                    }
                }
                self.turns.iter_mut().for_each(|turn| turn.is_over = true);
            }
            _ => {}
        }
    }

    /// Records the acknowledgment of an interrupt that was written at this place in the order.
    pub(crate) fn stopped(&mut self, written: u64, receipt: &Receipt<'_>) {
        let Some(queued) = receipt.still_queued().filter(|_| self.ends_are_reported()) else { return };
        let is_stoppable =
            |entry: &Entry| entry.is_with_cli() && entry.written < written && entry.over != Some(Over::Reported);
        let mut stopped: BTreeSet<Uuid> =
            self.prompts.iter().filter(|entry| is_stoppable(entry)).map(|entry| entry.id.uuid()).collect();
        for uuid in queued {
            stopped.remove(&uuid);
        }
        for entry in self.prompts.iter_mut().filter(|entry| is_stoppable(entry)) {
            entry.over = stopped.contains(&entry.id.uuid()).then_some(Over::Stopped);
        }
    }

    /// Returns `true` if the CLI has reported the end of all prompts of a turn.
    fn is_completed(&self, turn: TurnId) -> bool {
        let mut taken = self.prompts.iter().filter(|entry| entry.turn() == Some(turn)).peekable();
        taken.peek().is_some() && taken.all(|entry| entry.completed)
    }

    /// Records that the CLI begins something. Prompts that were reported as ended may belong to it, and get a
    /// result. Prompts that were completed before do not belong to it. Turns whose prompts are all completed end.
    pub(super) fn turn_continues(&mut self, actions: &mut Actions) {
        let (over, open) =
            std::mem::take(&mut self.turns).into_iter().partition::<Vec<_>, _>(|turn| self.is_completed(turn.id));
        self.turns = open;
        self.end_without_result(over, actions);
        self.result_may_be_late = false;
        for entry in self.prompts.iter_mut() {
            entry.over = None;
            if entry.completed && entry.is_taken() {
                entry.stage = Stage::Unanswered;
            }
        }
        self.turns.iter_mut().for_each(|turn| turn.is_over = false);
    }

    /// Returns `true` if a result is missing: [`Ledger::end_missing`] is due after a grace period.
    pub(crate) fn misses_result(&self) -> bool {
        // A turn that has ended stays open for a prompt that may belong to a later `running`.
        let is_missed = |turn: &Turn| {
            let is_open = |entry: &Entry| entry.turn() == Some(turn.id) && !self.is_missed(entry);
            turn.is_over && !self.prompts.iter().any(is_open)
        };
        self.turns.iter().any(is_missed) || self.prompts.iter().any(|entry| self.is_missed(entry))
    }

    /// Ends the turns whose results are missing, and their prompts.
    pub(crate) fn end_missing(&mut self, actions: &mut Actions) {
        self.recall_completed();
        let missed: Vec<Uuid> =
            self.prompts.iter().filter(|entry| self.is_missed(entry)).map(|entry| entry.id.uuid()).collect();
        let lost = self.prompts.remove_all(|entry| missed.contains(&entry.id.uuid()));
        // If no line names the prompt of a turn, the prompt was written before the turn.
        let may_be_of =
            |entry: &Entry, turn: &Turn| matches!(entry.stage, Stage::Written) && entry.written < turn.order;
        let is_of =
            |entry: &Entry, turn: &Turn| entry.turn() == Some(turn.id) || may_be_of(entry, turn) && !turn.is_own();
        let (over, open) = std::mem::take(&mut self.turns).into_iter().partition::<Vec<_>, _>(|turn| {
            let shared = self.prompts.iter().any(|entry| entry.turn() == Some(turn.id));
            !shared && (turn.is_over || lost.iter().any(|entry| is_of(entry, turn)))
        });
        self.turns = open;
        self.end_without_result(over, actions);
        for entry in lost {
            entry.end(Outcome::Lost(LostReason::NoResult), actions);
        }
    }

    /// Ends turns whose results may still come, late.
    pub(super) fn end_without_result(&mut self, turns: Vec<Turn>, actions: &mut Actions) {
        if turns.is_empty() {
            return;
        }
        for turn in turns {
            actions.push(Action::TurnEnded { turn: turn.id, origin: turn.origin, result: None });
        }
        self.interrupt = Interrupt::None;
        self.result_may_be_late = true;
    }

    /// Returns `true` if a result belongs to a turn that was ended without it. Such a result names no open prompt, and answers
    /// none. At most one arrives, before the CLI continues.
    pub(crate) fn absorbs(&mut self, facts: &ResultFacts) -> bool {
        let may_be_late = std::mem::take(&mut self.result_may_be_late) && self.turns.is_empty();
        let mut named = facts.answers().into_iter().flatten().copied().chain(facts.answers_first());
        let is_open = |uuid| self.prompts.iter().any(|entry| entry.id.uuid() == uuid && entry.is_with_cli());
        may_be_late && !named.any(is_open)
    }

    /// Records the end of a turn, with or without its result. Prompts that were completed before the turn began
    /// get no result.
    pub(super) fn recall_completed(&mut self) {
        let completed = |entry: &&mut Entry| entry.completed && matches!(entry.stage, Stage::Unanswered);
        self.prompts.iter_mut().filter(completed).for_each(|entry| entry.over = Some(Over::Reported));
    }

    fn is_missed(&self, entry: &Entry) -> bool {
        match entry.over {
            Some(Over::Reported) => true,
            Some(Over::Stopped) => self.turns.iter().all(|turn| turn.tools == 0),
            None => false,
        }
    }

    /// Returns `true` if the CLI's reports about the end of a turn are reliable.
    fn ends_are_reported(&self) -> bool {
        (self.generation.reports_lifecycle || self.generation.lists_queued) && !self.generation.holds_results
    }
}
