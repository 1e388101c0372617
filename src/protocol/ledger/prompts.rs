//! The prompts that are not over, in the order in which they were accepted.

use std::collections::VecDeque;

use crate::action::{Action, Outcome};
use crate::ids::{PromptId, Seed, TurnId, Uuid};
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
    /// It begins with a slash: a local command ends without a word of the model.
    pub(super) slash: bool,
    pub(super) echoed: bool,
    /// The CLI said that it is done with it.
    pub(super) completed: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// Held back here, as a line.
    Queued(Vec<u8>),
    /// With the CLI, at that place in the order of what was written and what began.
    Written(u64),
    /// Taken by that turn, or by the one that is about to begin.
    Taken(Option<TurnId>),
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

    pub(super) fn turn(&self) -> Option<TurnId> {
        match self.stage {
            Stage::Taken(turn) => turn,
            Stage::Queued(_) | Stage::Written(_) => None,
        }
    }

    pub(super) fn end(&self, outcome: Outcome, result: Option<Message>, actions: &mut Actions) {
        actions.push(Action::PromptEnded { prompt: self.id, turn: self.turn(), outcome, result });
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

    pub(super) fn accept(&mut self, id: PromptId, line: Vec<u8>, slash: bool) {
        self.last = id.number();
        self.queued_bytes += line.len();
        self.open.push(Entry { id, stage: Stage::Queued(line), slash, echoed: false, completed: false });
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

    pub(super) fn place(&self, id: PromptId) -> Option<Place> {
        let at = self.open.binary_search_by_key(&id.number(), |entry| entry.id.number()).ok()?;
        let entry = self.open.get(at).filter(|entry| entry.id == id)?;
        Some(match entry.stage {
            Stage::Queued(_) => Place::Queued,
            Stage::Written(_) => Place::Written,
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

    /// The prompts that were written before that place in the order and that nothing has named, oldest first.
    pub(super) fn unnamed_before(&self, order: u64) -> impl Iterator<Item = &Entry> {
        self.open.iter().filter(move |entry| matches!(entry.stage, Stage::Written(written) if written < order))
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
