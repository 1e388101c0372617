//! Turns that end, subagents, and tasks.

use crate::wire::view::view;

view! {
    /// A turn is about to end.
    pub struct StopHookInput {
        must {}
        may {
            /// Whether it goes on already because a hook said so: a hook that blocks again may go round for ever.
            stop_hook_active: bool,
            /// The answer. From 2.1.50.
            last_assistant_message: String,
            /// What still runs. From 2.1.250.
            background_tasks: Vec<HookBackgroundTask>,
            /// What is to run at its time. From 2.1.250.
            session_crons: Vec<SessionCron>,
        }
    }

    /// A turn ends in an error of the API.
    pub struct StopFailureHookInput {
        must {}
        may {
            /// Which: `rate_limit`, `overloaded`, `unknown`, ...
            error: String,
            /// What the API said.
            error_details: String,
            /// The last text, which may be the error's.
            last_assistant_message: String,
        }
    }

    /// A subagent begins. Who it is, [every input](crate::incoming::hook::HookInput) can say.
    pub struct SubagentStartHookInput {
        must {}
        may {}
    }

    /// A subagent is about to end. Who it is, [every input](crate::incoming::hook::HookInput) can say.
    pub struct SubagentStopHookInput {
        must {}
        may {
            /// Whether it goes on already because a hook said so.
            stop_hook_active: bool,
            /// The file in which the CLI keeps what it did.
            agent_transcript_path: String,
            /// Its answer. Seen on 2.1.329.
            last_assistant_message: String,
            /// What still runs. Seen on 2.1.329.
            background_tasks: Vec<HookBackgroundTask>,
            /// What is to run at its time. Seen on 2.1.329.
            session_crons: Vec<SessionCron>,
        }
    }

    /// What runs in the background.
    pub struct HookBackgroundTask {
        must {
            /// Its id.
            id: String,
        }
        may {
            /// What it is, as `subagent`.
            kind = "type": String,
            /// How it is with it, as `running`.
            status: String,
            /// What it is for.
            description: String,
            /// A shell's command.
            command: String,
            /// A subagent's type.
            agent_type: String,
            /// An MCP task's server.
            server: String,
            /// An MCP task's tool.
            tool: String,
            /// Its name.
            name: String,
        }
    }

    /// What is to run at its time.
    pub struct SessionCron {
        must {
            /// Its id.
            id: String,
        }
        may {
            /// When, as a cron expression.
            schedule: String,
            /// Whether more than once.
            recurring: bool,
            /// The prompt.
            prompt: String,
        }
    }

    /// A teammate has nothing to do.
    pub struct TeammateIdleHookInput {
        must {
            /// Who.
            teammate_name: String,
        }
        may {
            /// Of which team.
            team_name: String,
        }
    }

    /// A task was put on the list.
    pub struct TaskCreatedHookInput {
        must {
            /// Which.
            task_id: String,
        }
        may {
            /// What it is, in a line.
            task_subject: String,
            /// What it is.
            task_description: String,
            /// Whose it is.
            teammate_name: String,
            /// Of which team.
            team_name: String,
        }
    }

    /// A task is done.
    pub struct TaskCompletedHookInput {
        must {
            /// Which.
            task_id: String,
        }
        may {
            /// What it is, in a line.
            task_subject: String,
            /// What it is.
            task_description: String,
            /// Whose it is.
            teammate_name: String,
            /// Of which team.
            team_name: String,
        }
    }
}
