//! Background tasks: stop, output, and moving work to the background.

use crate::outgoing::request::sent::bare;
use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

use super::Ack;

sent! {
    /// `stop_task`: stops a background task. Seen since 2.1.50.
    ///
    /// A `task_updated` message with the status `killed` follows. For an unknown task, 2.1.50 and 2.1.143 return an error;
    /// later versions return a success.
    pub struct StopTask as "stop_task" -> Ack {
        must {
            /// Id of the task, as in `task_started`.
            task_id: String,
        }
    }

    /// `background_tasks`: moves work from the foreground to the background. Seen since 2.1.143.
    pub struct BackgroundTasks as "background_tasks" -> BackgroundTasksResponse {
        into {
            /// Id of the tool call to move. Without it, all calls are moved for which this is possible.
            tool_use_id: String,
        }
    }

    /// `get_task_output`: returns the output of a background task so far. Seen since 2.1.329.
    pub struct GetTaskOutput as "get_task_output" -> GetTaskOutputResponse {
        must {
            /// Id of the task.
            task_id: String,
        }
    }
}

bare! { BackgroundTasks, }

impl StopTask {
    /// Creates a request for the task with this id.
    #[must_use]
    pub fn new(task_id: impl Into<String>) -> Self {
        Self::bare(task_id.into())
    }
}

impl GetTaskOutput {
    /// Creates a request for the task with this id.
    #[must_use]
    pub fn new(task_id: impl Into<String>) -> Self {
        Self::bare(task_id.into())
    }
}

view! {
    /// Response to `background_tasks`.
    pub struct BackgroundTasksResponse {
        may {
            /// `true` if the tool call was moved. Absent if the request named no tool call.
            backgrounded: bool,
        }
    }

    /// Output of a background task.
    pub struct GetTaskOutputResponse {
        must {
            /// Output of the task, or its last part.
            output: String,
        }
        may {
            /// Size of the whole output, in bytes.
            total_bytes: u64,
            /// `true` if part of the output is left out.
            truncated: bool,
        }
    }
}
