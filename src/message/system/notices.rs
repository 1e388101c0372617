//! `system` messages for the user.

use crate::wire::view::{view, words};

view! {
    /// `permission_denied`: a tool call was denied. Advisory: the complete list is
    /// [`TurnResult::permission_denials`](crate::message::TurnResult::permission_denials).
    pub struct PermissionDenied {
        must {
            /// Name of the tool.
            tool_name: String,
        }
        may {
            /// Identifier of the tool call.
            tool_use_id: String,
            /// Message that the model receives.
            message: String,
            /// Identifier of the subagent that called the tool.
            agent_id: String,
            /// Type of the reason, e.g. `rule`, `mode`, `hook`, `classifier`.
            decision_reason_type: String,
            /// Description of the reason.
            decision_reason: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `informational`: a remark, e.g. that a hook kept a prompt from the model. Since 2.1.250.
    pub struct Informational {
        must {
            /// Text of the remark.
            content: String,
        }
        may {
            /// Importance of the remark.
            level: NoticeLevel,
            /// Identifier of the tool call that the remark is about.
            tool_use_id: String,
            /// Label of the subject, e.g. `hook_callback_failed`.
            tag: String,
            /// Result of a hook about a submitted prompt. Since 2.1.329.
            prompt_submit_outcome: PromptSubmitOutcome,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
        or_default {
            /// `true` if a hook keeps the prompt from the model.
            prevent_continuation: bool,
        }
    }

    /// Result of a hook about a submitted prompt. Since 2.1.329.
    pub struct PromptSubmitOutcome {
        must {
            /// Kind of the result, e.g. `blocked_by_hook`, `stopped_by_hook`.
            kind: String,
        }
        may {
            /// Reason why the hook returned no verdict, e.g. `callback_timed_out`. Only with the kind
            /// `no_verdict`. Since 2.1.329.
            no_verdict_kind: String,
            /// `true` if the prompt stays in the conversation.
            prompt_kept: bool,
            /// Reason that the hook returned.
            reason: String,
        }
    }

    /// `notification`: a notification for the user.
    pub struct Notification {
        must {
            /// Text of the notification.
            text: String,
        }
        may {
            /// Key of the notification. A later notification with the same key replaces this one.
            key: String,
            /// Urgency of the notification.
            priority: NotificationPriority,
            /// Color in which to display the text.
            color: String,
            /// Time for which to display the text, in milliseconds.
            timeout_ms: f64,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `local_command_output`: the output of a slash command.
    pub struct LocalCommandOutput {
        must {
            /// Text of the output.
            content: String,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `memory_recall`: memories that the CLI adds for the model.
    pub struct MemoryRecall {
        may {
            /// Mode of the recall: `select` or `synthesize`.
            mode: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
        or_default {
            /// Recalled memories, in the order of the CLI.
            memories: Vec<Memory>,
        }
    }

    /// Memory that the CLI recalled.
    pub struct Memory {
        must {
            /// Path of the file that contains the memory.
            path: String,
        }
        may {
            /// Scope of the memory.
            scope: String,
            /// Text of the memory.
            content: String,
        }
    }

    /// `elicitation_complete`: the user has finished an elicitation by URL.
    pub struct ElicitationComplete {
        must {
            /// Identifier of the elicitation.
            elicitation_id: String,
        }
        may {
            /// Name of the MCP server that sent the elicitation.
            mcp_server_name: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }
}

words! {
    /// Importance of a remark.
    pub enum NoticeLevel {
        /// Information of little importance.
        Info = "info",
        /// Information that is more important than [`Info`](Self::Info).
        Notice = "notice",
        /// Suggestion of something that the user can do.
        Suggestion = "suggestion",
        /// Warning about a problem.
        Warning = "warning",
    }

    /// Urgency of a notification.
    pub enum NotificationPriority {
        /// Display the notification at any time.
        Low = "low",
        /// Display the notification soon.
        Medium = "medium",
        /// Display the notification before others.
        High = "high",
        /// Display the notification immediately.
        Immediate = "immediate",
    }
}
