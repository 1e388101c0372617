//! What a line says, whatever its kind.

use super::assistant::Assistant;
use super::rate_limit::RateLimitEvent;
use super::result::TurnResult;
use super::session::{ActiveGoal, AuthStatus, CommandLifecycle, ConversationReset, KeepAlive, PromptSuggestion};
use super::stream::StreamEvent;
use super::system::System;
use super::tools::{ToolProgress, ToolUseSummary, TranscriptMirror};
use super::user::User;
use crate::wire::view::{FromJson, tagged};

tagged! {
    /// What a line says, by its `type` ([wire reference, section 1.3](crate::guide::wire#13-lines-from-the-cli)). Requests, their withdrawals and replies are
    /// [`Other`](MessageView::Other) here: an [`IncomingRequest`](crate::IncomingRequest) and a [`Response`](crate::Response) say what is in them.
    #[expect(clippy::large_enum_variant, reason = "one is made for one line and taken apart at once")]
    pub enum MessageView by "type" {
        /// What the session is at, by a `subtype`.
        System(System) = "system",
        /// A block of an answer.
        Assistant(Box<Assistant>) = "assistant",
        /// A tool's result, or the echo of a prompt.
        User(User) = "user",
        /// A part of an answer.
        StreamEvent(StreamEvent) = "stream_event",
        /// How a turn ended.
        Result(Box<TurnResult>) = "result",
        /// A tool still runs.
        ToolProgress(ToolProgress) = "tool_progress",
        /// What several calls did.
        ToolUseSummary(ToolUseSummary) = "tool_use_summary",
        /// The CLI logs in.
        AuthStatus(AuthStatus) = "auth_status",
        /// How near a limit is.
        RateLimit(RateLimitEvent) = "rate_limit_event",
        /// What the user might say next.
        PromptSuggestion(PromptSuggestion) = "prompt_suggestion",
        /// The conversation begins anew.
        ConversationReset(ConversationReset) = "conversation_reset",
        /// What the session works for.
        ActiveGoal(ActiveGoal) = "active_goal",
        /// How far the CLI is with a prompt.
        CommandLifecycle(CommandLifecycle) = "command_lifecycle",
        /// What was added to a transcript file.
        TranscriptMirror(TranscriptMirror) = "transcript_mirror",
        /// A sign of life.
        KeepAlive(KeepAlive) = "keep_alive",
    }
}

impl MessageView {
    /// What the line says that has no name in this version of the crate: fields by their path, and new words. Empty where
    /// all is known; `[]` stands for the items of a list, `*` for the keys of a map.
    ///
    /// For a log of what a newer CLI brings.
    #[must_use]
    pub fn unknown_names(&self) -> Vec<String> {
        let mut found = Vec::new();
        FromJson::unknown_names(self, "", &mut found);
        found
    }
}
