//! Lines about tools that run.

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// A `tool_progress` line: a tool still runs.
    pub struct ToolProgress {
        must {
            /// The call.
            tool_use_id: String,
        }
        may {
            /// The tool.
            tool_name: String,
            /// The call of a tool whose subagent calls it; none for the main thread.
            parent_tool_use_id: String,
            /// How long it has run, in seconds.
            elapsed_time_seconds: f64,
            /// The task in which it runs.
            task_id: String,
            /// Only a sign of life.
            heartbeat: bool,
            /// The subagent's kind.
            subagent_type: String,
            /// The subagent's request to the API is tried again.
            subagent_retry: SubagentRetry,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// A subagent's request to the API that is tried again.
    pub struct SubagentRetry {
        may {
            /// The subagent.
            agent_id: String,
            /// The how manieth try comes next, from 1.
            attempt: u64,
            /// How many there will be.
            max_retries: u64,
            /// How long until then, in milliseconds.
            retry_delay_ms: f64,
            /// The API's status code; none where there was no answer.
            error_status: u64,
            /// What kind of error.
            error_category: String,
        }
    }

    /// A `tool_use_summary` line: what several calls did, in a few words.
    pub struct ToolUseSummary {
        must {
            /// The words.
            summary: String,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
        or_default {
            /// The calls.
            preceding_tool_use_ids: Vec<String>,
        }
    }

    /// A `transcript_mirror` line, with `--session-mirror`: what the CLI added to a transcript file.
    pub struct TranscriptMirror {
        must {
            /// The file.
            file_path = "filePath": String,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
        or_default {
            /// The lines.
            entries: Vec<Json>,
        }
    }
}
