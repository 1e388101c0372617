//! Texts that were sent, so that only new text is sent when a block changes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use claude_duplex::message::BlockId;

/// Texts of blocks that are not complete. Their size is limited by the accumulator that they come from.
#[derive(Debug, Default)]
pub(super) struct Texts(BTreeMap<BlockId, String>);

impl Texts {
    /// Appends text to a block.
    pub(super) fn append(&mut self, block: BlockId, text: &str) {
        self.0.entry(block).or_default().push_str(text);
    }

    /// Replaces the text of a block, and returns the text to send. Text that was sent cannot be changed: if the new text does
    /// not begin with it, the whole new text is returned as a paragraph of its own.
    pub(super) fn replace(&mut self, block: BlockId, text: String) -> Option<String> {
        match self.0.entry(block) {
            Entry::Vacant(entry) => Some(entry.insert(text).clone()),
            Entry::Occupied(mut entry) => {
                let sent = entry.insert(text);
                let text = entry.get();
                match text.strip_prefix(sent.as_str()) {
                    Some(new) => Some(new).filter(|new| !new.is_empty()).map(str::to_owned),
                    None => Some(format!("\n\n{text}")),
                }
            }
        }
    }

    /// Removes a block that is complete.
    pub(super) fn complete(&mut self, block: BlockId) {
        self.0.remove(&block);
    }

    /// Removes blocks that the CLI has removed.
    pub(super) fn remove(&mut self, from: BlockId, to: BlockId) {
        self.0.retain(|block, _| *block < from || *block > to);
    }
}
