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
//! What is known by these rules alone is marked so ([`Attribution::Inferred`](crate::action::Attribution)). An echo of a
//! prompt that they have ended says that they were wrong: its turn answers no other, and the result that it was given goes
//! to the next of those that waited for that turn.
//!
//! A `result` without `init` answers only prompts that evidence gives it: a failed resume and the crash of 2.0.76 answer
//! nobody. A turn that was ended [without its result](missing) may have it late: one that comes before the CLI goes on is
//! nobody's, unless it names a prompt that is open. No CLI that was recorded gives a success without one; programs that stand in for it do, and there it answers the
//! oldest prompt that it has, unless the result is the CLI's own or was heard before. A subagent's frames say nothing here.

mod generation;
mod guesses;
mod lifecycle;
mod missing;
mod prompts;
mod results;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

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

/// How many results are remembered by their uuids.
const RESULTS: usize = 64;
/// How many turns are kept open behind a result that is held back; further `init`s open none.
const OPEN_TURNS: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Ledger {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    // Queries.

    pub(crate) fn first_queued(&self) -> Option<PromptId> {
        self.prompts.iter().find(|entry| entry.is_queued()).map(|entry| entry.id)
    }

    pub(crate) fn place(&self, id: PromptId) -> Option<Place> {
        self.prompts.place(id)
    }

    /// The prompts that turns have taken, and that have not ended for the host.
    pub(crate) fn taken(&self) -> impl Iterator<Item = PromptId> {
        let taken = self.prompts.iter().filter(|entry| entry.is_taken() && entry.limit != Limit::GivenUp);
        taken.map(|entry| entry.id)
    }

    /// Whether the CLI runs a turn, or has a prompt of which no end is known.
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

    /// The turn to which a frame belongs that comes now.
    pub(crate) fn current_turn(&self) -> Option<TurnId> {
        self.turns.last().map(|turn| turn.id)
    }

    /// Returns the turn that runs, and the first prompt that it is known to have taken.
    pub(crate) fn current(&self) -> (Option<TurnId>, Option<PromptId>) {
        let turn = self.current_turn();
        let taken = self.prompts.iter().find(|entry| turn.is_some() && entry.turn() == turn);
        (turn, taken.map(|entry| entry.id))
    }

    /// Whether the CLI says which turns are its own.
    pub(crate) fn tells_origin(&self) -> bool {
        self.generation.tells_origin
    }

    /// Whether a result says that no agent runs in the background.
    pub(crate) fn holds_results(&self) -> bool {
        self.generation.holds_results
    }

    /// What an interrupt that is aimed at nothing in particular would stop: a prompt of the running turn, else the
    /// oldest that the CLI has. None while a turn of the CLI's own runs that took no prompt.
    pub(crate) fn running_prompt(&self) -> Option<PromptId> {
        let taken = self.prompts.iter().find(|entry| entry.is_taken());
        let own = self.turns.last().is_some_and(Turn::is_own);
        let oldest = || self.prompts.unknown_names().next().filter(|_| !own);
        taken.or_else(oldest).map(|entry| entry.id)
    }

    /// The begin of the oldest turn that was not yet told to take long.
    pub(crate) fn turn_since(&self) -> Option<SessionTime> {
        self.turns.iter().filter(|turn| !turn.overdue).map(|turn| turn.since).min()
    }

    pub(crate) fn mark_overdue(&mut self, now: SessionTime, wait: Duration) {
        self.turns.iter_mut().for_each(|turn| turn.mark_overdue(now, wait));
    }

    // Evidence.

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
