//! Tasks: subagents and commands, most of them in the background.

use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// `task_started`. From 2.1.50.
    pub struct TaskStarted {
        must {
            /// The task.
            task_id: String,
        }
        may {
            /// What it is to do, in short.
            description: String,
            /// What runs.
            task_type: TaskKind,
            /// This run of it. From 2.1.329.
            run_id: String,
            /// The call of a tool that started it.
            tool_use_id: String,
            /// The subagent's kind. From 2.1.143.
            subagent_type: String,
            /// What the subagent is told to do. From 2.1.143.
            prompt: String,
            /// Whether the turn goes on meanwhile. From 2.1.250.
            is_backgrounded: bool,
            /// How deep it is nested, from 1. From 2.1.250.
            spawn_depth: u64,
            /// The task that started it.
            parent_task_id: String,
            /// The workflow.
            workflow_name: String,
            /// Whether it leaves no trace in the transcript.
            skip_transcript: bool,
            /// Whether it is always there, so that nobody waits for it.
            ambient: bool,
            /// True if a subagent started it. Known from the program of 2.1.332.
            owned_by_subagent: bool,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `task_progress`.
    pub struct TaskProgress {
        must {
            /// The task.
            task_id: String,
        }
        may {
            /// What it is at, in short.
            description: String,
            /// What it has used so far.
            usage: TaskUsage,
            /// This run of it.
            run_id: String,
            /// The call of a tool that started it.
            tool_use_id: String,
            /// The subagent's kind.
            subagent_type: String,
            /// The tool that it called last.
            last_tool_name: String,
            /// What it has done so far.
            summary: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `task_updated`: what is new about a task. From 2.1.143.
    pub struct TaskUpdated {
        must {
            /// The task.
            task_id: String,
        }
        may {
            /// What is new.
            patch: TaskPatch,
            /// This run of it. From 2.1.329.
            run_id: String,
            /// This line's own id; may be missing.
            uuid: String,
            /// The session; may be missing.
            session_id: String,
        }
    }

    /// What is new about a task; what is not said stays.
    pub struct TaskPatch {
        may {
            /// How far it is.
            status: TaskStatus,
            /// What it is to do, in short.
            description: String,
            /// When it ended, in milliseconds since 1970.
            end_time: f64,
            /// How long it paused, in milliseconds.
            total_paused_ms: f64,
            /// Why it failed.
            error: String,
            /// Whether the turn goes on meanwhile.
            is_backgrounded: bool,
        }
    }

    /// `task_notification`: a task ended. From 2.1.50; not every end is told so, see [`TaskUpdated::is_over`].
    pub struct TaskNotification {
        must {
            /// The task.
            task_id: String,
        }
        may {
            /// How it ended; a killed one is `stopped`.
            status: TaskStatus,
            /// Where its output is.
            output_file: String,
            /// What it did.
            summary: String,
            /// Whether the summary is the subagent's own report. From 2.1.329.
            summary_is_report: bool,
            /// This run of it. From 2.1.329.
            run_id: String,
            /// The call of a tool that started it.
            tool_use_id: String,
            /// Why it ended, where that is not its own doing: `worker_restart`.
            reason: String,
            /// What it used, of a subagent.
            usage: TaskUsage,
            /// What it points at.
            resource_links: Vec<Json>,
            /// Whether it leaves no trace in the transcript.
            skip_transcript: bool,
            /// Whether it was always there, so that nobody waited for it.
            ambient: bool,
            /// True if a subagent started it. Known from the program of 2.1.332.
            owned_by_subagent: bool,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `background_tasks_changed`: all tasks in the background; those that were known before are no more. From 2.1.250.
    pub struct BackgroundTasksChanged {
        must {
            /// The tasks.
            tasks: Vec<BackgroundTask>,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// A task in the background.
    pub struct BackgroundTask {
        must {
            /// The task.
            task_id: String,
        }
        may {
            /// What runs.
            task_type: TaskKind,
            /// What it is to do, in short.
            description: String,
            /// This run of it. From 2.1.329.
            run_id: String,
            /// The subagent's kind. From 2.1.329.
            subagent_type: String,
            /// The task that started it.
            parent_task_id: String,
            /// Whether it is always there, so that nobody waits for it.
            ambient: bool,
        }
    }

    /// What a task used.
    pub struct TaskUsage {
        or_default {
            /// Tokens.
            total_tokens: u64,
            /// Calls of tools.
            tool_uses: u64,
            /// How long it took, in milliseconds.
            duration_ms: u64,
        }
    }
}

words! {
    /// What runs as a task.
    pub enum TaskKind {
        /// A subagent.
        LocalAgent = "local_agent",
        /// A command.
        LocalBash = "local_bash",
        /// A workflow.
        LocalWorkflow = "local_workflow",
        /// A task of an MCP server.
        McpTask = "mcp_task",
        /// Something that watches an MCP server.
        MonitorMcp = "monitor_mcp",
        /// Something that watches a web socket.
        MonitorWs = "monitor_ws",
        /// A teammate in the same process.
        InProcessTeammate = "in_process_teammate",
    }

    /// How far a task is.
    pub enum TaskStatus {
        /// It has not begun.
        Pending = "pending",
        /// It runs.
        Running = "running",
        /// It waits.
        Paused = "paused",
        /// It did what it was to do.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
        /// It was killed.
        Killed = "killed",
        /// It was stopped; the word of a `task_notification`.
        Stopped = "stopped",
    }
}

impl TaskStatus {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Killed | Self::Stopped)
    }
}

impl TaskUpdated {
    /// Whether it says that the task is over. It may be the only line that does.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.patch.as_ref().and_then(|patch| patch.status.as_ref()).is_some_and(TaskStatus::is_over)
    }
}
