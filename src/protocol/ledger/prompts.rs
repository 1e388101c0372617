//! The prompts that are not over, in the order in which they were accepted.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::error::LostReason;
use crate::base::ids::{PromptId, Seed, TurnId, Uuid};
use crate::base::json::Json;
use crate::message::Message;
use crate::protocol::action::{Action, Attribution, Outcome};
use crate::protocol::action_queue::Actions;
use crate::protocol::snapshot::form;

use super::missing::Over;

/// Number of uuids given by the host that are remembered after their prompts are over.
const USED: usize = 1024;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Prompts {
    #[serde(skip, default = "no_seed")]
    seed: Seed,
    open: Vec<Entry>,
    last: u64,
    #[serde(skip)]
    queued_bytes: usize,
    used: VecDeque<Uuid>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) id: PromptId,
    pub(super) stage: Stage,
    /// Place of its writing in the order of what was written and what began; 0 before.
    pub(super) written: u64,
    /// The turn that took it last.
    pub(super) taker: Option<TurnId>,
    pub(super) traits: Traits,
    pub(super) echoed: bool,
    /// The CLI said that it has it, or begins it.
    pub(super) announced: bool,
    /// The CLI said that it is done with it.
    pub(super) completed: bool,
    /// Evidence that its turn is over, if the CLI has not gone on since.
    pub(super) over: Option<Over>,
    /// The turn that took it is known by the rules alone: no line named the prompt.
    pub(super) guessed: bool,
    pub(super) limit: Limit,
}

/// What has become of a prompt's time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Limit {
    /// It has none, or time is left.
    Open,
    /// It has passed, and the prompt is being stopped.
    Passed,
    /// The prompt was not stopped in time. It has ended for the host; for the CLI it goes on.
    GivenUp,
}

/// What the CLI's queue, and the end of a turn, treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Traits {
    /// It begins with a slash: a local command ends without a word of the model.
    pub(crate) slash: bool,
    pub(crate) rank: Rank,
    /// Whether the model is asked, and whether an origin is given: prompts that differ in that are not joined.
    pub(crate) kind: (bool, bool),
}

impl Traits {
    /// Of a prompt with those fields beside its message.
    pub(crate) fn of(slash: bool, fields: &[(String, Json)]) -> Self {
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let asks = field("shouldQuery").is_none_or(|value| value.as_str() != "false");
        Self { slash, rank: Rank::of(fields), kind: (asks, field("origin").is_some()) }
    }
}

/// Place of a prompt in the CLI's queue, by its `priority`. Prompts of the same rank wait in the order of their writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Rank {
    Now,
    Next,
    Later,
}

impl Rank {
    /// Reads the `priority` among the fields of a prompt. The CLI takes every other value for `next`.
    pub(crate) fn of(fields: &[(String, Json)]) -> Self {
        let priority = fields.iter().find(|(name, _)| name == "priority");
        match priority.and_then(|(_, value)| value.decode::<String>().ok()).as_deref() {
            Some("now") => Self::Now,
            Some("later") => Self::Later,
            Some(_) | None => Self::Next,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Held back here, as a line.
    Queued(#[serde(with = "form")] Vec<u8>),
    /// With the CLI, and no line has named it.
    Written,
    /// Taken by the turn that is about to begin.
    Due,
    /// Taken by its turn, which runs.
    Taken,
    /// Taken by a turn whose result does not name it: evidence is still to come, and nothing is guessed.
    Unanswered,
}

/// What the ledger knows of a prompt that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Queued,
    Written,
    Taken,
}

impl Entry {
    pub(super) fn is_taken(&self) -> bool {
        matches!(self.stage, Stage::Due | Stage::Taken)
    }

    /// Taken by a turn that has not begun.
    pub(super) fn waits_for_turn(&self) -> bool {
        matches!(self.stage, Stage::Due)
    }

    pub(super) fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Queued(_))
    }

    /// Returns the length of its line while that is held back here, in bytes.
    fn queued_bytes(&self) -> usize {
        match &self.stage {
            Stage::Queued(line) => line.len(),
            _ => 0,
        }
    }

    pub(super) fn is_with_cli(&self) -> bool {
        !self.is_queued()
    }

    /// With the CLI, and of no turn that runs or is about to begin.
    pub(super) fn is_written(&self) -> bool {
        matches!(self.stage, Stage::Written | Stage::Unanswered)
    }

    /// The turn that has it, and will answer it.
    pub(super) fn turn(&self) -> Option<TurnId> {
        self.taker.filter(|_| matches!(self.stage, Stage::Taken))
    }

    /// Tells its end without a result.
    pub(super) fn end(&self, outcome: Outcome, actions: &mut Actions) {
        self.end_as((outcome, Attribution::Evidence), self.taker, None, actions);
    }

    /// Tells its end.
    pub(super) fn end_as(
        &self,
        (outcome, attribution): (Outcome, Attribution),
        turn: Option<TurnId>,
        result: Option<Message>,
        actions: &mut Actions,
    ) {
        let outcome = match (self.limit, outcome) {
            (Limit::GivenUp, _) => return,
            (Limit::Passed, Outcome::Interrupted | Outcome::Cancelled | Outcome::Lost(LostReason::NoResult)) => {
                Outcome::TimedOut { stopped: true }
            }
            (_, outcome) => outcome,
        };
        actions.push(Action::PromptEnded { prompt: self.id, turn, outcome, attribution, result });
    }

