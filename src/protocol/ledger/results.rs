//! A result: which turns it ends, and which prompts it answers, by evidence or, where nothing names any, by what is left.

use std::sync::Arc;

use crate::action::{Action, Origin, Outcome};
use crate::ids::Uuid;
use crate::message::Message;
use crate::protocol::actions::Actions;
use crate::time::Time;
use crate::wire::facts::ResultFacts;

use super::Ledger;
use super::prompts::{Entry, Stage};
use super::turns::{Stop, Turn};

impl Ledger {
    /// A `result`, as evidence: which prompts the open turns took.
    pub(crate) fn result(&mut self, now: Time, facts: &ResultFacts, actions: &mut Actions) {
        let had_init = !self.turns.is_empty();
        if !had_init {
            self.open_turn(now, Origin::Unknown, false, actions);
        }
        self.settle_origin(facts);
        if let Some(named) = facts.answers() {
            for uuid in named {
                self.take(*uuid, actions);
            }
        } else if had_init && !self.generation.tells_life {
            self.guess(actions);
        }
    }

    /// The same `result`, as an end: of every open turn, and of what they took.
    pub(crate) fn end_turns(&mut self, facts: &ResultFacts, message: &Message, actions: &mut Actions) {
        let only = facts.answers().filter(|_| !facts.answers_may_be_cut());
        let is_answered = |entry: &Entry| entry.is_taken() && only.is_none_or(|only| only.contains(&entry.id.uuid()));
        let answered = self.prompts.remove_all(is_answered);
        let mut turns = std::mem::take(&mut self.turns);
        if let Some((_, held)) = turns.split_last_mut() {
            // The result is not theirs: that they had no word says nothing with it.
            held.iter_mut().for_each(|turn| turn.spoke = true);
        }
        for ended in turns {
            self.end_turn(ended, &answered, facts, message, actions);
        }
        // What the result does not name although a turn took it is not answered: it waits for evidence, and for no guess.
        for entry in self.prompts.iter_mut().filter(|entry| entry.is_taken()) {
            entry.stage = Stage::Written(u64::MAX);
        }
        let is_older = self.stop == Stop::Written && facts.subtype.as_deref() == Some("success");
        self.stop = if is_older { Stop::Written } else { Stop::None };
        self.task_ended = false;
        self.command_failed = false;
        self.order += 1;
        self.last_result = self.order;
    }

    /// What the result says of its turn's origin; where the CLI says such things, its silence counts too.
    fn settle_origin(&mut self, facts: &ResultFacts) {
        let own = facts.own_origin();
        self.generation.tells_origin |= own.is_some();
        let Some(turn) = self.turns.last_mut() else { return };
        match own {
            Some(kind) => turn.origin = Origin::Own(Arc::from(kind)),
            None if self.generation.tells_origin && turn.is_own() => turn.origin = Origin::Unknown,
            None => {}
        }
    }

    /// Gives the open turns the prompts that they answer although nothing says so: the rules stand at the top of the ledger.
    fn guess(&mut self, actions: &mut Actions) {
        for at in 0..self.turns.len() {
            let turn = &self.turns[at];
            let id = turn.id;
            for uuid in self.unnamed_of(turn) {
                if let Some(entry) = self.prompts.find(uuid) {
                    entry.stage = Stage::Taken(Some(id));
                    actions.push(Action::PromptTaken { prompt: entry.id, turn: id });
                }
            }
        }
    }

    fn unnamed_of(&self, turn: &Turn) -> Vec<Uuid> {
        let mut unnamed = self.prompts.unnamed_before(turn.order);
        let took_some = self.prompts.iter().any(|entry| entry.turn() == Some(turn.id));
        let blocked_batch = turn.batch && !turn.spoke;
        let first = match unnamed.next() {
            Some(first) if blocked_batch || !took_some && !turn.is_own() => first,
            _ => return Vec::new(),
        };
        // Of joined prompts all but the last are echoed, if the CLI echoes.
        let joins = self.generation.joins && !self.generation.echoes;
        let waited = |entry: &&Entry| matches!(entry.stage, Stage::Written(order) if order < self.last_result);
        let joined = joins && turn.spoke && !first.slash && waited(&first);
        let rest = unnamed.take_while(|entry| joined && waited(entry));
        std::iter::once(first).chain(rest).map(|entry| entry.id.uuid()).collect()
    }

    /// A turn is over, and with it those that it took of the prompts that the result answers.
    fn end_turn(&self, ended: Turn, answered: &[Entry], facts: &ResultFacts, message: &Message, actions: &mut Actions) {
        let answered = || answered.iter().filter(|entry| entry.turn() == Some(ended.id));
        let origin = match (&ended.origin, answered().next()) {
            (Origin::Own(_), _) => ended.origin.clone(),
            (_, Some(_)) => Origin::Prompt,
            (_, None) => Origin::Unknown,
        };
        let result = Some(message.clone());
        let outcome = ended.outcome(facts, self.stop, self.generation);
        actions.push(Action::TurnEnded { turn: ended.id, origin, result: result.clone() });
        for entry in answered() {
            let outcome = match outcome {
                // A local command ends without a word of the model, and up to 2.1.143 without an echo. One that was joined
                // to other prompts is plain text.
                Outcome::Blocked if entry.slash && !ended.prevented && !ended.batch => Outcome::Success,
                outcome => outcome,
            };
            // A local command's result says success all the same.
            let failed = outcome == Outcome::Success && entry.slash && self.command_failed;
            let outcome = if failed { Outcome::Error } else { outcome };
            entry.end(outcome, result.clone(), actions);
        }
    }
}
