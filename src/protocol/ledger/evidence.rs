//! Evidence in the CLI's lines, apart from `result` and `command_lifecycle`.

use std::collections::BTreeSet;

use crate::base::ids::Uuid;
use crate::base::time::SessionTime;
use crate::protocol::action::{Outcome, TurnOrigin};
use crate::protocol::action_queue::Actions;

use super::generation::Generation;
use super::prompts::{Entry, Stage};
use super::{Interrupt, Ledger, TurnOf};

/// Number of results that are remembered by their UUIDs.
const RESULTS: usize = 64;
/// Maximum number of turns that are kept open behind a result that is held back. Further `init`s open none.
const OPEN_TURNS: usize = 64;

impl Ledger {
    /// Records the version of the CLI, which `system/init` reports, and its known behavior.
    pub(crate) fn version(&mut self, version: &str) {
        self.generation.learn(Generation::of(version));
    }

    /// Returns `true` if a result with this UUID was received before, and remembers the UUID.
    pub(crate) fn is_repeated(&mut self, uuid: Option<&str>) -> bool {
        let Some(uuid) = uuid.and_then(|uuid| uuid.parse().ok()) else { return false };
        let is_repeated = self.results.contains(&uuid);
        if !is_repeated {
            self.results.truncate(RESULTS - 1);
            self.results.push_front(uuid);
        }
        is_repeated
    }

    /// Handles `system/init`. An open turn stays open: its result is held back (2.1.45 to 2.1.178, behind a
    /// subagent).
    pub(crate) fn init(&mut self, now: SessionTime, actions: &mut Actions) {
        self.turn_continues(actions);
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

    /// Records that a line could not be read.
    pub(crate) fn missed_a_line(&mut self) {
        self.missed_a_line = true;
        self.order += 1;
        self.last_missed = self.order;
    }

    /// Records that the CLI echoed a user line with this UUID.
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

    /// Returns `true` if the echo of a prompt shows that the prompt was read and will not run. Outside a turn, a
    /// CLI that joins prompts echoes the prompts of the next turn, except the last. No other CLI echoes prompts
    /// there that it runs.
    fn skips(&self, uuid: Uuid) -> bool {
        let joins = self.generation.joins || !self.generation.is_known;
        let mut others = self.prompts.iter().filter(|entry| !entry.is_queued() && entry.id.uuid() != uuid);
        let waits = |entry: &Entry| entry.id.uuid() == uuid && matches!(entry.stage, Stage::Written);
        self.turns.is_empty()
            && !self.missed_a_line
            && !self.generation.reports_lifecycle
            && self.prompts.iter().any(waits)
            && (!joins || others.next().is_none())
    }

    /// Records a message of the model on the main thread, which calls this number of tools.
    pub(crate) fn assistant(&mut self, tools: usize) {
        self.spoke();
        if let Some(turn) = self.turns.last_mut() {
            turn.go_on(tools == 0);
            turn.tools += tools;
        }
    }

    /// Records the return of tools that the model called on the main thread.
    pub(crate) fn tools_returned(&mut self, tools: usize) {
        if let Some(turn) = self.turns.last_mut() {
            turn.go_on(false);
            turn.tools = turn.tools.saturating_sub(tools);
        }
    }

    /// Returns `true` if the ledger needs to know which tools run.
    pub(crate) fn watches_tools(&self) -> bool {
        !self.turns.is_empty() && (self.generation.holds_results || self.generation.lists_queued)
    }

    /// Returns the number of tools that run in the last turn, as far as the ledger watches them.
    pub(crate) fn running_tools(&self) -> usize {
        self.turns.last().map_or(0, |turn| turn.tools)
    }

    fn spoke(&mut self) {
        self.task_ended = false;
        match self.turns.last_mut() {
            Some(turn) => turn.spoke = true,
            None => self.spoke_before_init = true,
        }
    }

    /// Records that a local command failed, e.g. a compaction. The command did not succeed, whatever its result
    /// reports.
    pub(crate) fn command_failed(&mut self) {
        self.command_failed = true;
    }

    /// Returns `true` if no result has followed an interrupt that was written.
    pub(crate) fn is_stopping(&self) -> bool {
        self.interrupt != Interrupt::None
    }

    /// Handles `system/task_notification`. Before 2.1.124 nothing else announces a turn of the CLI's own. Before
    /// 2.1.41 such turns do not exist, and the line precedes the next prompt's `init` (`task_no_uuid` of 2.1.30).
    pub(crate) fn task_ended(&mut self) {
        self.task_ended = true;
    }

    /// Records the confirmation that prompts were cancelled before they ran. A prompt that a turn has taken
    /// still gets a result. Not more entries are kept than prompts are open, however many the CLI names.
    pub(crate) fn cancelled(&mut self, uuids: impl Iterator<Item = Uuid>, actions: &mut Actions) {
        let written = self.prompts.iter().filter(|entry| entry.is_written());
        let written: BTreeSet<Uuid> = written.map(|entry| entry.id.uuid()).collect();
        let named: BTreeSet<Uuid> = uuids.filter(|uuid| written.contains(uuid)).collect();
        for entry in self.prompts.remove_all(|entry| named.contains(&entry.id.uuid())) {
            entry.end(Outcome::Cancelled, actions);
        }
    }

    /// Records that a hook prevents a prompt from continuing.
    ///
    /// If the CLI has completed a prompt without an echo, the hook prevented only that prompt from being folded into
    /// a turn. The turn continues (`blocked_fold` of 2.1.329). Otherwise the turn is prevented, unless its result
    /// names another cause.
    pub(crate) fn prevented(&mut self, actions: &mut Actions) {
        let unfolded = |entry: &Entry| entry.completed && !entry.echoed && entry.turn().is_some();
        if let Some(entry) = self.prompts.remove_first(unfolded) {
            entry.end(Outcome::Blocked, actions);
        } else if let Some(turn) = self.turns.last_mut() {
            turn.prevented = true;
        }
    }
}
