//! Messages to the model: echoes of prompts, and results of tools.

use super::content::ContentBlocks;
use super::origin::MessageOrigin;
use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// `user` message: the result of a tool, or the echo of a prompt (with `--replay-user-messages`).
    pub struct User {
        must {
            /// Message to the model.
            message: UserMessage,
        }
        may {
            /// Identifier of this message. In an echo, the `uuid` of the prompt.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
            /// Identifier of the tool call that started the subagent; `None` in the main thread.
            parent_tool_use_id: String,
            /// Structured output of the tool; the shape depends on the tool. Since 2.0.76.
            tool_use_result: Json,
            /// Permission decisions about the tool calls whose results this message contains. Since 2.1.250.
            tool_result_meta: Vec<ToolResultMeta>,
            /// Origin of the message.
            origin: MessageOrigin,
            /// Time of the message, in ISO 8601. Since 2.1.143.
            timestamp: String,
            /// Priority of the echoed prompt in the queue: `now`, `next` or `later`.
            priority: String,
            /// Files attached to the prompt.
            file_attachments: Vec<Json>,
            /// Identifier of the subagent. Since 2.1.329.
            agent_id: String,
            /// Type of the subagent. Since 2.1.250.
            subagent_type: String,
            /// Short description of the task of the subagent. Since 2.1.250.
            task_description: String,
            /// Identifier of the refused answer, if this message repeats the prompt after a refusal. Source: the code
            /// of the CLI 2.1.332.
            refused_message_id: String,
        }
        or_default {
            /// `true` if the message is an echo. Since 2.0.76. Also set in echoes of messages of the CLI itself; match
            /// `uuid` to find the echo of a prompt.
            is_replay = "isReplay": bool,
            /// `true` if the CLI wrote the text, not a person. Since 2.1.143.
            is_synthetic = "isSynthetic": bool,
            /// `true` if this message repeats the prompt after a refusal. Source: the code of the CLI 2.1.332.
            refusal_retry: bool,
        }
    }

    /// Message to the model.
    pub struct UserMessage {
        must {
            /// Content blocks of the message.
            content: ContentBlocks,
        }
        may {
            /// Role of the author; always `user`.
            role: String,
        }
    }

    /// Permission decision about one tool call.
    pub struct ToolResultMeta {
        must {
            /// Identifier of the tool call.
            id: String,
        }
        may {
            /// Reason why the tool did not run, e.g. `permission-rule`, `user-rejected`.
            non_execution_kind: String,
            /// Decision about the call, and its source. Since 2.1.329.
            permission_decision: PermissionDecision,
        }
    }

    /// Decision about a tool call, as reported by the CLI.
    pub struct PermissionDecision {
        may {
            /// Decision about the call: `accept` or `reject`.
            decision: String,
            /// Source of the decision, e.g. `config`, `user_temporary`, `user_reject`.
            source: String,
            /// Type of the reason, e.g. `mode`, `rule`, `other`.
            reason_type: String,
        }
    }
}
