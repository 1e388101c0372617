//! Rules that assign a result if no line names a prompt, and corrections if a later line contradicts them.

use serde::{Deserialize, Serialize};

use crate::base::ids::{PromptId, Uuid};
use crate::message::Message;
use crate::protocol::action::{Attribution, Outcome};
use crate::protocol::action_queue::Actions;
use crate::protocol::form;
use crate::wire::facts::ResultFacts;

use super::prompts::{Entry, Rank, Stage};
use super::turns::Turn;
use super::{Interrupt, Ledger};

/// Maximum number of assignments that can be corrected at the same time.
const GUESSES: usize = 16;

/// A turn whose result was assigned to an unnamed prompt, although it could belong to other waiting prompts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Guess {
    prompt: Uuid,
    turn: Turn,
    outcome: (Outcome, Attribution),
    #[serde(with = "form")]
    result: Message,
}

impl Ledger {
    /// Returns `true` if the output of a local command shows which prompt a turn took: the queue has priorities,
    /// the result of `/compact` has no text, and no line names the prompt of a command.
    pub(crate) fn needs_command_output(&self) -> bool {
        self.generation.ranks && !self.generation.joins
    }

    /// Records the output of a local command. The running turn took the command, unless it took a prompt that a
    /// line names, or is the CLI's own.
    pub(crate) fn command_ran(&mut self, actions: &mut Actions) {
        let Some(turn) = self.turns.last() else { return };
        let took_some = turn.is_of_ended || self.prompts.iter().any(|entry| entry.turn() == Some(turn.id));
        if took_some || turn.batch || turn.is_own() {
            return;
        }
        let (turn, waiting) = (turn.id, self.waiting_for(turn));
        let command = waiting.into_iter().find(|entry| entry.traits.slash).map(|entry| entry.id.uuid());
        if let Some(entry) = command.and_then(|command| self.prompts.find(command)) {
            entry.guessed = true;
            entry.taken(turn, actions);
        }
    }

    /// Assigns to the open turns the prompts that they answer without evidence, by the rules at the top of the
    /// ledger.
    pub(super) fn guess(&mut self, facts: &ResultFacts, actions: &mut Actions) {
        for at in 0..self.turns.len() {
            let is_held = at + 1 < self.turns.len();
            let id = self.turns[at].id;
            for uuid in self.unnamed_of(&self.turns[at], Some(facts).filter(|_| !is_held)) {
                if let Some(entry) = self.prompts.find(uuid) {
                    entry.guessed = true;
                    entry.taken(id, actions);
                }
            }
        }
    }

    fn unnamed_of(&self, turn: &Turn, facts: Option<&ResultFacts>) -> Vec<Uuid> {
        let took_some = turn.is_of_ended || self.prompts.iter().any(|entry| entry.turn() == Some(turn.id));
        let blocked_batch = turn.batch && !turn.spoke;
        if !blocked_batch && (took_some || turn.is_own()) {
            return Vec::new();
        }
        let waiting = self.waiting_for(turn);
        let Some(first) = self.likeliest(turn, facts, &waiting) else { return Vec::new() };
        // All prompts of a joined batch except the last are echoed, if the CLI echoes.
        let joins = self.generation.joins && !self.generation.echoes;
        let waited = |entry: &&Entry| matches!(entry.stage, Stage::Written) && entry.written < self.last_result;
        let joined = joins && turn.spoke && !first.traits.slash && waited(&first);
        let others = waiting.iter().copied().filter(|entry| joined && entry.id != first.id);
        let rest = others.take_while(waited);
        std::iter::once(first).chain(rest).map(|entry| entry.id.uuid()).collect()
    }

