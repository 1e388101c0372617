//! Edits of a displayed answer, and the blocks that they refer to.

use std::fmt;
use std::sync::Arc;

use crate::base::text::Quoted;
use crate::message::content::{ContentBlock, ToolResultBlock, ToolUseBlock};

/// Number of a block, unique in its [`Accumulator`](super::Accumulator). Later blocks of a thread have higher numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(u64);

impl BlockId {
    pub(super) fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number. The first block has the number 0.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

/// Kind of an accumulated block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockKind {
    /// Text of the answer.
    Text,
    /// Thinking of the model.
    Thinking,
    /// Call of a tool that the CLI or an MCP server runs. The streamed text is the input, as JSON.
    ToolCall,
    /// Any other content, e.g. a call of a tool that the API runs. Such content is not streamed.
    Other,
}

/// Block of an answer: its number, its kind and its thread.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AccumulatedBlock {
    /// Number of the block, unique in its accumulator.
    pub id: BlockId,
    /// Kind of the block's content.
    pub kind: BlockKind,
    /// Identifier of the `Task` or `Agent` call whose subagent the block belongs to; `None` in the main thread.
    pub parent_tool_use_id: Option<Arc<str>>,
}

impl AccumulatedBlock {
    pub(super) fn new(id: BlockId, kind: BlockKind, parent: Option<Arc<str>>) -> Self {
        Self { id, kind, parent_tool_use_id: parent }
    }

    /// Returns `true` if the block is text of the main thread, i.e. part of the answer to the prompt.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.kind == BlockKind::Text && self.parent_tool_use_id.is_none()
    }
}

/// Edit of a displayed answer. See [`Accumulator`](super::Accumulator).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Edit {
    /// Adds text to the end of a block. If no earlier edit has named the block, add it to the end of its thread.
    #[non_exhaustive]
    Append {
        /// Block to extend.
        block: AccumulatedBlock,
        /// Text to add.
        text: String,
    },
    /// Replaces the whole text of a block.
    #[non_exhaustive]
    Replace {
        /// Block whose text changes.
        block: AccumulatedBlock,
        /// Complete new text of the block.
        text: String,
    },
    /// Removes consecutive blocks of a thread, from `from_block` to the block with the number `to`, both included. See
    /// [`Edit::removes`].
    #[non_exhaustive]
    Remove {
        /// First block to remove.
        from_block: AccumulatedBlock,
        /// Number of the last block to remove.
        to: BlockId,
    },
    /// Announces the call of a tool, or completes it.
    #[non_exhaustive]
    ToolCall {
        /// Block of the call.
        block: AccumulatedBlock,
        /// Tool call. The field `input` is absent while the input is streamed.
        call: ToolUseBlock,
    },
    /// Adds the result of a tool to its call.
    #[non_exhaustive]
    ToolResult {
        /// Block of the tool call.
        block: AccumulatedBlock,
        /// Result of the tool call.
        result: ToolResultBlock,
    },
    /// Sets the content of a block of the kind [`BlockKind::Other`].
    #[non_exhaustive]
    Content {
        /// Block whose content is set.
        block: AccumulatedBlock,
        /// Complete content of the block.
        content: ContentBlock,
    },
    /// Marks a block as complete: its content is final, unless the CLI retracts the message.
    #[non_exhaustive]
    Complete {
        /// Block that is complete.
        block: AccumulatedBlock,
        /// `true` if the CLI wrote the content, not a model; see
        /// [`Assistant::is_synthetic`](crate::message::Assistant::is_synthetic).
        synthetic: bool,
    },
}

impl Edit {
    /// Returns the block that the edit refers to; for [`Edit::Remove`], the first one.
    #[must_use]
    pub fn block(&self) -> &AccumulatedBlock {
        match self {
            Self::Append { block, .. }
            | Self::Replace { block, .. }
            | Self::Remove { from_block: block, .. }
            | Self::ToolCall { block, .. }
            | Self::ToolResult { block, .. }
            | Self::Content { block, .. }
            | Self::Complete { block, .. } => block,
        }
    }

    /// Returns `true` if the edit removes the block.
    #[must_use]
    pub fn removes(&self, block: &AccumulatedBlock) -> bool {
        match self {
            Self::Remove { from_block, to } => {
                let same_thread = block.parent_tool_use_id == from_block.parent_tool_use_id;
                same_thread && (from_block.id..=*to).contains(&block.id)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for AccumulatedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind, self.id.get())?;
        match &self.parent_tool_use_id {
            Some(parent) => write!(f, " of {:?}", Quoted(parent)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, what): (_, &dyn fmt::Debug) = match self {
            Self::Append { text, .. } => ("Append", &Quoted(text)),
            Self::Replace { text, .. } => ("Replace", &Quoted(text)),
            Self::Remove { to, .. } => ("Remove", to),
            Self::ToolCall { call, .. } => ("ToolCall", call),
            Self::ToolResult { result, .. } => ("ToolResult", result),
            Self::Content { content, .. } => ("Content", content),
            Self::Complete { synthetic, .. } => ("Complete", synthetic),
        };
        f.debug_tuple(name).field(self.block()).field(what).finish()
    }
}
