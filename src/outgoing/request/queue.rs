//! Prompts that the CLI has, and what becomes of them.

use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

sent! {
    /// `cancel_async_message`: withdraws a prompt from the CLI's queue. [`Protocol::cancel`](crate::Protocol::cancel)
    /// sends it and follows up. From 2.1.76.
    pub struct CancelAsyncMessage as "cancel_async_message" -> CancelAsyncMessageResponse {
        must {
            /// The prompt's uuid.
            message_uuid: String,
        }
    }
}

impl CancelAsyncMessage {
    /// The prompt of that uuid.
    #[must_use]
    pub fn new(prompt: impl std::fmt::Display) -> Self {
        Self::bare(prompt.to_string())
    }
}

view! {
    /// Whether the prompt was withdrawn.
    pub struct CancelAsyncMessageResponse {
        must {
            /// Whether it was in the queue, and is not any more. False also for one that waits elsewhere, and is withdrawn
            /// when it gets to the queue.
            cancelled: bool,
        }
        may {
            /// The uuid that was meant. From 2.1.329.
            message_uuid: String,
        }
    }

    /// What an interrupt left and took ([wire reference, section 2.3](crate::guide::wire#23-interrupt)). Both are about prompts with a uuid alone, and may
    /// name some that are not the host's.
    pub struct InterruptResponse {
        may {
            /// The uuids of the prompts that will still run. From 2.1.250.
            still_queued: Vec<String>,
            /// The uuids of those that were withdrawn. From 2.1.250, where it was asked for.
            cancelled: Vec<String>,
        }
    }
}
