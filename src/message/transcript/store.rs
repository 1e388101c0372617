//! Storage of a transcript: blocks up to a limit of bytes.

use std::mem;

use super::{ToolCall, Transcript};
use crate::message::accumulator::{AccumulatedBlock, BlockKind, Edit};
use crate::message::content::{ToolResultBlock, ToolUseBlock};

/// Bytes that an entry counts towards the limit, in addition to its content.
pub(super) const OVERHEAD: usize = 128;

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) block: AccumulatedBlock,
    pub(super) complete: bool,
    /// `true` if the CLI wrote the text, not a model.
    pub(super) synthetic: bool,
    /// Number of bytes that were not stored.
    pub(super) missing: u64,
    pub(super) content: Kept,
}

#[derive(Clone)]
pub(super) enum Kept {
    Text(String),
    Call(Box<ToolCall>),
    Nothing,
}

impl Transcript {
    pub(super) fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Append { block, text } if block.is_answer() => self.append(block, text),
            Edit::Replace { block, text } if block.is_answer() => {
                if let Some(entry) = self.entry(&block) {
                    entry.missing = 0;
                    let old = mem::replace(&mut entry.content, Kept::Text(String::new()));
                    self.held -= old.size();
                }
                self.append(block, text);
            }
            Edit::ToolCall { block, call } => self.call(block, call),
            Edit::ToolResult { block, result } => self.tool_result(&block, result),
            Edit::Complete { block, synthetic } if block.is_answer() || block.kind == BlockKind::ToolCall => {
                self.complete(&block, synthetic);
            }
            Edit::Remove { .. } => {
                for entry in self.entries.iter_mut().filter(|entry| edit.removes(&entry.block)) {
                    self.held -= mem::replace(&mut entry.content, Kept::Nothing).size();
                }
            }
            _ => {}
        }
    }

    fn append(&mut self, block: AccumulatedBlock, more: String) {
        let (is_new, room) = (self.is_new(&block), self.limit.saturating_sub(self.held));
        let (held, size) = (&mut self.held, more.len());
        match self.entries.binary_search_by_key(&block.id, |entry| entry.block.id) {
            Ok(at) => {
                let Entry { content: Kept::Text(text), missing, .. } = &mut self.entries[at] else { return };
                if size > room || *missing > 0 {
                    *missing += size as u64;
                } else if text.is_empty() {
                    (*text, *held) = (more, *held + size);
                } else {
                    text.push_str(&more);
                    *held += size;
                }
            }
            Err(_) if !is_new || size + OVERHEAD > room => self.dropped.bytes += size as u64,
            Err(_) => {
                *held += size + OVERHEAD;
                self.entries.push(Entry {
                    block,
                    complete: false,
                    synthetic: false,
                    missing: 0,
                    content: Kept::Text(more),
                });
            }
        }
    }

    fn call(&mut self, block: AccumulatedBlock, call: ToolUseBlock) {
        let ToolUseBlock { id, name, input, .. } = call;
        let parent_tool_use_id = block.parent_tool_use_id.as_deref().map(str::to_owned);
        let content = Kept::Call(Box::new(ToolCall { id, name, input, parent_tool_use_id, result: None }));
        let (is_new, size, room) = (self.is_new(&block), content.size(), self.limit.saturating_sub(self.held));
        match self.entry(&block) {
            Some(entry) => {
                let old = entry.content.size();
                if size > room + old {
                    entry.missing = size as u64;
                } else {
                    entry.content = content;
                    self.held = self.held + size - old;
                }
            }
            None if !is_new || size + OVERHEAD > room => self.dropped.bytes += size as u64,
            None => {
                self.held += size + OVERHEAD;
                self.entries.push(Entry { block, complete: false, synthetic: false, missing: 0, content });
            }
        }
    }

    fn tool_result(&mut self, block: &AccumulatedBlock, result: ToolResultBlock) {
        let (size, room) = (result_size(&result), self.limit.saturating_sub(self.held));
        match self.entry(block) {
            Some(Entry { content: Kept::Call(call), .. }) if size <= room => {
                call.result = Some(result);
                self.held += size;
            }
            _ => {
                self.dropped.results += 1;
                self.dropped.bytes += size as u64;
            }
        }
    }

    /// Records that the block is complete. If a part of the block was not stored, the whole block is dropped.
    fn complete(&mut self, block: &AccumulatedBlock, synthetic: bool) {
        let (freed, missing) = match self.entry(block) {
            Some(entry) if entry.missing == 0 => {
                (entry.complete, entry.synthetic) = (true, synthetic);
                return;
            }
            Some(entry) => (mem::replace(&mut entry.content, Kept::Nothing).size(), entry.missing),
            None => (0, 0),
        };
        self.held -= freed;
        self.dropped.bytes += missing;
        if block.kind == BlockKind::ToolCall {
            self.dropped.calls += 1;
        } else {
            self.dropped.bytes += freed as u64;
            self.dropped.texts += 1;
        }
    }

    /// Records the block. Returns `true` if the block is new.
    fn is_new(&mut self, block: &AccumulatedBlock) -> bool {
        let is_new = self.newest.is_none_or(|newest| block.id > newest);
        self.newest = self.newest.max(Some(block.id));
        is_new
    }

    fn entry(&mut self, block: &AccumulatedBlock) -> Option<&mut Entry> {
        let at = self.entries.binary_search_by_key(&block.id, |entry| entry.block.id).ok()?;
        Some(&mut self.entries[at])
    }
}

impl Kept {
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Call(call) => call.size(),
            Self::Nothing => 0,
        }
    }
}

pub(super) fn result_size(result: &ToolResultBlock) -> usize {
    let rest = result.unknown_fields.iter().map(|(name, value)| name.len() + value.as_str().len());
    result.tool_use_id.len() + result.content.as_ref().map_or(0, |content| content.as_str().len()) + rest.sum::<usize>()
}
