//! Storage of a log: entries up to a limit of bytes, and the changes that were not taken.

use std::collections::BTreeMap;
use std::mem;

use super::entry::{LogChange, LogContent, LogEntry, ToolState};
use crate::base::ids::{IncomingId, PromptId};
use crate::message::{AccumulatedBlock, BlockId, ToolCall};

/// Bytes that an entry counts towards the limit, in addition to its content.
const OVERHEAD: usize = 256;

/// A name by which an entry is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Prompt(PromptId),
    Block(BlockId),
    /// Identifier of a tool call.
    Call(String),
    /// Permission request of a tool call.
    Request(IncomingId),
}

#[derive(Clone)]
struct Stored {
    entry: LogEntry,
    keys: Vec<Key>,
    block: Option<AccumulatedBlock>,
}

#[derive(Clone)]
pub(super) struct Store {
    entries: BTreeMap<u64, Stored>,
    numbers: BTreeMap<Key, u64>,
    next: u64,
    newest_block: Option<BlockId>,
    changes: Vec<LogChange>,
    held: usize,
    limit: usize,
    pub(super) forgotten: u64,
}

impl Store {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            numbers: BTreeMap::new(),
            next: 0,
            newest_block: None,
            changes: Vec::new(),
            held: 0,
            limit,
            forgotten: 0,
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &LogEntry> {
        self.entries.values().map(|stored| &stored.entry)
    }

    /// Returns the number of the stored entry with this key.
    pub(super) fn find(&self, key: &Key) -> Option<u64> {
        self.numbers.get(key).copied()
    }

    /// Returns the number of the first tool call that matches.
    pub(super) fn find_call(&self, matches: impl Fn(&ToolCall, &ToolState) -> bool) -> Option<u64> {
        let is_wanted = |entry: &&LogEntry| match &entry.content {
            LogContent::ToolCall { call, state } => matches(call, state),
            _ => false,
        };
        self.entries().find(is_wanted).map(|entry| entry.number)
    }

    /// Takes the changes so far, and forgets entries beyond the limit.
    pub(super) fn take_changes(&mut self) -> Vec<LogChange> {
        while self.held > self.limit {
            let Some((_, oldest)) = self.entries.pop_first() else { break };
            self.drop_stored(oldest);
            self.forgotten += 1;
        }
        mem::take(&mut self.changes)
    }

    /// Adds an entry, and returns its number.
    pub(super) fn add(&mut self, keys: impl IntoIterator<Item = Key>, content: LogContent) -> u64 {
        let number = self.next;
        self.next += 1;
        let entry = LogEntry { number, content };
        self.held += OVERHEAD + size(&entry.content);
        self.changes.push(LogChange::Add(entry.clone()));
        self.entries.insert(number, Stored { entry, keys: Vec::new(), block: None });
        keys.into_iter().for_each(|key| self.name(number, key));
        number
    }

    /// Adds a key to an entry.
    pub(super) fn name(&mut self, number: u64, key: Key) {
        if self.numbers.insert(key.clone(), number) == Some(number) {
            return;
        }
        if let Some(stored) = self.entries.get_mut(&number) {
            stored.keys.push(key);
        }
    }

    /// Records the block that an entry shows.
    pub(super) fn set_block(&mut self, number: u64, block: AccumulatedBlock) {
        self.newest_block = self.newest_block.max(Some(block.id));
        self.name(number, Key::Block(block.id));
        if let Some(stored) = self.entries.get_mut(&number) {
            stored.block = Some(block);
        }
    }

    /// Returns `true` if the block has never had an entry.
    pub(super) fn is_new(&self, block: &AccumulatedBlock) -> bool {
        self.newest_block.is_none_or(|newest| block.id > newest)
    }

    /// Changes an entry. Nothing is reported if the content stays as it is.
    pub(super) fn change(&mut self, number: u64, change: impl FnOnce(&mut LogContent)) {
        let Some(stored) = self.entries.get_mut(&number) else { return };
        let before = stored.entry.content.clone();
        change(&mut stored.entry.content);
        if stored.entry.content == before {
            return;
        }
        self.held = self.held - size(&before) + size(&stored.entry.content);
        let entry = stored.entry.clone();
        // An entry that was just added is reported as it is now.
        match self.changes.last_mut() {
            Some(LogChange::Add(added)) if added.number == number => *added = entry,
            _ => self.changes.push(LogChange::Replace(entry)),
        }
    }

    pub(super) fn change_tool(&mut self, number: u64, change: impl FnOnce(&mut ToolCall, &mut ToolState)) {
        self.change(number, |content| {
            if let LogContent::ToolCall { call, state } = content {
                change(call, state);
            }
        });
    }

    pub(super) fn change_all(&mut self, change: impl Fn(&mut LogContent)) {
        for number in self.entries.keys().copied().collect::<Vec<_>>() {
            self.change(number, &change);
        }
    }

    /// Appends to the text of an entry.
    pub(super) fn append(&mut self, number: u64, more: &str) {
        let Some(stored) = self.entries.get_mut(&number) else { return };
        if let LogContent::Text { text, .. } | LogContent::Thinking { text, .. } = &mut stored.entry.content {
            text.push_str(more);
            self.held += more.len();
            self.changes.push(LogChange::Append { number, text: more.to_owned() });
        }
    }

    /// Removes the entries of these blocks.
    pub(super) fn remove(&mut self, is_gone: impl Fn(&AccumulatedBlock) -> bool) {
        let gone = |stored: &Stored| stored.block.as_ref().is_some_and(&is_gone);
        let numbers: Vec<u64> =
            self.entries.iter().filter(|(_, stored)| gone(stored)).map(|(number, _)| *number).collect();
        for number in numbers {
            if let Some(stored) = self.entries.remove(&number) {
                self.drop_stored(stored);
                self.changes.push(LogChange::Remove { number });
            }
        }
    }

    fn drop_stored(&mut self, stored: Stored) {
        self.held -= OVERHEAD + size(&stored.entry.content);
        for key in stored.keys {
            // Another entry may have the key by now.
            if self.numbers.get(&key) == Some(&stored.entry.number) {
                self.numbers.remove(&key);
            }
        }
    }
}

/// Returns the size of the content in bytes, without what has a fixed size.
fn size(content: &LogContent) -> usize {
    let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    match content {
        LogContent::Text { text, parent_tool_use_id } | LogContent::Thinking { text, parent_tool_use_id } => {
            text.len() + of(parent_tool_use_id)
        }
        LogContent::Prompt { text, .. }
        | LogContent::Stderr { text }
        | LogContent::RejectedLine { text }
        | LogContent::Note { text } => text.len(),
        LogContent::ToolCall { call, .. } => call.size(),
        LogContent::Closed { end } => {
            end.stderr.len() + end.rejected_tail.len() + end.last_error.as_ref().map_or(0, |error| error.len())
        }
    }
}
