//! Which result answers which prompt.
//!
//! A prompt is [`Queued`](Stage::Queued) here, [`Written`](Stage::Written) to the CLI, [`Taken`](Stage::Taken) by a
//! turn, and over. What each kind of evidence says, strongest first:
//!
//! | Evidence | From | Says |
//! |---|---|---|
//! | `result.user_message_uuids` | 2.1.329 | these prompts, and of those taken no other (but for a list of 64, which is cut) |
//! | `command_lifecycle` `started`, `completed` | 2.1.250 | taken, by the running turn or the next |
//! | `command_lifecycle` `cancelled` | 2.1.250 | over, if not taken; a taken one waits for its result |
//! | the echo of our uuid | 1.0.128 | taken, by the running turn or the next (the echo rule) |
//! | `system/informational` that a hook prevents the prompt | 2.1.250 | blocked: the turn, or a prompt that was to be folded into it |
//! | reply to `cancel_async_message`, `cancelled` of an interrupt's receipt | 2.1.50 | over, if not taken |
//! | `system/init` | 1.0.128 | a turn begins; prompts that were taken before belong to it |
//! | `result` | 1.0.128 | every open turn is over, and every prompt that they took |
//! | `result.origin`, or `task_notification` right before `init` | 2.1.143, 2.1.50 | the turn is the CLI's own: it took only what other evidence says |
//!
//! What remains where nothing names a prompt (see [`fallback`](Ledger::fallback)): a turn that is not the CLI's own and
//! took nothing answers the oldest prompt that was written before its `init`; a joined batch of 2.1.143, of which all
//! but the last are echoed before `init`, ends with the next one; and a `result` without any `init` (a failed resume, the
//! crash of 2.0.76) answers nobody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::action::{Action, Origin, Outcome};
use crate::error::Lost;
use crate::ids::{PromptId, Seed, TurnId, Uuid};
use crate::message::Message;
use crate::protocol::actions::Actions;
use crate::time::Time;
use crate::wire::facts::{CommandState, Lifecycle, ResultFacts};

/// How many uuids given by the host are remembered after their prompts are over.
const REMEMBERED: usize = 1024;

/// How many turns are kept open behind a result that is held back; further `init`s open none.
const OPEN_TURNS: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    seed: Seed,
    prompts: Vec<Entry>,
    turns: Vec<Turn>,
    last_prompt: u64,
    last_turn: u64,
    /// Counts what is written and what begins, to tell which came first.
    order: u64,
    /// A background task ended since the last main-thread frame: the next turn may be the CLI's own.
    task_ended: bool,
    /// The CLI tells the life of each prompt: one that it does not name it has not taken.
    tells_life: bool,
    /// The CLI says which turns are its own.
    tells_origin: bool,
    interrupt: Stop,
    queued_bytes: usize,
    used: VecDeque<Uuid>,
}

#[derive(Debug, Clone)]
struct Entry {
    id: PromptId,
    stage: Stage,
    /// It begins with a slash: a local command ends without a word of the model.
    slash: bool,
    echoed: bool,
    completed: bool,
}

#[derive(Debug, Clone)]
enum Stage {
    Queued(Vec<u8>),
    /// At that place in the order.
    Written(u64),
    /// By that turn, or by the one that is about to begin.
    Taken(Option<TurnId>),
}

#[derive(Debug, Clone)]
struct Turn {
    id: TurnId,
    since: Time,
    order: u64,
    origin: Origin,
    /// A prompt was echoed before `init`: a joined batch.
    batch: bool,
    /// A prompt was echoed, or the model spoke, after `init`.
    spoke: bool,
    /// A hook prevents it from going on.
    prevented: bool,
    overdue: bool,
}

/// Whether an interrupt of ours may have caused the next `error_during_execution`: up to 2.1.50 the result does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    None,
    /// Written. A result that comes before its acknowledgement may be an older one, out of a backlog.
    Written,
    /// Acknowledged: it concerns the next result or none.
    Acknowledged,
}

/// What the ledger knows of a prompt that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Queued,
    Written,
    Taken,
}

