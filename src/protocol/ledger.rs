//! Which result answers which prompt.
//!
//! A prompt is queued here, written to the CLI, taken by a turn, and over. What each kind of evidence says, strongest
//! first:
//!
//! | Evidence | From | Says |
//! |---|---|---|
//! | `result.user_message_uuids` | 2.1.259 | these prompts, and of those taken no other (a list of 64 is cut: also those) |
//! | `command_lifecycle` `started`, `completed` | 2.1.206 | taken, by the running turn or the next; what is completed is of no turn that begins later |
//! | `result.user_message_uuid` alone | 2.1.250 | this prompt; no other without evidence of its own |
//! | `command_lifecycle` `cancelled` | 2.1.206 | over, unless its turn runs: that one's result is to come, and wins |
//! | `command_lifecycle` `discarded`, `refused` | 2.1.206 | over, and no result is to come |
//! | the echo of our uuid | 1.0.128 | taken, by the running turn or the next (the echo rule) |
//! | that echo outside a turn, up to 2.1.84, or of the only prompt; `completed` of one that was not announced, with no line missing and no turn of its own | 1.0.128; 2.1.206 | its uuid was seen before, and it does not run |
//! | `system/informational` with `prevent_continuation` | 2.1.250 | blocked: the turn, or a prompt that was to be folded into it |
//! | `cancelled` of `cancel_async_message`, or in an interrupt's receipt | 2.1.76; 2.1.250 | over, unless taken |
//! | `system/init` | 1.0.128 | a turn begins; what was taken before belongs to it |
//! | `result` | 1.0.128 | every open turn is over, and every prompt that they took |
//! | `result.origin`; `task_notification` right before `init` | 2.1.124; 2.1.41 | the turn is the CLI's own: without other evidence it took nothing |
//!
//! Where nothing names a prompt, this is left, where a turn has an `init` and is not the CLI's own:
//!
//! * it took nothing: it answers the oldest prompt that was written before its `init` (local commands, blocked prompts, and
//!   those that were aborted before their first word have no echo), and where the CLI joins prompts and echoes none, those
//!   that waited with it (`queue_no_uuid`, from 2.1.85 on). From 2.1.69 to 2.1.84, of those that waited as the turn before it
//!   ended, the one of the highest priority, and of the kind that the result fits (`local_before_later` of 2.1.73);
//! * it took something before its `init` and nothing after: a joined batch that was blocked before its last echo, which
//!   the next prompt was due (`blocked_batch` of 2.1.143).
//!
//! What is known by these rules alone is marked so ([`Attribution::Inferred`](crate::Attribution)). An echo of a
//! prompt that they have ended says that they were wrong: its turn answers no other, and the result that it was given goes
//! to the next of those that waited for that turn.
//!
//! A `result` without `init` answers only prompts that evidence gives it: a failed resume and the crash of 2.0.76 answer
//! nobody. A turn that was ended [without its result](missing) may have it late: one that comes before the CLI goes on is
//! nobody's, unless it names a prompt that is open. No CLI that was recorded gives a success without one; programs that stand in for it do, and there it answers the
//! oldest prompt that it has, unless the result is the CLI's own or was heard before. A subagent's frames say nothing here.

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
    /// Counts what is written, begins and ends, to tell which came first.
    order: u64,
    /// When the last result came, in that order.
    last_result: u64,
    /// A background task ended since the last main-thread frame: the next turn may be the CLI's own.
    task_ended: bool,
    interrupt: Interrupt,
    guesses: Vec<Guess>,
    /// A prompt that has ended was echoed: the next turn is its.
    ended_is_due: bool,
    /// The model spoke outside a turn: its `init` was lost, or it gives none.
    spoke_before_init: bool,
    /// A line was rejected since the last turn began or ended: it may have been an `init`.
    missed_a_line: bool,
    /// Place of the last rejected line in that order.
    last_missed: u64,
    /// Place of the last `running` state in that order.
    last_running: u64,
    /// A turn was ended without its result, and the CLI has not gone on since: a result may be that one.
    result_may_be_late: bool,
    /// A compaction, or another local command, failed since the last result.
    command_failed: bool,
    /// The uuids of the last results.
    results: VecDeque<Uuid>,
}

