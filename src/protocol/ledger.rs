//! Ledger of prompts and turns: decides which result answers which prompt.
//!
//! A prompt is queued, written to the CLI, taken by a turn, and ends. The kinds of evidence, strongest first:
//!
//! | Evidence | Since | Meaning |
//! |---|---|---|
//! | `result.user_message_uuids` | 2.1.259 | the result answers these prompts, and no other that was taken (a list of 64 is truncated: then also those) |
//! | `command_lifecycle` `started`, `completed` | 2.1.206 | the running or the next turn took the prompt; a completed prompt belongs to no turn that begins later |
//! | `result.user_message_uuid` alone | 2.1.250 | the result answers this prompt, and no other without evidence of its own |
//! | `command_lifecycle` `cancelled` | 2.1.206 | the prompt has ended; while its turn runs, the result of the turn follows and takes precedence |
//! | `command_lifecycle` `discarded`, `refused` | 2.1.206 | the prompt has ended, and no result follows |
//! | the echo of a prompt's UUID | 1.0.128 | the running or the next turn took the prompt (the echo rule) |
//! | that echo outside a turn, before 2.1.85, or of the only prompt; `completed` of a prompt that was not announced, with no line missing and no turn of its own | 1.0.128; 2.1.206 | the UUID was seen before, and the prompt does not run |
//! | `system/informational` with `prevent_continuation` | 2.1.250 | a hook blocked the turn, or a prompt that was to be merged into it |
//! | `cancelled` of `cancel_async_message`, or in the acknowledgment of an interrupt | 2.1.76; 2.1.250 | the prompt has ended, unless a turn took it up |
//! | `system/init` | 1.0.128 | a turn begins; prompts that were taken before belong to it |
//! | `result` | 1.0.128 | every open turn has ended, and every prompt that they took |
//! | `result.origin`; `task_notification` right before `init` | 2.1.124; 2.1.41 | the turn is the CLI's own: without other evidence it took no prompt |
//!
//! If no line names a prompt, these rules remain, for turns that have an `init` and are not the CLI's own:
//!
//! * The turn took nothing: it answers the oldest prompt that was written before its `init`. Local commands,
//!   blocked prompts, and prompts that were aborted before the first word have no echo. If the CLI joins prompts
//!   and echoes none, the turn also answers the prompts that waited with the oldest one (`queue_no_uuid`, since
//!   2.1.85). From 2.1.69 to 2.1.84 the turn answers one of the prompts that waited at the end of the previous
//!   turn. It is the one of the highest priority, and of the kind that the result fits (`local_before_later` of
//!   2.1.73). The output of a local command before the result shows that the prompt is a command
//!   (`compact_queued` of 2.1.73).
//! * The turn took prompts before its `init` and none after: a joined batch was blocked before its last echo,
//!   which belonged to the next prompt (`blocked_batch` of 2.1.143).
//!
//! Ends that only these rules show are marked as [`Attribution::Inferred`](crate::Attribution). An echo of a
//! prompt that a rule has ended shows that the rule was wrong. The turn of the echo answers no other prompt. The
//! result that the prompt got goes to the next prompt that waited for that turn.
//!
//! A `result` without `init` answers only prompts that evidence assigns to it: a failed resume and the crash of
//! 2.0.76 answer no prompt. A turn that was ended [without its result](missing) may get it late. A result that
//! arrives before the CLI continues then answers no prompt, unless it names an open one. No recorded CLI reports
//! a success without `init`, but programs that replace the CLI do. Such a result answers the oldest prompt that
//! the program has, unless it is the CLI's own or a repetition. Lines of a subagent are not evidence.

mod evidence;
mod generation;
mod guesses;
mod lifecycle;
mod missing;
mod prompts;
mod queries;
mod results;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::error::LostReason;
use crate::base::ids::{PromptId, Seed, TurnId, Uuid};
use crate::base::time::SessionTime;
use crate::protocol::action::{Action, Outcome, TurnOrigin};
use crate::protocol::action_queue::Actions;

