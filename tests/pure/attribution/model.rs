//! A model of the CLI, from what it was seen to do: what it reads, and what it keeps. [`turn`](super::turn) says how a
//! turn goes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use claude_duplex::Outcome;
use serde_json::json;

use super::generation::Generation;
use super::lines::{Out, Seen};
use super::script::Script;
use super::turn::Turn;

/// What became of a prompt inside the CLI.
#[derive(Debug, Clone, Default)]
pub(crate) struct Truth {
    /// The `uuid` of the result that answers it.
    pub(crate) result: Option<String>,
    /// How it ended; none while it runs, and for ever where the CLI died first.
    pub(crate) outcome: Option<Outcome>,
    /// A line named it, no later than its end.
    pub(crate) evidence: bool,
    /// A turn that had it was aborted.
    pub(crate) interrupted: bool,
    /// It ran as a local command, or without a query: nothing that could be interrupted.
    pub(crate) atomic: bool,
    /// Its turn is over, and its result is held back.
    pub(crate) held: bool,
    /// An interrupt left it in the queue.
    pub(crate) missed: bool,
    /// `cancel_async_message` came for it.
    pub(crate) withdrawal: bool,
    /// ... while its turn ran.
    pub(crate) late_withdrawal: bool,
    /// An interrupt came after that.
    pub(crate) chased: bool,
    /// Its turn, by the number of its `init`.
    pub(crate) turn: Option<u64>,
    /// How its own turn ended, where its result was held back.
    pub(crate) inside: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// `/context`
    Local,
    /// A slash command that the CLI does not know.
    Unknown,
    Later,
    Now,
    NoQuery,
}

#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) uuid: String,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) generation: Generation,
    /// `UserPromptSubmit` hooks judge every prompt.
    pub(crate) hooks: bool,
    /// `--include-partial-messages`
    pub(crate) partial: bool,
    /// `--replay-user-messages`
    pub(crate) replay: bool,
    pub(crate) out: Out,
    pub(crate) queue: VecDeque<Queued>,
    /// Background tasks that have ended and will have a turn of their own.
    pub(crate) notices: u8,
    pub(crate) turn: Option<Turn>,
    pub(crate) tasks: u8,
    pub(crate) agents: u8,
    pub(crate) held: Vec<String>,
    pub(crate) doomed: bool,
    pub(crate) dead: bool,
    pub(crate) introduced: bool,
    /// An interrupt came before the first turn (2.1.329 says that the prompt is still queued, and yet aborts it).
    pub(crate) abort_first: bool,
    /// A turn has ended since the queue was empty: what waits is joined.
    pub(crate) waited: bool,
    pub(crate) results: u32,
    pub(crate) inits: u64,
    /// What has happened in it, by name.
    pub(crate) reached: BTreeSet<&'static str>,
    pub(crate) incoming_count: u32,
    pub(crate) truths: BTreeMap<String, Truth>,
}

impl Model {
    pub(crate) fn new(generation: Generation, script: &Script) -> Self {
        Self {
            generation,
            hooks: script.hooks,
            partial: script.partial,
            replay: script.replay,
            out: Out::default(),
            queue: VecDeque::new(),
            notices: 0,
            turn: None,
            tasks: 0,
            agents: 0,
            held: Vec::new(),
            doomed: false,
            dead: false,
            introduced: false,
            abort_first: false,
            waited: false,
            results: 0,
            inits: 0,
            reached: BTreeSet::new(),
            incoming_count: 0,
            truths: BTreeMap::new(),
        }
    }

    pub(crate) fn truth(&mut self, uuid: &str) -> &mut Truth {
        self.truths.entry(uuid.to_owned()).or_default()
    }

    /// One step of what goes on inside. Whether there was anything to do.
    pub(crate) fn advance(&mut self, choice: u8) -> bool {
        if self.dead {
            return false;
        }
        if self.agents > 0 && choice / 8 % 8 == 7 {
            self.out.subagent();
        }
        if self.turn.is_some() {
            return self.advance_turn(choice);
        }
        if !self.queue.is_empty() || self.notices > 0 {
            self.dequeue(choice);
            return true;
        }
        let ended = self.generation > Generation::V1_0_128 && self.task_ends();
        if ended && !self.generation.reports_lifecycle() && self.notices > 0 {
            self.dequeue(0);
        }
        ended
    }

    /// A background task or agent ends, if there is one.
    pub(crate) fn task_ends(&mut self) -> bool {
        let left = if self.agents > 0 { &mut self.agents } else { &mut self.tasks };
        if *left == 0 {
            return false;
        }
        *left -= 1;
        if self.generation.dies_of_tasks() {
            self.doomed = true;
        }
        if self.generation.has_own_turns() {
            self.notices += 1;
        }
        if self.generation.reports_lifecycle() {
            self.notice();
        }
        true
    }

    pub(crate) fn notice(&mut self) {
        self.out.system("tn", Seen::Other, "task_notification", &json!({ "status": "completed", "task_id": "t" }));
    }
}
