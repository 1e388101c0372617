//! Entries of a log, and changes of entries.

use crate::base::ids::{IncomingId, PromptId};
use crate::message::ToolCall;
use crate::protocol::action::Outcome;
use crate::protocol::end::SessionClosed;

/// Entry of a [`SessionLog`](super::SessionLog).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogEntry {
    /// Number of the entry. Later entries have higher numbers, and no number is used twice.
    pub number: u64,
    /// Content of the entry.
    pub content: LogContent,
}

/// Content of a [`LogEntry`]. Changes of an entry do not change the kind of its content.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LogContent {
    /// Prompt of the host.
    #[non_exhaustive]
    Prompt {
        /// Id of the prompt.
        prompt: PromptId,
        /// Text that the host has [added](super::SessionLog::add_prompt), or an empty string.
        text: String,
        /// State of the prompt.
        state: PromptState,
    },
    /// Text of the model. The CLI also reports some of its own errors as such text.
    #[non_exhaustive]
    Text {
        /// Text so far.
        text: String,
        /// Identifier of the tool call whose subagent wrote the text; `None` in the main thread.
        parent_tool_use_id: Option<String>,
    },
    /// Thinking of the model.
    #[non_exhaustive]
    Thinking {
        /// Text so far.
        text: String,
        /// Identifier of the tool call whose subagent wrote the text; `None` in the main thread.
        parent_tool_use_id: Option<String>,
    },
    /// Call of a tool that the CLI or an MCP server runs. Tools that the API runs have no entries.
    #[non_exhaustive]
    ToolCall {
        /// Tool call, with its result if the tool has finished. The input is absent while it is streamed.
        call: Box<ToolCall>,
        /// State of the call.
        state: ToolState,
    },
    /// Line of stderr, if [`Config::stderr_lines`](crate::Config::stderr_lines) is on.
    #[non_exhaustive]
    Stderr {
        /// Text of the line.
        text: String,
    },
    /// Line of stdout that is not a message.
    #[non_exhaustive]
    RejectedLine {
        /// Start of the line.
        text: String,
    },
    /// Note of the host.
    #[non_exhaustive]
    Note {
        /// Text of the note.
        text: String,
    },
    /// End of the session.
    #[non_exhaustive]
    Closed {
        /// End of the session; `Display` explains it in one line.
        end: Box<SessionClosed>,
    },
}

/// State of a prompt in a [`SessionLog`](super::SessionLog).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PromptState {
    /// No turn has taken up the prompt.
    Waiting,
    /// A turn has taken up the prompt.
    Running,
    /// The prompt has ended.
    #[non_exhaustive]
    Ended {
        /// Outcome of the prompt.
        outcome: Outcome,
        /// Cost of the CLI process since its start, in US dollars, if the prompt has a result.
        total_cost_usd: Option<f64>,
    },
}

/// State of a tool call in a [`SessionLog`](super::SessionLog).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolState {
    /// The model writes the call, or the tool runs.
    Running,
    /// The host has to decide about the call.
    #[non_exhaustive]
    AwaitingPermission {
        /// Id of the incoming request.
        incoming: IncomingId,
        /// Id of the incoming request on the wire.
        request_id: String,
    },
    /// The host did not allow the call, or the CLI cancelled the request. The result of the call, if there is one,
    /// repeats the refusal.
    Refused,
    /// The tool has succeeded.
    Succeeded,
    /// The tool has failed.
    Failed,
    /// The session ended before the tool did.
    Unfinished,
}

impl ToolState {
    /// Returns `true` if the state does not change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Running | Self::AwaitingPermission { .. })
    }
}

/// Change of the entries of a [`SessionLog`](super::SessionLog).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LogChange {
    /// A new entry is at the end.
    Add(LogEntry),
    /// The text of an entry has grown: of a [`Text`](LogContent::Text) or a [`Thinking`](LogContent::Thinking).
    #[non_exhaustive]
    Append {
        /// Number of the entry.
        number: u64,
        /// Text to add at its end.
        text: String,
    },
    /// An entry has new content.
    Replace(LogEntry),
    /// An entry is gone, because the CLI has retracted its content.
    #[non_exhaustive]
    Remove {
        /// Number of the entry.
        number: u64,
    },
}

impl LogChange {
    /// Returns the number of the entry that changes.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Add(entry) | Self::Replace(entry) => entry.number,
            Self::Append { number, .. } | Self::Remove { number } => *number,
        }
    }
}