use generation::Generation;
use guesses::Guess;
use prompts::{Entry, Limit, Prompts, Rank, Stage};
pub(crate) use prompts::{Place, Traits};
use turns::Turn;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ledger {
    #[serde(skip)]
    session: u64,
    prompts: Prompts,
    turns: Vec<Turn>,
    last_turn: u64,
    generation: Generation,
    /// Counter of writes, starts and ends, which defines their order.
    order: u64,
    /// Place of the last result in that order.
    last_result: u64,
    /// `true` if a background task ended since the last main-thread line: the next turn may be the CLI's own.
    task_ended: bool,
    interrupt: Interrupt,
    guesses: Vec<Guess>,
    /// `true` if a prompt that has ended was echoed: the next turn runs it.
    ended_is_due: bool,
    /// `true` if the model responded outside a turn: the `init` was lost, or the CLI writes none.
    spoke_before_init: bool,
    /// `true` if a line was rejected since the last turn began or ended: the line may have been an `init`.
    missed_a_line: bool,
    /// Place of the last rejected line in that order.
    last_missed: u64,
    /// Place of the last `running` state in that order.
    last_running: u64,
    /// `true` if a turn was ended without its result, and the CLI has not continued since: a result may be the
    /// missing one.
    result_may_be_late: bool,
    /// `true` if a compaction, or another local command, failed since the last result.
    command_failed: bool,
    /// UUIDs of the last results.
    results: VecDeque<Uuid>,
}

/// State of the host's last interrupt, which may have caused the next `error_during_execution`. Before 2.1.91 the
/// result does not report the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Interrupt {
    None,
    /// The interrupt was written at this place in the order. A success that precedes its acknowledgment belongs
    /// to an older turn, from a backlog.
    Written(u64),
    /// The interrupt was acknowledged: it affects the next result or none.
    Acknowledged,
}

impl Interrupt {
    fn is_written(self) -> bool {
        matches!(self, Self::Written(_))
    }
}

/// Known data about a turn at its start.
struct TurnOf {
    origin: TurnOrigin,
    batch: bool,
}

impl Ledger {
    pub(crate) fn new(seed: Seed) -> Self {
        Self {
            session: seed.tag(),
            prompts: Prompts::new(seed),
            turns: Vec::new(),
            last_turn: 0,
            generation: Generation::default(),
            order: 0,
            last_result: 0,
            task_ended: false,
            interrupt: Interrupt::None,
            guesses: Vec::new(),
            ended_is_due: false,
            spoke_before_init: false,
            missed_a_line: false,
            last_missed: 0,
            last_running: 0,
            result_may_be_late: false,
            command_failed: false,
            results: VecDeque::new(),
        }
    }

    /// Restores the values that follow from the seed and from the entries, which a snapshot omits. Returns `true`
    /// if every id is one of the session, and in order.
    pub(crate) fn restore(&mut self, seed: Seed) -> bool {
        self.session = seed.tag();
        self.turns.iter().all(|turn| turn.id.session() == self.session) && self.prompts.restore(seed)
    }

    /// Returns the values of the counters.
    pub(crate) fn counters(&self) -> [u64; 3] {
        [self.order, self.last_turn, self.prompts.last()]
    }

    // Commands.

    /// Returns the id of the next prompt, or `None` if the UUID that the host wants was used before.
    pub(crate) fn next_id(&self, wanted: Option<Uuid>) -> Option<PromptId> {
        self.prompts.next_id(wanted)
    }

    /// Adds a prompt to the queue. `line` is written to stdin when its turn comes.
    pub(crate) fn accept(&mut self, id: PromptId, line: Vec<u8>, traits: Traits) {
        self.prompts.accept(id, line, traits);
    }

    /// Returns the line of a queued prompt, and marks the prompt as written.
    pub(crate) fn write(&mut self, id: PromptId) -> Option<Vec<u8>> {
        self.order += 1;
        let line = self.prompts.write(id, self.order)?;
        if self.generation.ranks && self.prompts.rank(id) == Some(Rank::Now) {
            self.turns.last_mut().into_iter().for_each(Turn::stop);
        }
        Some(line)
    }

    /// Records that an interrupt was written. Returns its place in the order of writes and starts.
    pub(crate) fn interrupt_written(&mut self) -> u64 {
        self.order += 1;
        self.interrupt = Interrupt::Written(self.order);
        self.order
    }

    /// Records that the CLI acknowledged an interrupt, or that a response of the host interrupts the turn. An interrupt of an
    /// idle CLI has no effect, not even on prompts that the CLI reads later.
    pub(crate) fn interrupt_acknowledged(&mut self) {
        let written = match self.interrupt {
            Interrupt::Written(order) => order,
            Interrupt::None | Interrupt::Acknowledged => self.order,
        };
        let concerned = |entry: &Entry| match entry.stage {
            Stage::Written => entry.written < written,
            Stage::Due | Stage::Taken | Stage::Unanswered => true,
            Stage::Queued(_) => false,
        };
        let idle = self.turns.is_empty() && !self.prompts.iter().any(concerned);
        self.interrupt = if idle { Interrupt::None } else { Interrupt::Acknowledged };
        self.turns.last_mut().into_iter().for_each(Turn::stop);
    }

