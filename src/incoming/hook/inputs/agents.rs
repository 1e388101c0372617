//! Inputs of hooks for the end of turns, for subagents and for tasks.

use crate::wire::view::view;

view! {
    /// Input of `Stop`: a turn is about to end.
    pub struct StopHookInput {
        must {}
        may {
            /// `true` if a hook has already made this turn continue. A hook that always blocks never lets the turn end.
            stop_hook_active: bool,
            /// Text of the last assistant message. Since 2.1.50.
            last_assistant_message: String,
            /// Tasks that are still running in the background. Since 2.1.250.
            background_tasks: Vec<HookBackgroundTask>,
            /// Scheduled prompts of the session. Since 2.1.250.
            session_crons: Vec<SessionCron>,
        }
    }

    /// Input of `StopFailure`: a turn ends with an API error.
    pub struct StopFailureHookInput {
        must {}
        may {
            /// Kind of the error, e.g. `rate_limit`, `overloaded`, `unknown`.
            error: String,
            /// Error text of the API.
            error_details: String,
            /// Text of the last assistant message; can be the error text.
            last_assistant_message: String,
        }
    }

    /// Input of `SubagentStart`: a subagent starts. The [common input](crate::incoming::hook::HookInput) identifies the
    /// subagent.
    pub struct SubagentStartHookInput {
        must {}
        may {}
    }

    /// Input of `SubagentStop`: a subagent is about to end. The [common input](crate::incoming::hook::HookInput)
    /// identifies the subagent.
    pub struct SubagentStopHookInput {
        must {}
        may {
            /// `true` if a hook has already made this subagent continue.
            stop_hook_active: bool,
            /// Path of the transcript file of the subagent.
            agent_transcript_path: String,
            /// Text of the last message of the subagent. Since 2.1.329.
            last_assistant_message: String,
            /// Tasks that are still running in the background. Since 2.1.329.
            background_tasks: Vec<HookBackgroundTask>,
            /// Scheduled prompts of the session. Since 2.1.329.
            session_crons: Vec<SessionCron>,
        }
    }

    /// Task that runs in the background.
    pub struct HookBackgroundTask {
        must {
            /// Identifier of the task.
            id: String,
        }
        may {
            /// Type of the task, e.g. `subagent`.
            kind = "type": String,
            /// State of the task, e.g. `running`.
            status: String,
            /// Description of the task.
            description: String,
            /// Command of a shell task.
            command: String,
            /// Type of a subagent.
            agent_type: String,
            /// MCP server of an MCP task.
            server: String,
            /// MCP tool of an MCP task.
            tool: String,
            /// Name of the task.
            name: String,
        }
    }

    /// Scheduled prompt of a session.
    pub struct SessionCron {
        must {
            /// Identifier of the scheduled prompt.
            id: String,
        }
        may {
            /// Schedule, as a cron expression.
            schedule: String,
            /// `true` if the prompt runs more than once.
            recurring: bool,
            /// Text of the prompt.
            prompt: String,
        }
    }

    /// Input of `TeammateIdle`: a teammate is idle.
    pub struct TeammateIdleHookInput {
        must {
            /// Name of the teammate.
            teammate_name: String,
        }
        may {
            /// Name of the team.
            team_name: String,
        }
    }

    /// Input of `TaskCreated`: a task is about to be added to the task list.
    pub struct TaskCreatedHookInput {
        must {
            /// Identifier of the task.
            task_id: String,
        }
        may {
            /// Subject of the task, in one line.
            task_subject: String,
            /// Description of the task.
            task_description: String,
            /// Name of the teammate to whom the task belongs.
            teammate_name: String,
            /// Name of the team.
            team_name: String,
        }
    }

    /// Input of `TaskCompleted`: a task is about to be marked as completed.
    pub struct TaskCompletedHookInput {
        must {
            /// Identifier of the task.
            task_id: String,
        }
        may {
            /// Subject of the task, in one line.
            task_subject: String,
            /// Description of the task.
            task_description: String,
            /// Name of the teammate to whom the task belongs.
            teammate_name: String,
            /// Name of the team.
            team_name: String,
        }
    }
}
