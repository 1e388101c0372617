//! What is said to the model: prompts as they are taken up, and the results of tools.

use super::content::ContentBlocks;
use super::origin::MessageOrigin;
use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// A `user` line: a tool's result, or the echo of a prompt (with `--replay-user-messages`).
    pub struct User {
        must {
            /// What was said.
            message: UserMessage,
        }
        may {
            /// This line's own id; of an echo, the prompt's.
            uuid: String,
            /// The session.
            session_id: String,
            /// The call of a tool to whose subagent it is said; none for the main thread.
            parent_tool_use_id: String,
            /// What the tool gave, as the tool has it; its shape is the tool's own. From 2.0.76.
            tool_use_result: Json,
            /// How the calls that are answered here were decided. From 2.1.250.
            tool_result_meta: Vec<ToolResultMeta>,
            /// Who said it.
            origin: MessageOrigin,
            /// When, in ISO 8601. From 2.1.143.
            timestamp: String,
            /// Its place in the queue, of an echo: `now`, `next` or `later`.
            priority: String,
            /// Files that came with the prompt.
            file_attachments: Vec<Json>,
            /// The subagent. From 2.1.329.
            agent_id: String,
            /// The subagent's kind. From 2.1.250.
            subagent_type: String,
            /// What the subagent was told to do, in short. From 2.1.250.
            task_description: String,
            /// Id of the answer that the model refused, if this line asks again. Known from the program of 2.1.332.
            refused_message_id: String,
        }
        or_default {
            /// The echo of a prompt. From 2.0.76, but for the CLI's own lines too: match uuids instead.
            is_replay = "isReplay": bool,
            /// The CLI's own words, not a person's. From 2.1.143.
            is_synthetic = "isSynthetic": bool,
            /// True if the CLI asks again after a refusal. Known from the program of 2.1.332.
            refusal_retry: bool,
        }
    }

    /// What was said to the model.
    pub struct UserMessage {
        must {
            /// A text or blocks.
            content: ContentBlocks,
        }
        may {
            /// Always `user`.
            role: String,
        }
    }

    /// How a call of a tool was decided.
    pub struct ToolResultMeta {
        must {
            /// The call.
            id: String,
        }
        may {
            /// Why it did not run: `permission-rule`, `user-rejected`, ...
            non_execution_kind: String,
            /// Who decided that it may run, or not. From 2.1.329.
            permission_decision: PermissionDecision,
        }
    }

    /// Who decided about a call, and how.
    pub struct PermissionDecision {
        may {
            /// `accept` or `reject`.
            decision: String,
            /// `config`, `user_temporary`, `user_reject`, ...
            source: String,
            /// `mode`, `rule`, `other`, ...
            reason_type: String,
        }
    }
}
