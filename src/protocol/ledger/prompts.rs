//! Prompts that have not ended, in the order of their acceptance.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::error::LostReason;
use crate::base::ids::{PromptId, Seed, TurnId, Uuid};
use crate::base::json::Json;
use crate::message::Message;
use crate::protocol::action::{Action, Attribution, Outcome};
use crate::protocol::action_queue::Actions;
use crate::protocol::form;

/// Number of UUIDs given by the host that are remembered after their prompts have ended.
const USED: usize = 1024;

/// Evidence that the turn of a prompt has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Over {
    /// The CLI reported the end of the prompt.
    Reported,
    /// The CLI acknowledged an interrupt, and does not list the prompt. A tool may delay the end.
    Stopped,
}

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
    /// Place of the write in the order of writes and starts; 0 before.
    pub(super) written: u64,
    /// Turn that took up the prompt last.
    pub(super) taker: Option<TurnId>,
    pub(super) traits: Traits,
    pub(super) echoed: bool,
    /// `true` if the CLI reported that it has the prompt, or begins it.
    pub(super) announced: bool,
    /// `true` if the CLI reported that it has completed the prompt.
    pub(super) completed: bool,
    /// Evidence that the turn of the prompt has ended, if the CLI has not continued since.
    pub(super) over: Option<Over>,
    /// `true` if only the rules assigned the prompt to its turn: no line named the prompt.
    pub(super) guessed: bool,
    pub(super) limit: Limit,
}

/// State of a prompt's time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Limit {
    /// The prompt has no limit, or time is left.
    Open,
    /// The limit has passed, and the prompt is being stopped.
    Passed,
    /// The prompt was not stopped in time. It has ended for the host, but continues in the CLI.
    GivenUp,
}

/// Properties of a prompt that matter to the CLI's queue, and to the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Traits {
    /// `true` if the prompt begins with a slash: a local command ends without a message of the model.
    pub(crate) slash: bool,
    pub(crate) rank: Rank,
    /// Query flag and origin flag: `true` if the model is asked, and `true` if an origin is given. Prompts that
    /// differ in these are not joined.
    pub(crate) kind: (bool, bool),
}

impl Traits {
    /// Returns the properties of a prompt with these fields in addition to its message.
    pub(crate) fn of(slash: bool, fields: &[(String, Json)]) -> Self {
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let queries_model = field("shouldQuery").is_none_or(|value| value.as_str() != "false");
        Self { slash, rank: Rank::of(fields), kind: (queries_model, field("origin").is_some()) }
    }
}

/// Rank of a prompt in the CLI's queue, by its `priority`. Prompts of the same rank run in the order in which
/// they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Rank {
    Now,
    Next,
    Later,
}

impl Rank {
    /// Reads the `priority` among the fields of a prompt. The CLI reads every other value as `next`.
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
    /// The prompt was not yet written; its line is kept here.
    Queued(#[serde(with = "form")] Vec<u8>),
    /// The CLI has the prompt, and no line has named it.
    Written,
    /// The turn that is about to begin took up the prompt.
    Due,
    /// The running turn took up the prompt.
    Taken,
    /// A turn took up the prompt, but its result does not name it. Evidence is expected, and no rule applies.
    Unanswered,
}

/// Place of a prompt that a command names.
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

    /// Returns `true` if a turn that has not begun took up the prompt.
    pub(super) fn waits_for_turn(&self) -> bool {
        matches!(self.stage, Stage::Due)
    }

    pub(super) fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Queued(_))
    }

    /// Returns the length of the prompt's line in bytes while it is not written.
    fn queued_bytes(&self) -> usize {
        match &self.stage {
            Stage::Queued(line) => line.len(),
            _ => 0,
        }
    }

    pub(super) fn is_with_cli(&self) -> bool {
        !self.is_queued()
    }

    /// Returns `true` if the CLI has the prompt, and no turn that runs or is about to begin took it up.
    pub(super) fn is_written(&self) -> bool {
        matches!(self.stage, Stage::Written | Stage::Unanswered)
    }

    /// Returns the turn that has the prompt, and will answer it.
    pub(super) fn turn(&self) -> Option<TurnId> {
        self.taker.filter(|_| matches!(self.stage, Stage::Taken))
    }

    /// Reports the end of the prompt without a result.
    pub(super) fn end(&self, outcome: Outcome, actions: &mut Actions) {
        self.end_as((outcome, Attribution::Evidence), self.taker, None, actions);
    }

    /// Reports the end of the prompt.
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

    /// Records that a turn has taken up the prompt.
    pub(super) fn taken(&mut self, turn: TurnId, actions: &mut Actions) {
        (self.stage, self.taker) = (Stage::Taken, Some(turn));
        if self.limit != Limit::GivenUp {
            actions.push(Action::PromptTaken { prompt: self.id, turn });
        }
    }
}

/// Returns a placeholder for the seed in a snapshot, until [`Prompts::restore`].
fn no_seed() -> Seed {
    Seed::from_bytes([0; 16])
}

impl Prompts {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, open: Vec::new(), last: 0, queued_bytes: 0, used: VecDeque::new() }
    }

    /// Restores the values that follow from the seed and from the entries, which a snapshot omits. Returns `true`
    /// if every id is one of the session, and in order.
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

    /// Returns the id of the next prompt, or `None` if the UUID that the host wants was used before.
    pub(super) fn next_id(&self, wanted: Option<Uuid>) -> Option<PromptId> {
        let is_used = |uuid| self.used.contains(&uuid) || self.open.iter().any(|entry| entry.id.uuid() == uuid);
        let mut number = self.last + 1;
        let uuid = match wanted {
            Some(wanted) if is_used(wanted) => return None,
            Some(wanted) => wanted,
            None => {
                // The host may have used a UUID of the seed.
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

    /// Returns the line of a queued prompt, and marks the prompt as written at this place in the order.
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

    /// Returns the prompts that no line has named, oldest first.
    pub(super) fn unknown_names(&self) -> impl Iterator<Item = &Entry> {
        self.open.iter().filter(|entry| matches!(entry.stage, Stage::Written))
    }

    /// Removes the first matching prompt.
    pub(super) fn remove_first(&mut self, which: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let at = self.open.iter().position(which)?;
        let entry = self.open.remove(at);
        self.removed(&entry);
        Some(entry)
    }

    /// Removes all matching prompts.
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

    /// Remembers a UUID that the host gave, for a while. Generated UUIDs never repeat.
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
