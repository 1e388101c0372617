//! Evidence in the CLI's lines, `result` and `command_lifecycle` aside.

use std::collections::BTreeSet;

use crate::base::ids::Uuid;
use crate::base::time::SessionTime;
use crate::protocol::action::{Outcome, TurnOrigin};
use crate::protocol::action_queue::Actions;

use super::generation::Generation;
use super::prompts::{Entry, Stage};
use super::{Interrupt, Ledger, TurnOf};

/// How many results are remembered by their uuids.
const RESULTS: usize = 64;
/// How many turns are kept open behind a result that is held back; further `init`s open none.
const OPEN_TURNS: usize = 64;

impl Ledger {
    /// What the CLI's version, which `system/init` names, is known to do.
    pub(crate) fn version(&mut self, version: &str) {
        self.generation.learn(Generation::of(version));
    }

    /// Returns whether a result under that uuid came before, and remembers it.
    pub(crate) fn is_repeated(&mut self, uuid: Option<&str>) -> bool {
        let Some(uuid) = uuid.and_then(|uuid| uuid.parse().ok()) else { return false };
        let is_repeated = self.results.contains(&uuid);
        if !is_repeated {
            self.results.truncate(RESULTS - 1);
            self.results.push_front(uuid);
        }
        is_repeated
    }

    /// `system/init`. A turn that was open stays so: its result is held back (2.1.45 to 2.1.178, behind a subagent).
    pub(crate) fn init(&mut self, now: SessionTime, actions: &mut Actions) {
        self.goes_on(actions);
        let waiting = self.prompts.iter().any(Entry::waits_for_turn);
        let batch = self.prompts.iter().any(|entry| entry.waits_for_turn() && entry.echoed);
        let origin = if waiting {
            TurnOrigin::Prompt
        } else if self.task_ended && !self.generation.only_prompts {
            TurnOrigin::Own("task-notification".into())
        } else if self.ended_is_due || self.prompts.unknown_names().next().is_some() {
            TurnOrigin::Prompt
        } else {
            TurnOrigin::Unknown
        };
        self.task_ended = false;
        self.spoke_before_init = false;
        self.missed_a_line = false;
        if self.turns.len() < OPEN_TURNS {
            self.open_turn(now, TurnOf { origin, batch: batch || self.ended_is_due }, actions);
        }
    }

    /// A line could not be read.
    pub(crate) fn missed_a_line(&mut self) {
        self.missed_a_line = true;
        self.order += 1;
        self.last_missed = self.order;
    }

    /// The CLI repeated a user line under that uuid.
    pub(crate) fn echo(&mut self, uuid: Uuid, actions: &mut Actions) {
        if self.skips(uuid) {
            self.end(uuid, Outcome::Duplicate, actions);
        } else if self.take(uuid, actions) {
            self.spoke();
            self.generation.echoes = true;
            if let Some(entry) = self.prompts.find(uuid) {
                entry.echoed = true;
            }
        } else {
            self.correct(uuid, actions);
        }
    }

    /// Whether the echo of a prompt says that it was read and will not run. Outside a turn a CLI that joins prompts echoes
    /// those of the next turn, all but the last, and no other CLI echoes any that it runs.
    fn skips(&self, uuid: Uuid) -> bool {
        let joins = self.generation.joins || !self.generation.is_known;
        let mut others = self.prompts.iter().filter(|entry| !entry.is_queued() && entry.id.uuid() != uuid);
        let waits = |entry: &Entry| entry.id.uuid() == uuid && matches!(entry.stage, Stage::Written);
        self.turns.is_empty()
            && !self.missed_a_line
            && !self.generation.tells_life
            && self.prompts.iter().any(waits)
            && (!joins || others.next().is_none())
    }

    /// The model spoke on the main thread, and calls so many tools.
    pub(crate) fn assistant(&mut self, tools: usize) {
        self.spoke();
        if let Some(turn) = self.turns.last_mut() {
            turn.go_on(tools == 0);
            turn.tools += tools;
        }
    }

    /// Tools that the model called on the main thread have returned.
    pub(crate) fn tools_returned(&mut self, tools: usize) {
        if let Some(turn) = self.turns.last_mut() {
            turn.go_on(false);
            turn.tools = turn.tools.saturating_sub(tools);
        }
    }

    /// Returns whether it matters which tools run.
    pub(crate) fn watches_tools(&self) -> bool {
        !self.turns.is_empty() && (self.generation.holds_results || self.generation.lists_queued)
    }

    fn spoke(&mut self) {
        self.task_ended = false;
        match self.turns.last_mut() {
            Some(turn) => turn.spoke = true,
            None => self.spoke_before_init = true,
        }
    }

    /// A local command failed, e.g. a compaction: it did not succeed, whatever its result says.
    pub(crate) fn command_failed(&mut self) {
        self.command_failed = true;
    }

    /// Returns whether an interrupt is under way that no result has answered.
    pub(crate) fn is_stopping(&self) -> bool {
        self.interrupt != Interrupt::None
    }

    /// `system/task_notification`: up to 2.1.123 nothing else announces a turn of the CLI's own. Before 2.1.41 there are no
    /// such turns, and it comes ahead of the next prompt's `init` (`task_no_uuid` of 2.1.30).
    pub(crate) fn task_ended(&mut self) {
        self.task_ended = true;
    }

    /// The CLI confirms that prompts were withdrawn before they ran. One that a turn has taken has a result to come.
    /// However many are named, no more are kept than are open.
    pub(crate) fn cancelled(&mut self, uuids: impl Iterator<Item = Uuid>, actions: &mut Actions) {
        let written = self.prompts.iter().filter(|entry| entry.is_written());
        let written: BTreeSet<Uuid> = written.map(|entry| entry.id.uuid()).collect();
        let named: BTreeSet<Uuid> = uuids.filter(|uuid| written.contains(uuid)).collect();
        for entry in self.prompts.remove_all(|entry| named.contains(&entry.id.uuid())) {
            entry.end(Outcome::Cancelled, actions);
        }
    }

    /// A hook prevents a prompt from going on.
    ///
    /// Where the CLI is done with a prompt that it did not echo, that one was to be folded into a turn which goes on
    /// without it (`blocked_fold` of 2.1.329). Else it is the turn that is prevented, if its result names no other cause.
    pub(crate) fn prevented(&mut self, actions: &mut Actions) {
        let unfolded = |entry: &Entry| entry.completed && !entry.echoed && entry.turn().is_some();
        if let Some(entry) = self.prompts.remove_first(unfolded) {
            entry.end(Outcome::Blocked, actions);
        } else if let Some(turn) = self.turns.last_mut() {
            turn.prevented = true;
        }
    }
}