impl Ledger {
    pub(crate) fn new(seed: Seed) -> Self {
        Self {
            seed,
            prompts: Vec::new(),
            turns: Vec::new(),
            last_prompt: 0,
            last_turn: 0,
            order: 0,
            task_ended: false,
            tells_life: false,
            tells_origin: false,
            interrupt: Stop::None,
            queued_bytes: 0,
            used: VecDeque::new(),
        }
    }

    // Commands.

    /// The id that the next prompt will have, or none if the uuid that the host wants was used.
    pub(crate) fn next_id(&self, wanted: Option<Uuid>) -> Option<PromptId> {
        let number = self.last_prompt + 1;
        let uuid = wanted.unwrap_or_else(|| self.seed.uuid(number));
        let known = self.used.contains(&uuid) || self.prompts.iter().any(|entry| entry.id.uuid() == uuid);
        (!known).then(|| PromptId::new(self.seed.tag(), number, uuid))
    }

    /// Takes a prompt in, as its line.
    pub(crate) fn accept(&mut self, id: PromptId, line: Vec<u8>, slash: bool) {
        self.last_prompt = id.number();
        self.queued_bytes += line.len();
        self.prompts.push(Entry { id, stage: Stage::Queued(line), slash, echoed: false, completed: false });
    }

    /// The line of a queued prompt, which is written by this.
    pub(crate) fn write(&mut self, id: PromptId) -> Option<Vec<u8>> {
        self.order += 1;
        let order = self.order;
        let entry = self.find(id)?;
        let Stage::Queued(line) = &mut entry.stage else { return None };
        let line = std::mem::take(line);
        entry.stage = Stage::Written(order);
        self.queued_bytes -= line.len();
        Some(line)
    }

    pub(crate) fn first_queued(&self) -> Option<PromptId> {
        self.prompts.iter().find(|entry| matches!(entry.stage, Stage::Queued(_))).map(|entry| entry.id)
    }

    pub(crate) fn place(&self, id: PromptId) -> Option<Place> {
        let entry = self.prompts.iter().find(|entry| entry.id == id)?;
        Some(match entry.stage {
            Stage::Queued(_) => Place::Queued,
            Stage::Written(_) => Place::Written,
            Stage::Taken(_) => Place::Taken,
        })
    }

