//! Remarks for people.

use crate::wire::view::{view, words};

view! {
    /// `permission_denied`: a call was not allowed. The result's list of denials is what counts.
    pub struct PermissionDenied {
        must {
            /// The tool.
            tool_name: String,
        }
        may {
            /// The call.
            tool_use_id: String,
            /// What the model is told.
            message: String,
            /// The subagent that called it.
            agent_id: String,
            /// What decided: `rule`, `mode`, `hook`, `classifier`, ...
            decision_reason_type: String,
            /// Why, in words.
            decision_reason: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `informational`: a remark; also that a hook kept a prompt from the model. From 2.1.250.
    pub struct Informational {
        must {
            /// The text.
            content: String,
        }
        may {
            /// How much it matters.
            level: NoticeLevel,
            /// The call of a tool that it is about.
            tool_use_id: String,
            /// A word by which lines about the same thing are known.
            tag: String,
            /// What became of a prompt that a hook judged. From 2.1.329.
            prompt_submit_outcome: PromptSubmitOutcome,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
        or_default {
            /// A hook keeps the prompt from the model.
            prevent_continuation: bool,
        }
    }

    /// What became of a prompt that a hook judged. From 2.1.329.
    pub struct PromptSubmitOutcome {
        must {
            /// `blocked_by_hook`, `stopped_by_hook`, ...
            kind: String,
        }
        may {
            /// Reason why the hook gave no verdict, e.g. `callback_timed_out`; with the kind `no_verdict`. Since 2.1.329.
            no_verdict_kind: String,
            /// Whether the prompt stays in the conversation.
            prompt_kept: bool,
            /// The hook's reason.
            reason: String,
        }
    }

    /// `notification`: a notice for the user.
    pub struct Notification {
        must {
            /// The text.
            text: String,
        }
        may {
            /// Which notice; a new one with the same key takes its place.
            key: String,
            /// How soon it should be seen.
            priority: NotificationPriority,
            /// Its color.
            color: String,
            /// How long it should be seen, in milliseconds.
            timeout_ms: f64,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `local_command_output`: what a slash command has to say.
    pub struct LocalCommandOutput {
        must {
            /// The text.
            content: String,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `memory_recall`: what the model is reminded of.
    pub struct MemoryRecall {
        may {
            /// `select` or `synthesize`.
            mode: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
        or_default {
            /// The memories.
            memories: Vec<Memory>,
        }
    }

    /// A memory.
    pub struct Memory {
        must {
            /// Its file.
            path: String,
        }
        may {
            /// Whose it is.
            scope: String,
            /// What it says.
            content: String,
        }
    }

    /// `elicitation_complete`: what a user was to do at a URL is done.
    pub struct ElicitationComplete {
        must {
            /// The elicitation.
            elicitation_id: String,
        }
        may {
            /// The MCP server that asked.
            mcp_server_name: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }
}

words! {
    /// How much a remark matters.
    pub enum NoticeLevel {
        /// Little.
        Info = "info",
        /// Some.
        Notice = "notice",
        /// It says what might be done.
        Suggestion = "suggestion",
        /// Something is wrong.
        Warning = "warning",
    }

    /// How soon a notice should be seen.
    pub enum NotificationPriority {
        /// Some time.
        Low = "low",
        /// Soon.
        Medium = "medium",
        /// Before others.
        High = "high",
        /// Now.
        Immediate = "immediate",
    }
}
