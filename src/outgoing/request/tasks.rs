//! Background tasks.

use crate::outgoing::request::sent::bare;
use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

use super::Ack;

sent! {
    /// `stop_task`: ends a background task. A `task_updated` with the status `killed` follows. 2.1.50 and
    /// 2.1.143 refuse a task that they do not know; later ones acknowledge it too. Seen from 2.1.50.
    pub struct StopTask as "stop_task" -> Ack {
        must {
            /// The task, as `task_started` names it.
            task_id: String,
        }
    }

    /// `background_tasks`: lets what runs in the foreground go on in the background. Seen from 2.1.143.
    pub struct BackgroundTasks as "background_tasks" -> BackgroundTasksResponse {
        into {
            /// The tool call that is to; not set, all that can.
            tool_use_id: String,
        }
    }

    /// `get_task_output`: what a background task has written so far. Seen from 2.1.329.
    pub struct GetTaskOutput as "get_task_output" -> GetTaskOutputResponse {
        must {
            /// The task.
            task_id: String,
        }
    }
}

bare! { BackgroundTasks, }

impl StopTask {
    /// That task.
    #[must_use]
    pub fn new(task_id: impl Into<String>) -> Self {
        Self::bare(task_id.into())
    }
}

impl GetTaskOutput {
    /// That task.
    #[must_use]
    pub fn new(task_id: impl Into<String>) -> Self {
        Self::bare(task_id.into())
    }
}

view! {
    /// What went to the background.
    pub struct BackgroundTasksResponse {
        may {
            /// Whether the tool call did; not said where all were meant.
            backgrounded: bool,
        }
    }

    /// What a task has written.
    pub struct GetTaskOutputResponse {
        must {
            /// Its output, or the end of it.
            output: String,
        }
        may {
            /// How much it is altogether, in bytes.
            total_bytes: u64,
            /// Whether some of it is left out.
            truncated: bool,
        }
    }
}
