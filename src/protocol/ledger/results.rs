//! Results: the turns that they end, and the prompts that they answer.

use std::sync::Arc;

use crate::base::time::SessionTime;
use crate::message::Message;
use crate::protocol::action::{Action, Attribution, Outcome, TurnOrigin};
use crate::protocol::action_queue::Actions;
use crate::wire::facts::ResultFacts;

use super::Ledger;
use super::prompts::{Entry, Rank, Stage};
use super::turns::{Stops, Turn};
use super::{Interrupt, TurnOf};

impl Ledger {
    /// Reads a `result` as evidence of the prompts that the open turns took.
    pub(crate) fn result(&mut self, now: SessionTime, facts: &ResultFacts, actions: &mut Actions) {
        let had_init = !self.turns.is_empty();
        let stands_alone = facts.subtype.as_deref() == Some("success") && !self.task_ended;
        if !had_init {
            let spoke = std::mem::take(&mut self.spoke_before_init);
            self.open_turn(now, TurnOf { origin: TurnOrigin::Unknown, batch: false }, actions);
            self.turns.last_mut().into_iter().for_each(|turn| turn.spoke = spoke);
        }
        self.settle_origin(facts);
        if let Some(named) = facts.answers() {
            for uuid in named {
                self.take(*uuid, actions);
            }
        } else if let Some(first) = facts.answers_first() {
            // The result may answer more prompts, which other evidence assigns to it, and no others.
            self.take(first, actions);
        } else if !self.generation.reports_lifecycle && (had_init || stands_alone) {
            self.guess(facts, actions);
        }
    }

    /// Ends every open turn, and the prompts that the turns took, by the same `result`. Returns `true` if the
    /// turn was, or may have been, the CLI's own, so that the result answers no prompt.
    pub(crate) fn end_turns(&mut self, facts: &ResultFacts, message: &Message, actions: &mut Actions) -> bool {
        let is_own = self.turns.last().is_some_and(Turn::is_own);
        let only = facts.answers().filter(|_| !facts.answers_may_be_cut());
        let is_answered = |entry: &Entry| entry.is_taken() && only.is_none_or(|only| only.contains(&entry.id.uuid()));
        let answered = self.prompts.remove_all(is_answered);
        let mut turns = std::mem::take(&mut self.turns);
        if let Some(last) = turns.pop() {
            let how = last.outcome(facts, self.stops(), self.generation);
            for earlier in &turns {
                self.end_turn(earlier, &last, &answered, (how, message), actions);
            }
            self.end_turn(&last, &last, &answered, (how, message), actions);
        }
        // Prompts that a turn took up, but that the result does not name, are not answered.
        for entry in self.prompts.iter_mut().filter(|entry| entry.is_taken()) {
            entry.stage = Stage::Unanswered;
        }
        self.recall_completed();
        let is_older = self.interrupt.is_written() && facts.subtype.as_deref() == Some("success");
        if !is_older {
            self.interrupt = Interrupt::None;
        }
        self.task_ended = false;
        self.missed_a_line = false;
        self.command_failed = false;
        self.order += 1;
        self.last_result = self.order;
        is_own || answered.is_empty()
    }

    /// Records the origin that the result reports for its turn. If the CLI reports origins, a missing one also
    /// counts.
    fn settle_origin(&mut self, facts: &ResultFacts) {
        let own = facts.own_origin();
        self.generation.reports_origin |= own.is_some();
        let Some(turn) = self.turns.last_mut() else { return };
        match own {
            Some(kind) => turn.origin = TurnOrigin::Own(Arc::from(kind)),
            None if self.generation.reports_origin && turn.is_own() => turn.origin = TurnOrigin::Unknown,
            None => {}
        }
    }

    fn stops(&self) -> Stops {
        let waits = |entry: &Entry| entry.traits.rank == Rank::Now;
        Stops {
            interrupt: self.interrupt != Interrupt::None,
            now: self.generation.ranks && self.prompts.unknown_names().any(waits),
        }
    }

    /// Ends a turn, and those of its prompts that the result answers. The result belongs to the turn that began
    /// last. An earlier turn has no result of its own, because it was held back, or because the turn gave way
    /// (2.1.332).
    fn end_turn(
        &mut self,
        ended: &Turn,
        last: &Turn,
        answered: &[Entry],
        (how, message): ((Outcome, Attribution), &Message),
        actions: &mut Actions,
    ) {
        let answered = || answered.iter().filter(|entry| entry.turn() == Some(ended.id));
        let origin = match (&ended.origin, answered().next()) {
            (TurnOrigin::Own(_), _) => ended.origin.clone(),
            (_, None) if !ended.is_of_ended => TurnOrigin::Unknown,
            (_, _) => TurnOrigin::Prompt,
        };
        actions.push(Action::TurnEnded { turn: ended.id, origin, result: Some(message.clone()) });
        let is_held = ended.id != last.id && self.generation.holds_results;
        for entry in answered() {
            let its = if is_held { ended.held(entry, how.0) } else { last.of_entry(entry, how, self.generation) };
            // The result of a local command reports success in any case.
            let failed = its.0.is_success() && entry.traits.slash && self.command_failed;
            let its = if failed { (Outcome::Error, its.1) } else { its };
            entry.end_as(its, Some(ended.id), Some(message.clone()), actions);
            if entry.guessed && !is_held {
                self.remember(entry.id.uuid(), ended, how, message);
            }
        }
    }
}
