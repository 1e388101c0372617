//! The prompts that are not over, in the order in which they were accepted.

use std::collections::VecDeque;

use crate::action::{Action, Attribution, Outcome};
use crate::ids::{PromptId, Seed, TurnId, Uuid};
use crate::json::Json;
use crate::message::Message;
use crate::protocol::actions::Actions;

/// How many uuids given by the host are remembered after their prompts are over.
const REMEMBERED: usize = 1024;

#[derive(Debug, Clone)]
pub(super) struct Prompts {
    seed: Seed,
    open: Vec<Entry>,
    last: u64,
    queued_bytes: usize,
    used: VecDeque<Uuid>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: PromptId,
    pub(super) stage: Stage,
    pub(super) traits: Traits,
    pub(super) echoed: bool,
    /// The CLI said that it has it, or begins it.
    pub(super) announced: bool,
    /// The CLI said that it is done with it.
    pub(super) completed: bool,
    /// The turn that took it is known by the rules alone: no line named the prompt.
    pub(super) guessed: bool,
}

/// What the CLI's queue, and the end of a turn, treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// Held back here, as a line.
    Queued(Vec<u8>),
    /// With the CLI, at that place in the order of what was written and what began.
    Written(u64),
    /// Taken by that turn, or by the one that is about to begin.
    Taken(Option<TurnId>),
    /// Taken by that turn, whose result does not name it: evidence is still to come, and nothing is guessed.
    Unanswered(Option<TurnId>),
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
        matches!(self.stage, Stage::Taken(_))
    }

    /// Taken by a turn that has not begun.
    pub(super) fn waits_for_turn(&self) -> bool {
        matches!(self.stage, Stage::Taken(None))
    }

    pub(super) fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Queued(_))
    }

    /// With the CLI, and of no turn that runs or is about to begin.
    pub(super) fn is_written(&self) -> bool {
        matches!(self.stage, Stage::Written(_) | Stage::Unanswered(_))
    }

    /// The turn that has it, and will answer it.
    pub(super) fn turn(&self) -> Option<TurnId> {
        match self.stage {
            Stage::Taken(turn) => turn,
            Stage::Queued(_) | Stage::Written(_) | Stage::Unanswered(_) => None,
        }
    }

    /// The turn that took it last.
    fn last_turn(&self) -> Option<TurnId> {
        match self.stage {
            Stage::Taken(turn) | Stage::Unanswered(turn) => turn,
            Stage::Queued(_) | Stage::Written(_) => None,
        }
    }

    /// Tells its end without a result.
    pub(super) fn end(&self, outcome: Outcome, actions: &mut Actions) {
        self.end_as((outcome, Attribution::Evidence), self.last_turn(), None, actions);
    }

    /// Tells its end.
    pub(super) fn end_as(
        &self,
        (outcome, attribution): (Outcome, Attribution),
        turn: Option<TurnId>,
        result: Option<Message>,
        actions: &mut Actions,
    ) {
        actions.push(Action::PromptEnded { prompt: self.id, turn, outcome, attribution, result });
    }
}

impl Prompts {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, open: Vec::new(), last: 0, queued_bytes: 0, used: VecDeque::new() }
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
        self.open.push(Entry { id, stage, traits, echoed, announced, completed, guessed });
    }

    /// The line of a queued prompt, which is written by this, at that place in the order.
    pub(super) fn write(&mut self, id: PromptId, order: u64) -> Option<Vec<u8>> {
        let entry = self.open.iter_mut().find(|entry| entry.id == id)?;
        let Stage::Queued(line) = &mut entry.stage else { return None };
        let line = std::mem::take(line);
        entry.stage = Stage::Written(order);
        self.queued_bytes -= line.len();
        Some(line)
    }

    pub(super) fn rank(&self, id: PromptId) -> Option<Rank> {
        self.open.iter().find(|entry| entry.id == id).map(|entry| entry.traits.rank)
    }

    pub(super) fn place(&self, id: PromptId) -> Option<Place> {
        let at = self.open.binary_search_by_key(&id.number(), |entry| entry.id.number()).ok()?;
        let entry = self.open.get(at).filter(|entry| entry.id == id)?;
        Some(match entry.stage {
            Stage::Queued(_) => Place::Queued,
            Stage::Written(_) | Stage::Unanswered(_) => Place::Written,
            Stage::Taken(_) => Place::Taken,
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

    /// The prompts that nothing has named, with their place in the order, oldest first.
    pub(super) fn unnamed(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.open.iter().filter_map(|entry| match entry.stage {
            Stage::Written(written) => Some((written, entry)),
            Stage::Queued(_) | Stage::Taken(_) | Stage::Unanswered(_) => None,
        })
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
        if let Stage::Queued(line) = &entry.stage {
            self.queued_bytes -= line.len();
        }
        self.remember(entry);
    }

    /// Generated uuids never come again; those that the host gave are remembered for a while.
    fn remember(&mut self, ended: &Entry) {
        if ended.id.uuid() == self.seed.uuid(ended.id.number()) {
            return;
        }
        if self.used.len() == REMEMBERED {
            self.used.pop_front();
        }
        self.used.push_back(ended.id.uuid());
    }
}
