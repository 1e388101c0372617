//! The view of a message of any kind.

use super::assistant::Assistant;
use super::rate_limit::RateLimitEvent;
use super::result::TurnResult;
use super::session::{ActiveGoal, AuthStatus, CommandLifecycle, ConversationReset, KeepAlive, PromptSuggestion};
use super::stream::StreamEvent;
use super::system::System;
use super::tools::{ToolProgress, ToolUseSummary, TranscriptMirror};
use super::user::User;
use crate::wire::view::{ViewPart, tagged};

tagged! {
    /// Decoded message, by its `type` ([wire reference, section 1.3](crate::guide::wire#13-lines-from-the-cli)).
    ///
    /// Control requests, their withdrawals and responses are [`Other`](MessageView::Other) here. They are decoded by
    /// [`IncomingRequest`](crate::IncomingRequest) and [`Response`](crate::Response).
    #[expect(clippy::large_enum_variant, reason = "a view exists for one line and is destructured at once")]
    pub enum MessageView by "type" {
        /// State or event of the session, by its `subtype`.
        System(System) = "system",
        /// Content block of an answer.
        Assistant(Box<Assistant>) = "assistant",
        /// Result of a tool, or the echo of a prompt.
        User(User) = "user",
        /// Part of an answer, while it is streamed.
        StreamEvent(StreamEvent) = "stream_event",
        /// End of a turn.
        Result(Box<TurnResult>) = "result",
        /// Progress of a running tool.
        ToolProgress(ToolProgress) = "tool_progress",
        /// Summary of several tool calls.
        ToolUseSummary(ToolUseSummary) = "tool_use_summary",
        /// State of a login of the CLI.
        AuthStatus(AuthStatus) = "auth_status",
        /// State of a usage limit of the account.
        RateLimit(RateLimitEvent) = "rate_limit_event",
        /// Suggestion for the next prompt.
        PromptSuggestion(PromptSuggestion) = "prompt_suggestion",
        /// Start of a new conversation in the same process.
        ConversationReset(ConversationReset) = "conversation_reset",
        /// Goal that the session works towards.
        ActiveGoal(ActiveGoal) = "active_goal",
        /// State of a prompt in the CLI.
        CommandLifecycle(CommandLifecycle) = "command_lifecycle",
        /// Entries added to a transcript file.
        TranscriptMirror(TranscriptMirror) = "transcript_mirror",
        /// Sign that the CLI is alive, without content.
        KeepAlive(KeepAlive) = "keep_alive",
    }
}

impl MessageView {
    /// Returns the parts of the line that this version of the crate does not model: the paths of unknown fields, and
    /// unknown values of enumerations. In a path, `[]` stands for the items of a list and `*` for the keys of a map.
    ///
    /// Log the result to learn what a newer CLI adds.
    #[must_use]
    pub fn unknown_names(&self) -> Vec<String> {
        let mut found = Vec::new();
        ViewPart::unknown_names(self, "", &mut found);
        found
    }
}