    /// Returns the prompts that the turn may run, the likeliest first. Of the prompts that waited at the end of
    /// the previous turn, the one of the highest priority comes first. If none waited, the CLI was idle and took
    /// the first prompt that arrived.
    fn waiting_for(&self, turn: &Turn) -> Vec<&Entry> {
        let oldest: Vec<&Entry> = self.prompts.unknown_names().filter(|entry| entry.written < turn.order).collect();
        let mut waiting = oldest.clone();
        if self.generation.ranks && !turn.batch {
            waiting.sort_by_key(|entry| {
                let waited = entry.written < turn.after;
                (!waited, Some(entry.traits.rank).filter(|_| waited))
            });
        }
        // If the CLI joins prompts, a prompt with a turn of its own waited alone, or with prompts that cannot be
        // joined to it (`clear_now_beside` of 2.1.143).
        let kind = |waiting: &[&Entry]| waiting.first().map(|entry| entry.traits.kind);
        let would_join = self.generation.joins && kind(&waiting) == kind(&oldest);
        if would_join { oldest } else { waiting }
    }

    /// Returns the prompt that a turn most likely ran. If the queue has priorities, prompts do not run in the
    /// order of their writing, and the result helps. The result of a local command has a text and no query; that
    /// of a prompt refused by a hook has neither. An aborted prompt is neither a local command nor the prompt
    /// that is to run now instead.
    fn likeliest<'e>(&self, turn: &Turn, facts: Option<&ResultFacts>, waiting: &[&'e Entry]) -> Option<&'e Entry> {
        let by_result = facts.filter(|_| self.generation.ranks).and_then(|facts| {
            let aborts = self.aborting(facts);
            let no_query = facts.subtype.as_deref() == Some("success") && facts.stop_reason.is_none();
            let is_command = no_query && (turn.spoke || facts.has_text());
            let fits = |entry: &&&Entry| self.generation.joins || entry.traits.slash == is_command;
            waiting.iter().filter(|entry| Some(entry.id) != aborts).find(fits)
        });
        by_result.or(waiting.first()).copied()
    }

    /// Returns the prompt that aborted the turn of this result, if any: the last of the waiting prompts with the priority
    /// `Now`.
    fn aborting(&self, facts: &ResultFacts) -> Option<PromptId> {
        if self.interrupt != Interrupt::None || !facts.may_be_aborted() {
            return None;
        }
        let to_run_now = self.prompts.unknown_names().filter(|entry| entry.traits.rank == Rank::Now);
        to_run_now.last().map(|entry| entry.id)
    }

    /// Remembers the prompt that a turn's result was assigned to by the rules alone, although it may belong to another prompt.
    pub(super) fn remember(&mut self, prompt: Uuid, turn: &Turn, outcome: (Outcome, Attribution), result: &Message) {
        self.guesses.retain(|guess| self.prompts.unknown_names().any(|entry| entry.written < guess.turn.order));
        if self.prompts.unknown_names().any(|entry| entry.written < turn.order) {
            if self.guesses.len() == GUESSES {
                self.guesses.remove(0);
            }
            self.guesses.push(Guess { prompt, turn: turn.clone(), outcome, result: result.clone() });
        }
    }

    /// Corrects an assignment, because the CLI now runs a prompt that a rule has already ended. The result belongs
    /// to another prompt, which was also written before that turn.
    pub(super) fn correct(&mut self, uuid: Uuid, actions: &mut Actions) {
        let Some(at) = self.guesses.iter().position(|guess| guess.prompt == uuid) else { return };
        let Guess { turn, outcome, result, .. } = self.guesses.remove(at);
        match self.turns.last_mut() {
            Some(running) => {
                running.is_of_ended = true;
                running.spoke = true;
            }
            None => self.ended_is_due = true,
        }
        let waiting = self.waiting_for(&turn);
        let Some(meant) = self.likeliest(&turn, None, &waiting).map(|entry| entry.id) else { return };
        if let Some(entry) = self.prompts.remove_first(|entry| entry.id == meant) {
            let (how, _) = turn.of_entry(&entry, outcome, self.generation);
            entry.end_as((how, Attribution::Inferred), Some(turn.id), Some(result.clone()), actions);
            self.remember(meant.uuid(), &turn, outcome, &result);
        }
    }
}