    /// Ends one prompt that was never written.
    pub(crate) fn cancel_unwritten(&mut self, id: PromptId, actions: &mut Actions) {
        if let Some(entry) = self.prompts.remove_first(|entry| entry.id == id && entry.is_queued()) {
            entry.end(Outcome::Cancelled, actions);
        }
    }

    /// Ends the prompts that were never written.
    pub(crate) fn cancel_queued(&mut self, actions: &mut Actions) {
        for entry in self.prompts.remove_all(Entry::is_queued) {
            entry.end(Outcome::Cancelled, actions);
        }
    }

    /// Records that the time limit of a prompt has passed. If the prompt is stopped now, it has timed out.
    pub(crate) fn time_passed(&mut self, id: PromptId) {
        if let Some(entry) = self.prompts.find(id.uuid()) {
            entry.limit = Limit::Passed;
        }
    }

    /// Marks the turns whose length was reported.
    pub(crate) fn mark_overdue(&mut self, now: SessionTime, wait: Duration) {
        self.turns.iter_mut().for_each(|turn| turn.mark_overdue(now, wait));
    }

    /// Ends a prompt that was not stopped in time. If the CLI has forgotten the prompt, its turn also ends,
    /// unless the turn has other prompts. Otherwise the ledger keeps the prompt, without reports, until it ends.
    pub(crate) fn give_up(&mut self, id: PromptId, forgotten: bool, actions: &mut Actions) {
        let shared = self.prompts.iter().any(|other| other.id != id && other.is_taken());
        let Some(entry) = self.prompts.find(id.uuid()) else { return };
        let turn = entry.turn();
        if !forgotten || shared || self.turns.len() > 1 {
            entry.limit = Limit::Open;
            entry.end(Outcome::TimedOut { stopped: false }, actions);
            entry.limit = Limit::GivenUp;
            return;
        }
        let (ended, open) =
            std::mem::take(&mut self.turns).into_iter().partition::<Vec<_>, _>(|open| Some(open.id) == turn);
        self.turns = open;
        self.end_without_result(ended, actions);
        self.interrupt = Interrupt::None;
        self.end(id.uuid(), Outcome::Interrupted, actions);
    }

    /// Ends everything as lost, because no more evidence will arrive.
    pub(crate) fn lose(&mut self, reason: LostReason, actions: &mut Actions) {
        for turn in std::mem::take(&mut self.turns) {
            actions.push(Action::TurnEnded { turn: turn.id, origin: turn.origin, result: None });
        }
        for entry in self.prompts.remove_all(|_| true) {
            entry.end(Outcome::Lost(reason), actions);
        }
    }

    // Internals.

    /// Begins a turn, which takes the prompts with earlier evidence.
    fn open_turn(&mut self, now: SessionTime, TurnOf { origin, batch }: TurnOf, actions: &mut Actions) {
        self.last_turn += 1;
        self.order += 1;
        let id = TurnId::new(self.session, self.last_turn);
        actions.push(Action::TurnStarted { turn: id, origin: origin.clone() });
        let is_of_ended = std::mem::take(&mut self.ended_is_due);
        self.turns.push(Turn { batch, is_of_ended, ..Turn::new(id, now, self.order, self.last_result, origin) });
        for entry in self.prompts.iter_mut().filter(|entry| entry.waits_for_turn()) {
            entry.taken(id, actions);
        }
    }

    /// Records that a turn took a prompt. Returns `false` if the prompt is unknown or was not yet sent to the CLI.
    fn take(&mut self, uuid: Uuid, actions: &mut Actions) -> bool {
        let turn = self.current_turn();
        let Some(entry) = self.prompts.find(uuid) else { return false };
        if entry.is_queued() {
            return false;
        }
        self.result_may_be_late = false;
        if entry.turn().is_none() {
            match turn {
                Some(turn) => entry.taken(turn, actions),
                None => entry.stage = Stage::Due,
            }
        }
        true
    }

    fn end(&mut self, uuid: Uuid, outcome: Outcome, actions: &mut Actions) {
        let with_cli = |entry: &Entry| entry.id.uuid() == uuid && !entry.is_queued();
        if let Some(entry) = self.prompts.remove_first(with_cli) {
            entry.end(outcome, actions);
        }
    }
}