    /// Whether the CLI runs a turn, or has a prompt of which no end is known.
    pub(crate) fn is_busy(&self) -> bool {
        !self.turns.is_empty() || self.prompts.iter().any(|entry| !matches!(entry.stage, Stage::Queued(_)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.prompts.is_empty()
    }

    pub(crate) fn open_prompts(&self) -> usize {
        self.prompts.len()
    }

    pub(crate) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// The turn to which a frame belongs that comes now.
    pub(crate) fn current_turn(&self) -> Option<TurnId> {
        self.turns.last().map(|turn| turn.id)
    }

    /// What an interrupt that is aimed at nothing in particular would stop: a prompt of the running turn, else the
    /// oldest that the CLI has.
    pub(crate) fn running_prompt(&self) -> Option<PromptId> {
        let taken = self.prompts.iter().find(|entry| matches!(entry.stage, Stage::Taken(_)));
        taken.or_else(|| self.eligible(u64::MAX).next()).map(|entry| entry.id)
    }

    pub(crate) fn interrupt_written(&mut self) {
        self.interrupt = Stop::Written;
    }

    /// The CLI acknowledged an interrupt, or was told to interrupt by an answer.
    pub(crate) fn interrupt_acknowledged(&mut self) {
        self.interrupt = Stop::Acknowledged;
    }

    /// The begin of the longest turn that was not yet reported as overdue.
    pub(crate) fn turn_since(&self) -> Option<Time> {
        self.turns.iter().filter(|turn| !turn.overdue).map(|turn| turn.since).min()
    }

    pub(crate) fn mark_overdue(&mut self, now: Time, wait: Option<Duration>) {
        for turn in &mut self.turns {
            turn.overdue |= wait.is_some_and(|wait| turn.since.after(wait) <= now);
        }
    }

    // Evidence.

    /// `system/init`. A turn that was open stays so: its result is held back (2.1.50 and 2.1.143, behind a subagent).
    pub(crate) fn init(&mut self, now: Time, tells_origin: bool, actions: &mut Actions) {
        self.tells_origin |= tells_origin;
        let waiting = self.prompts.iter().any(|entry| matches!(entry.stage, Stage::Taken(None)));
        let echoed = self.prompts.iter().any(|entry| matches!(entry.stage, Stage::Taken(None)) && entry.echoed);
        let origin = if waiting {
            Origin::Prompt
        } else if self.task_ended {
            Origin::Own("task-notification".into())
        } else if self.eligible(u64::MAX).next().is_some() {
            Origin::Prompt
        } else {
            Origin::Unknown
        };
        self.task_ended = false;
        if self.turns.len() < OPEN_TURNS {
            self.open_turn(now, origin, echoed, actions);
        }
    }

    /// The CLI repeated a user line under that uuid.
    pub(crate) fn echo(&mut self, uuid: Uuid, actions: &mut Actions) {
        if self.take(uuid, actions) {
            self.task_ended = false;
            if let Some(entry) = self.find_uuid(uuid) {
                entry.echoed = true;
            }
            self.spoke();
        }
    }

    /// The model spoke on the main thread.
    pub(crate) fn spoke(&mut self) {
        self.task_ended = false;
        if let Some(turn) = self.turns.last_mut() {
            turn.spoke = true;
        }
    }

    pub(crate) fn task_ended(&mut self) {
        self.task_ended = true;
    }

    pub(crate) fn lifecycle(&mut self, lifecycle: Lifecycle, actions: &mut Actions) {
        let open: Vec<TurnId> = self.turns.iter().map(|turn| turn.id).collect();
        let Some(entry) = self.find_uuid(lifecycle.uuid) else { return };
        let result_due = matches!(entry.stage, Stage::Taken(Some(turn)) if open.contains(&turn));
        match lifecycle.state {
            CommandState::Started => {
                self.take(lifecycle.uuid, actions);
            }
            CommandState::Completed if result_due || !open.is_empty() => {
                entry.completed = true;
                self.take(lifecycle.uuid, actions);
            }
            CommandState::Completed => self.end_uuid(lifecycle.uuid, Outcome::Lost(Lost::NoResult), actions),
            CommandState::Cancelled if !result_due => self.end_uuid(lifecycle.uuid, Outcome::Cancelled, actions),
            CommandState::Cancelled | CommandState::Queued | CommandState::Other => {}
        }
        self.tells_life = true;
    }

    /// The CLI confirms that a prompt was withdrawn before it ran. A prompt that a turn has taken has a result coming,
    /// which wins.
    pub(crate) fn cancelled(&mut self, uuid: Uuid, actions: &mut Actions) {
        let waits = |entry: &&mut Entry| matches!(entry.stage, Stage::Written(_));
        if self.find_uuid(uuid).filter(waits).is_some() {
            self.end_uuid(uuid, Outcome::Cancelled, actions);
        }
    }

    /// A hook prevents a prompt from going on (`system/informational` with `prevent_continuation`).
    ///
    /// Where the CLI is done with a prompt that it did not echo, that one was to be folded into a turn which goes on
    /// without it (`blocked_fold` of 2.1.329). Else it is the turn that is prevented, if its result says no other cause.
    pub(crate) fn prevented(&mut self, actions: &mut Actions) {
        let folded = |entry: &Entry| entry.completed && !entry.echoed && matches!(entry.stage, Stage::Taken(Some(_)));
        if let Some(entry) = self.remove_first(folded) {
            end(&entry, Outcome::Blocked, None, actions);
        } else if let Some(turn) = self.turns.last_mut() {
            turn.prevented = true;
        }
    }

    /// A `result`: it ends every open turn and answers what they took.
    pub(crate) fn result(&mut self, now: Time, facts: &ResultFacts, message: &Message, actions: &mut Actions) {
        let own = facts.own_origin().map(|kind| Origin::Own(Arc::from(kind)));
        self.tells_origin |= own.is_some();
        let had_init = !self.turns.is_empty();
        if !had_init {
            self.open_turn(now, Origin::Unknown, false, actions);
        }
        if let Some(last) = self.turns.last_mut() {
            match own {
                Some(own) => last.origin = own,
                None if self.tells_origin && matches!(last.origin, Origin::Own(_)) => last.origin = Origin::Unknown,
                None => {}
            }
        }
        if let Some(named) = facts.answers() {
            for uuid in named {
                self.take(uuid, actions);
            }
        } else if had_init && !self.tells_life {
            if let Some(prompt) = self.fallback() {
                self.take(prompt.uuid(), actions);
            }
        }
        actions.push(Action::Message { turn: self.current_turn(), message: message.clone() });
        let answered = self.take_answered(facts);
        for ended in std::mem::take(&mut self.turns) {
            self.end_turn(ended, &answered, facts, message, actions);
        }
        // What the result does not name although a turn took it is not answered: it waits for evidence, and for no guess.
        for entry in self.prompts.iter_mut().filter(|entry| matches!(entry.stage, Stage::Taken(_))) {
            entry.stage = Stage::Written(u64::MAX);
        }
        self.interrupt = match self.interrupt {
            Stop::Written if facts.subtype.as_deref() == Some("success") => Stop::Written,
            _ => Stop::None,
        };
    }

    /// A turn is over, and with it the prompts that it took, of those that the result answers.
    fn end_turn(&self, ended: Turn, answered: &[Entry], facts: &ResultFacts, message: &Message, actions: &mut Actions) {
        let of_turn = |entry: &&Entry| matches!(entry.stage, Stage::Taken(taken) if taken == Some(ended.id));
        let answered = || answered.iter().filter(of_turn);
        let origin = match (&ended.origin, answered().next()) {
            (Origin::Own(_), _) => ended.origin.clone(),
            (_, Some(_)) => Origin::Prompt,
            (_, None) => Origin::Unknown,
        };
        let result = Some(message.clone());
        let outcome = self.outcome(facts, &ended);
        actions.push(Action::TurnEnded { turn: ended.id, origin, result: result.clone() });
        for entry in answered() {
            let outcome = match outcome {
                // A local command ends without a word of the model, and up to 2.1.143 without an echo.
                Outcome::Blocked if entry.slash && !ended.prevented => Outcome::Success,
                outcome => outcome,
            };
            end(entry, outcome, result.clone(), actions);
        }
    }

    /// How the prompts of a turn ended.
    fn outcome(&self, facts: &ResultFacts, turn: &Turn) -> Outcome {
        let reason = facts.terminal_reason.as_deref();
        let subtype = facts.subtype.as_deref().unwrap_or_default();
        let stopped = reason.is_none() && self.interrupt != Stop::None && subtype == "error_during_execution";
        if stopped || reason.is_some_and(|reason| reason.starts_with("aborted")) {
            Outcome::Interrupted
        } else if facts.is_error == Some(true) || subtype != "success" {
            Outcome::Error
        } else if reason.is_none() && (turn.prevented || !self.tells_life && !turn.spoke) {
            Outcome::Blocked
        } else {
            Outcome::Success
        }
    }

    /// The prompt that the turn answers although nothing says so.
    fn fallback(&self) -> Option<PromptId> {
        let turn = self.turns.last()?;
        let took_some = self.prompts.iter().any(|entry| matches!(entry.stage, Stage::Taken(_)));
        let is_own = matches!(turn.origin, Origin::Own(_));
        let answers_next = if took_some { turn.batch && !turn.spoke } else { !is_own };
        self.eligible(turn.order).next().filter(|_| answers_next).map(|entry| entry.id)
    }

    /// Removes the prompts that the result answers: those taken, or, where it names its prompts, those.
    fn take_answered(&mut self, facts: &ResultFacts) -> Vec<Entry> {
        let named = facts.answers().filter(|_| !facts.answers_may_be_cut());
        let is_answered = |entry: &Entry| {
            matches!(entry.stage, Stage::Taken(Some(_)))
                && named.as_ref().is_none_or(|named| named.contains(&entry.id.uuid()))
        };
        let (answered, open) = std::mem::take(&mut self.prompts).into_iter().partition(is_answered);
        self.prompts = open;
        self.remember(&answered);
        answered
    }

    // The end.

    /// Ends the prompts that were never written.
    pub(crate) fn cancel_queued(&mut self, actions: &mut Actions) {
        while let Some(entry) = self.remove_first(|entry| matches!(entry.stage, Stage::Queued(_))) {
            end(&entry, Outcome::Cancelled, None, actions);
        }
    }

    /// Ends one prompt that was never written.
    pub(crate) fn cancel_unwritten(&mut self, id: PromptId, actions: &mut Actions) {
        if let Some(entry) = self.remove_first(|entry| entry.id == id && matches!(entry.stage, Stage::Queued(_))) {
            end(&entry, Outcome::Cancelled, None, actions);
        }
    }

    /// Ends everything: no more evidence will come.
    pub(crate) fn lose(&mut self, why: Lost, actions: &mut Actions) {
        for turn in std::mem::take(&mut self.turns) {
            actions.push(Action::TurnEnded { turn: turn.id, origin: turn.origin, result: None });
        }
        for entry in std::mem::take(&mut self.prompts) {
            end(&entry, Outcome::Lost(why), None, actions);
        }
        self.queued_bytes = 0;
    }

    // Within.

    /// Begins a turn; it takes the prompts of which evidence came before it.
    fn open_turn(&mut self, now: Time, origin: Origin, batch: bool, actions: &mut Actions) {
        self.last_turn += 1;
        self.order += 1;
        let id = TurnId::new(self.seed.tag(), self.last_turn);
        actions.push(Action::TurnStarted { turn: id, origin: origin.clone() });
        self.turns.push(Turn {
            id,
            since: now,
            order: self.order,
            origin,
            batch,
            spoke: false,
            prevented: false,
            overdue: false,
        });
        for entry in self.prompts.iter_mut().filter(|entry| matches!(entry.stage, Stage::Taken(None))) {
            entry.stage = Stage::Taken(Some(id));
            actions.push(Action::PromptTaken { prompt: entry.id, turn: id });
        }
    }

    /// Notes that a turn took up a prompt which the CLI has. Whether there is such a prompt.
    fn take(&mut self, uuid: Uuid, actions: &mut Actions) -> bool {
        let turn = self.current_turn();
        let Some(entry) = self.find_uuid(uuid) else { return false };
        match entry.stage {
            Stage::Queued(_) => false,
            Stage::Taken(Some(_)) => true,
            Stage::Taken(None) | Stage::Written(_) => {
                entry.stage = Stage::Taken(turn);
                if let Some(turn) = turn {
                    actions.push(Action::PromptTaken { prompt: entry.id, turn });
                }
                true
            }
        }
    }

    /// The prompts that were written before that place in the order and that nothing has named, oldest first.
    fn eligible(&self, before: u64) -> impl Iterator<Item = &Entry> {
        self.prompts.iter().filter(move |entry| matches!(entry.stage, Stage::Written(order) if order < before))
    }

    fn find(&mut self, id: PromptId) -> Option<&mut Entry> {
        self.prompts.iter_mut().find(|entry| entry.id == id)
    }

    fn find_uuid(&mut self, uuid: Uuid) -> Option<&mut Entry> {
        self.prompts.iter_mut().find(|entry| entry.id.uuid() == uuid)
    }

    fn end_uuid(&mut self, uuid: Uuid, outcome: Outcome, actions: &mut Actions) {
        let written = |entry: &Entry| entry.id.uuid() == uuid && !matches!(entry.stage, Stage::Queued(_));
        if let Some(entry) = self.remove_first(written) {
            end(&entry, outcome, None, actions);
        }
    }

    fn remove_first(&mut self, which: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let at = self.prompts.iter().position(which)?;
        let entry = self.prompts.remove(at);
        if let Stage::Queued(line) = &entry.stage {
            self.queued_bytes -= line.len();
        }
        self.remember(std::slice::from_ref(&entry));
        Some(entry)
    }

    /// Generated uuids never come again; those that the host gave are remembered for a while.
    fn remember(&mut self, ended: &[Entry]) {
        for entry in ended.iter().filter(|entry| entry.id.uuid() != self.seed.uuid(entry.id.number())) {
            if self.used.len() == REMEMBERED {
                self.used.pop_front();
            }
            self.used.push_back(entry.id.uuid());
        }
    }
}

fn end(entry: &Entry, outcome: Outcome, result: Option<Message>, actions: &mut Actions) {
    let turn = match entry.stage {
        Stage::Taken(turn) => turn,
        Stage::Queued(_) | Stage::Written(_) => None,
    };
    actions.push(Action::PromptEnded { prompt: entry.id, turn, outcome, result });
}
