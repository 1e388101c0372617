//! Types of lines.

use std::fmt;

/// Types of the CLI's lines ([wire reference, section 1.3](crate::guide::wire#13-lines-from-the-cli)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the wire's own name")]
pub enum MessageKind {
    System,
    Assistant,
    User,
    StreamEvent,
    Result,
    ToolProgress,
    ToolUseSummary,
    AuthStatus,
    RateLimitEvent,
    PromptSuggestion,
    ConversationReset,
    ActiveGoal,
    CommandLifecycle,
    TranscriptMirror,
    ControlRequest,
    ControlResponse,
    ControlCancelRequest,
    KeepAlive,
    /// A type that this version of the crate does not know.
    #[default]
    Other,
}

/// Names of all types but [`Other`](MessageKind::Other).
const NAMES: [(MessageKind, &str); 18] = [
    (MessageKind::StreamEvent, "stream_event"),
    (MessageKind::Assistant, "assistant"),
    (MessageKind::User, "user"),
    (MessageKind::System, "system"),
    (MessageKind::Result, "result"),
    (MessageKind::ToolProgress, "tool_progress"),
    (MessageKind::ToolUseSummary, "tool_use_summary"),
    (MessageKind::AuthStatus, "auth_status"),
    (MessageKind::RateLimitEvent, "rate_limit_event"),
    (MessageKind::PromptSuggestion, "prompt_suggestion"),
    (MessageKind::ConversationReset, "conversation_reset"),
    (MessageKind::ActiveGoal, "active_goal"),
    (MessageKind::CommandLifecycle, "command_lifecycle"),
    (MessageKind::TranscriptMirror, "transcript_mirror"),
    (MessageKind::ControlRequest, "control_request"),
    (MessageKind::ControlResponse, "control_response"),
    (MessageKind::ControlCancelRequest, "control_cancel_request"),
    (MessageKind::KeepAlive, "keep_alive"),
];

impl MessageKind {
    pub(crate) fn of(name: &[u8]) -> Self {
        NAMES.iter().find(|(_, known)| known.as_bytes() == name).map_or(Self::Other, |(kind, _)| *kind)
    }

    /// Returns the name of the type on the wire, or `None` for [`Other`](Self::Other).
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        NAMES.iter().find(|(kind, _)| *kind == self).map(|(_, name)| *name)
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str().unwrap_or("other"))
    }
}
