//! Queries of the ledger, which change nothing.

#[cfg(feature = "session")]
use std::collections::{BTreeMap, BTreeSet};

use crate::base::ids::{PromptId, TurnId};
use crate::base::time::SessionTime;

use super::Ledger;
use super::prompts::{Limit, Place};
use super::turns::Turn;

impl Ledger {
    pub(crate) fn first_queued(&self) -> Option<PromptId> {
        self.prompts.iter().find(|entry| entry.is_queued()).map(|entry| entry.id)
    }

    pub(crate) fn place(&self, id: PromptId) -> Option<Place> {
        self.prompts.place(id)
    }

    /// Returns the prompts that have not ended for the host, each with the turn that took it last, and the turns that run.
    #[cfg(feature = "session")]
    pub(crate) fn open(&self) -> (BTreeMap<PromptId, Option<TurnId>>, BTreeSet<TurnId>) {
        let prompts = self.prompts.iter().filter(|entry| entry.limit != Limit::GivenUp);
        let turns = self.turns.iter().map(|turn| turn.id);
        (prompts.map(|entry| (entry.id, entry.taker)).collect(), turns.collect())
    }

    /// Returns the prompts that have not ended for the host, oldest first.
    pub(crate) fn unended(&self) -> impl Iterator<Item = PromptId> {
        self.prompts.iter().filter(|entry| entry.limit != Limit::GivenUp).map(|entry| entry.id)
    }

    /// Returns the prompts that turns have taken up, and that have not ended for the host.
    pub(crate) fn taken(&self) -> impl Iterator<Item = PromptId> {
        let taken = self.prompts.iter().filter(|entry| entry.is_taken() && entry.limit != Limit::GivenUp);
        taken.map(|entry| entry.id)
    }

    /// Returns `true` if the CLI runs a turn, or has a prompt whose end is unknown.
    pub(crate) fn is_busy(&self) -> bool {
        !self.turns.is_empty() || self.prompts.iter().any(|entry| !entry.is_queued())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.prompts.len() == 0
    }

    pub(crate) fn open_prompts(&self) -> usize {
        self.prompts.len()
    }

    pub(crate) fn queued_bytes(&self) -> usize {
        self.prompts.queued_bytes()
    }

    /// Returns the turn to which a line belongs that arrives now.
    pub(crate) fn current_turn(&self) -> Option<TurnId> {
        self.turns.last().map(|turn| turn.id)
    }

    /// Returns the turn that runs, and the first prompt that it is known to have taken.
    pub(crate) fn current(&self) -> (Option<TurnId>, Option<PromptId>) {
        let turn = self.current_turn();
        let taken = self.prompts.iter().find(|entry| turn.is_some() && entry.turn() == turn);
        (turn, taken.map(|entry| entry.id))
    }

    /// Returns `true` if the CLI reports which turns are its own.
    pub(crate) fn reports_origin(&self) -> bool {
        self.generation.reports_origin
    }

    /// Returns `true` if a result shows that no agent runs in the background.
    pub(crate) fn holds_results(&self) -> bool {
        self.generation.holds_results
    }

    /// Returns the prompt that an interrupt without a target would stop: a prompt of the running turn, or the
    /// oldest that the CLI has. Returns `None` while a turn of the CLI's own runs that took up no prompt.
    pub(crate) fn running_prompt(&self) -> Option<PromptId> {
        let taken = self.prompts.iter().find(|entry| entry.is_taken());
        let own = self.turns.last().is_some_and(Turn::is_own);
        let oldest = || self.prompts.unknown_names().next().filter(|_| !own);
        taken.or_else(oldest).map(|entry| entry.id)
    }

    /// Returns the start of the oldest turn whose length was not yet reported.
    pub(crate) fn turn_since(&self) -> Option<SessionTime> {
        self.turns.iter().filter(|turn| !turn.overdue).map(|turn| turn.since).min()
    }
}