    /// Notes that a turn has taken it.
    pub(super) fn taken(&mut self, turn: TurnId, actions: &mut Actions) {
        (self.stage, self.taker) = (Stage::Taken, Some(turn));
        if self.limit != Limit::GivenUp {
            actions.push(Action::PromptTaken { prompt: self.id, turn });
        }
    }
}

/// Stands for the seed in a snapshot, until [`Prompts::restore`].
fn no_seed() -> Seed {
    Seed::from_bytes([0; 16])
}

impl Prompts {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, open: Vec::new(), last: 0, queued_bytes: 0, used: VecDeque::new() }
    }

    /// Takes what follows from the seed and from the entries, which a snapshot leaves out. Returns whether every id is one of
    /// the session, and in order.
    pub(super) fn restore(&mut self, seed: Seed) -> bool {
        self.seed = seed;
        self.queued_bytes = self.open.iter().map(Entry::queued_bytes).sum();
        let numbers = self.open.iter().map(|entry| entry.id.number()).chain([self.last + 1]);
        self.open.iter().all(|entry| entry.id.session() == seed.tag()) && numbers.is_sorted_by(|a, b| a < b)
    }

    /// Returns the number of the prompt that was accepted last.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The id that the next prompt will have, or none if the uuid that the host wants was used.
    pub(super) fn next_id(&self, wanted: Option<Uuid>) -> Option<PromptId> {
        let is_used = |uuid| self.used.contains(&uuid) || self.open.iter().any(|entry| entry.id.uuid() == uuid);
        let mut number = self.last + 1;
        let uuid = match wanted {
            Some(wanted) if is_used(wanted) => return None,
            Some(wanted) => wanted,
            None => {
                // The host may have given one of the seed's.
                while is_used(self.seed.uuid(number)) {
                    number += 1;
                }
                self.seed.uuid(number)
            }
        };
        Some(PromptId::new(self.seed.tag(), number, uuid))
    }

    pub(super) fn accept(&mut self, id: PromptId, line: Vec<u8>, traits: Traits) {
        self.last = id.number();
        self.queued_bytes += line.len();
        let stage = Stage::Queued(line);
        let (echoed, announced, completed, guessed) = (false, false, false, false);
        let limit = Limit::Open;
        let (written, taker, over) = (0, None, None);
        self.open.push(Entry { id, stage, written, taker, traits, echoed, announced, completed, over, guessed, limit });
    }

    /// The line of a queued prompt, which is written by this, at that place in the order.
    pub(super) fn write(&mut self, id: PromptId, order: u64) -> Option<Vec<u8>> {
        let entry = self.open.iter_mut().find(|entry| entry.id == id)?;
        let Stage::Queued(line) = &mut entry.stage else { return None };
        let line = std::mem::take(line);
        (entry.stage, entry.written) = (Stage::Written, order);
        self.queued_bytes -= line.len();
        Some(line)
    }

    pub(super) fn rank(&self, id: PromptId) -> Option<Rank> {
        self.open.iter().find(|entry| entry.id == id).map(|entry| entry.traits.rank)
    }

    pub(super) fn place(&self, id: PromptId) -> Option<Place> {
        let at = self.open.binary_search_by_key(&id.number(), |entry| entry.id.number()).ok()?;
        let entry = self.open.get(at).filter(|entry| entry.id == id && entry.limit != Limit::GivenUp)?;
        Some(match entry.stage {
            Stage::Queued(_) => Place::Queued,
            Stage::Written | Stage::Unanswered => Place::Written,
            Stage::Due | Stage::Taken => Place::Taken,
        })
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.open.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.open.iter_mut()
    }

    pub(super) fn find(&mut self, uuid: Uuid) -> Option<&mut Entry> {
        self.open.iter_mut().find(|entry| entry.id.uuid() == uuid)
    }

    /// The prompts that nothing has named, oldest first.
    pub(super) fn unknown_names(&self) -> impl Iterator<Item = &Entry> {
        self.open.iter().filter(|entry| matches!(entry.stage, Stage::Written))
    }

    /// Removes the first of those.
    pub(super) fn remove_first(&mut self, which: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let at = self.open.iter().position(which)?;
        let entry = self.open.remove(at);
        self.removed(&entry);
        Some(entry)
    }

    /// Removes all of those.
    pub(super) fn remove_all(&mut self, which: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let (removed, open): (Vec<_>, _) = std::mem::take(&mut self.open).into_iter().partition(which);
        self.open = open;
        removed.iter().for_each(|entry| self.removed(entry));
        removed
    }

    fn removed(&mut self, entry: &Entry) {
        self.queued_bytes -= entry.queued_bytes();
        self.remember(entry);
    }

    /// Generated uuids never come again; those that the host gave are remembered for a while.
    fn remember(&mut self, ended: &Entry) {
        if ended.id.uuid() == self.seed.uuid(ended.id.number()) {
            return;
        }
        if self.used.len() == USED {
            self.used.pop_front();
        }
        self.used.push_back(ended.id.uuid());
    }
}