/// Whether an interrupt of ours may have caused the next `error_during_execution`: up to 2.1.90 the result does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Interrupt {
    None,
    /// Written at that place in the order. A success that comes before its acknowledgement is of an older turn, out of a
    /// backlog.
    Written(u64),
    /// Acknowledged: it concerns the next result or none.
    Acknowledged,
}

impl Interrupt {
    fn is_written(self) -> bool {
        matches!(self, Self::Written(_))
    }
}

/// What is known of a turn as it begins.
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

    /// Takes what follows from the seed and from the entries, which a snapshot leaves out. Returns whether every id is one of
    /// the session, and in order.
    pub(crate) fn restore(&mut self, seed: Seed) -> bool {
        self.session = seed.tag();
        self.turns.iter().all(|turn| turn.id.session() == self.session) && self.prompts.restore(seed)
    }

    /// Returns the numbers that are counted up.
    pub(crate) fn counters(&self) -> [u64; 3] {
        [self.order, self.last_turn, self.prompts.last()]
    }

    // Commands.

    /// The id that the next prompt will have, or none if the uuid that the host wants was used.
    pub(crate) fn next_id(&self, wanted: Option<Uuid>) -> Option<PromptId> {
        self.prompts.next_id(wanted)
    }

    /// Takes a prompt in, as its line.
    pub(crate) fn accept(&mut self, id: PromptId, line: Vec<u8>, traits: Traits) {
        self.prompts.accept(id, line, traits);
    }

    /// The line of a queued prompt, which is written by this.
    pub(crate) fn write(&mut self, id: PromptId) -> Option<Vec<u8>> {
        self.order += 1;
        let line = self.prompts.write(id, self.order)?;
        if self.generation.ranks && self.prompts.rank(id) == Some(Rank::Now) {
            self.turns.last_mut().into_iter().for_each(Turn::stop);
        }
        Some(line)
    }

    /// An interrupt was written. Returns its place in the order of what was written and what began.
    pub(crate) fn interrupt_written(&mut self) -> u64 {
        self.order += 1;
        self.interrupt = Interrupt::Written(self.order);
        self.order
    }

    /// The CLI acknowledged an interrupt, or was told to interrupt by an answer. An idle CLI stops nothing, and no prompt
    /// that it reads later.
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

    /// The time limit of a prompt has passed: if it is stopped now, it has timed out.
    pub(crate) fn time_passed(&mut self, id: PromptId) {
        if let Some(entry) = self.prompts.find(id.uuid()) {
            entry.limit = Limit::Passed;
        }
    }

    /// Notes the turns whose length was reported.
    pub(crate) fn mark_overdue(&mut self, now: SessionTime, wait: Duration) {
        self.turns.iter_mut().for_each(|turn| turn.mark_overdue(now, wait));
    }

    /// Ends a prompt that was not stopped in time. If the CLI has forgotten it, its turn is over too, unless that has others;
    /// else the prompt stays, unheard, until it ends.
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

    /// Ends everything: no more evidence will come.
    pub(crate) fn lose(&mut self, reason: LostReason, actions: &mut Actions) {
        for turn in std::mem::take(&mut self.turns) {
            actions.push(Action::TurnEnded { turn: turn.id, origin: turn.origin, result: None });
        }
        for entry in self.prompts.remove_all(|_| true) {
            entry.end(Outcome::Lost(reason), actions);
        }
    }

    // Within.

    /// Begins a turn; it takes the prompts of which evidence came before it.
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

    /// Notes that a turn took up a prompt which the CLI has. Whether there is such a prompt.
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
