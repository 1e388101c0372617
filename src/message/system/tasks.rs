//! `system` messages about tasks: subagents and commands, most of them in the background.

use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// `task_started`: a task has started. Since 2.1.50.
    pub struct TaskStarted {
        must {
            /// Identifier of the task.
            task_id: String,
        }
        may {
            /// Short description of the task.
            description: String,
            /// Kind of the task.
            task_type: TaskKind,
            /// Identifier of this run of the task. Since 2.1.329.
            run_id: String,
            /// Identifier of the tool call that started the task.
            tool_use_id: String,
            /// Type of the subagent. Since 2.1.143.
            subagent_type: String,
            /// Prompt for the subagent. Since 2.1.143.
            prompt: String,
            /// `true` if the turn continues while the task runs. Since 2.1.250.
            is_backgrounded: bool,
            /// Nesting depth of the task, from 1. Since 2.1.250.
            spawn_depth: u64,
            /// Identifier of the task that started this one.
            parent_task_id: String,
            /// Name of the workflow.
            workflow_name: String,
            /// `true` if the task does not appear in the transcript.
            skip_transcript: bool,
            /// `true` if the task runs permanently, so that an idle session does not wait for its end.
            ambient: bool,
            /// `true` if a subagent started the task. Source: the code of the CLI 2.1.332.
            owned_by_subagent: bool,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `task_progress`: the progress of a task.
    pub struct TaskProgress {
        must {
            /// Identifier of the task.
            task_id: String,
        }
        may {
            /// Short description of the current activity.
            description: String,
            /// Usage of the task so far.
            usage: TaskUsage,
            /// Identifier of this run of the task.
            run_id: String,
            /// Identifier of the tool call that started the task.
            tool_use_id: String,
            /// Type of the subagent.
            subagent_type: String,
            /// Name of the tool that the task called last.
            last_tool_name: String,
            /// Summary of the work so far.
            summary: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `task_updated`: properties of a task have changed. Since 2.1.143.
    pub struct TaskUpdated {
        must {
            /// Identifier of the task.
            task_id: String,
        }
        may {
            /// Changed properties. Absent properties are unchanged.
            patch: TaskPatch,
            /// Identifier of this run of the task. Since 2.1.329.
            run_id: String,
            /// Identifier of this message; can be absent.
            uuid: String,
            /// Identifier of the session; can be absent.
            session_id: String,
        }
    }

    /// Changed properties of a task. Absent properties are unchanged.
    pub struct TaskPatch {
        may {
            /// State of the task.
            status: TaskStatus,
            /// Short description of the task.
            description: String,
            /// End time of the task, in milliseconds since 1970.
            end_time: f64,
            /// Total time for which the task was paused, in milliseconds.
            total_paused_ms: f64,
            /// Description of the error, if the task failed.
            error: String,
            /// `true` if the turn continues while the task runs.
            is_backgrounded: bool,
        }
    }

    /// `task_notification`: a task has ended. Since 2.1.50.
    ///
    /// The CLI does not send it for every task; see [`TaskUpdated::is_over`].
    pub struct TaskNotification {
        must {
            /// Identifier of the task.
            task_id: String,
        }
        may {
            /// Outcome of the task; `stopped` for a killed task.
            status: TaskStatus,
            /// Path of the file that contains the output.
            output_file: String,
            /// Summary of the work.
            summary: String,
            /// `true` if the summary is the report of the subagent itself. Since 2.1.329.
            summary_is_report: bool,
            /// Identifier of this run of the task. Since 2.1.329.
            run_id: String,
            /// Identifier of the tool call that started the task.
            tool_use_id: String,
            /// Reason for the end, if the task did not end by itself, e.g. `worker_restart`.
            reason: String,
            /// Usage of the task; only for a subagent.
            usage: TaskUsage,
            /// Links to resources in the output of the task.
            resource_links: Vec<Json>,
            /// `true` if the task does not appear in the transcript.
            skip_transcript: bool,
            /// `true` if the task ran permanently, so that an idle session did not wait for its end.
            ambient: bool,
            /// `true` if a subagent started the task. Source: the code of the CLI 2.1.332.
            owned_by_subagent: bool,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `background_tasks_changed`: the complete list of background tasks, which replaces the previous list. Since
    /// 2.1.250.
    pub struct BackgroundTasksChanged {
        must {
            /// All background tasks.
            tasks: Vec<BackgroundTask>,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// Task that runs in the background.
    pub struct BackgroundTask {
        must {
            /// Identifier of the task.
            task_id: String,
        }
        may {
            /// Kind of the task.
            task_type: TaskKind,
            /// Short description of the task.
            description: String,
            /// Identifier of this run of the task. Since 2.1.329.
            run_id: String,
            /// Type of the subagent. Since 2.1.329.
            subagent_type: String,
            /// Identifier of the task that started this one.
            parent_task_id: String,
            /// `true` if the task runs permanently, so that an idle session does not wait for its end.
            ambient: bool,
        }
    }

    /// Usage of a task.
    pub struct TaskUsage {
        or_default {
            /// Number of tokens used.
            total_tokens: u64,
            /// Number of tool calls.
            tool_uses: u64,
            /// Duration of the task, in milliseconds.
            duration_ms: u64,
        }
    }
}

words! {
    /// Kind of a task.
    pub enum TaskKind {
        /// Subagent of this process.
        LocalAgent = "local_agent",
        /// Shell command on this machine.
        LocalBash = "local_bash",
        /// Workflow on this machine.
        LocalWorkflow = "local_workflow",
        /// Task of an MCP server.
        McpTask = "mcp_task",
        /// Monitor of an MCP server.
        MonitorMcp = "monitor_mcp",
        /// Monitor of a WebSocket.
        MonitorWs = "monitor_ws",
        /// Teammate in the same process.
        InProcessTeammate = "in_process_teammate",
    }

    /// State of a task.
    pub enum TaskStatus {
        /// The task has not started.
        Pending = "pending",
        /// The task is running.
        Running = "running",
        /// The task is paused.
        Paused = "paused",
        /// The task completed successfully.
        Completed = "completed",
        /// The task failed.
        Failed = "failed",
        /// The task was killed.
        Killed = "killed",
        /// The task was stopped. Only a `task_notification` uses this state.
        Stopped = "stopped",
    }
}

impl TaskStatus {
    /// Returns `true` if the state is final: no further message about the task changes it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Killed | Self::Stopped)
    }
}

impl TaskUpdated {
    /// Returns `true` if this message reports a final state. It can be the only message that reports the end of the
    /// task.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.patch.as_ref().and_then(|patch| patch.status.as_ref()).is_some_and(TaskStatus::is_over)
    }
}
