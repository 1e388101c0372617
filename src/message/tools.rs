//! Messages about running tools.

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// `tool_progress` message: a tool is still running.
    pub struct ToolProgress {
        must {
            /// Identifier of the tool call.
            tool_use_id: String,
        }
        may {
            /// Name of the tool.
            tool_name: String,
            /// Identifier of the tool call that started the subagent; `None` in the main thread.
            parent_tool_use_id: String,
            /// Time since the start of the tool, in seconds.
            elapsed_time_seconds: f64,
            /// Identifier of the background task in which the tool runs.
            task_id: String,
            /// `true` if the message reports no progress, only that the tool is alive.
            heartbeat: bool,
            /// Type of the subagent.
            subagent_type: String,
            /// Repetition of a failed API request of the subagent.
            subagent_retry: SubagentRetry,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// Repetition of a failed API request of a subagent.
    pub struct SubagentRetry {
        may {
            /// Identifier of the subagent.
            agent_id: String,
            /// Number of the next retry, counted from 1.
            attempt: u64,
            /// Maximum number of retries.
            max_retries: u64,
            /// Delay before the next retry, in milliseconds.
            retry_delay_ms: f64,
            /// HTTP status of the failed request; `None` if the API did not respond.
            error_status: u64,
            /// Category of the error.
            error_category: String,
        }
    }

    /// `tool_use_summary` message: a short summary of several tool calls.
    pub struct ToolUseSummary {
        must {
            /// Text of the summary.
            summary: String,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
        or_default {
            /// Identifiers of the tool calls that the summary covers.
            preceding_tool_use_ids: Vec<String>,
        }
    }

    /// `transcript_mirror` message, sent with `--session-mirror`: entries that the CLI added to a transcript file.
    pub struct TranscriptMirror {
        must {
            /// Path of the transcript file.
            file_path = "filePath": String,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
        or_default {
            /// Entries, in the order of the file.
            entries: Vec<Json>,
        }
    }
}
