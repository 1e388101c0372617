//! Prompts in the CLI's queue: cancellation and interrupts.

use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

sent! {
    /// `cancel_async_message`: withdraws a prompt from the CLI's queue. Since 2.1.76.
    ///
    /// [`Protocol::cancel`](crate::Protocol::cancel) sends this request and handles its response.
    pub struct CancelAsyncMessage as "cancel_async_message" -> CancelAsyncMessageResponse {
        must {
            /// Uuid of the prompt.
            message_uuid: String,
        }
    }
}

impl CancelAsyncMessage {
    /// Creates a request for the prompt with this uuid.
    #[must_use]
    pub fn new(prompt: impl std::fmt::Display) -> Self {
        Self::bare(prompt.to_string())
    }
}

view! {
    /// Response to `cancel_async_message`.
    pub struct CancelAsyncMessageResponse {
        must {
            /// `true` if the prompt was removed from the queue. Also `false` for a prompt that has not reached the queue
            /// yet; the CLI then withdraws it later.
            cancelled: bool,
        }
        may {
            /// Uuid of the prompt in the request. Since 2.1.329.
            message_uuid: String,
        }
    }

    /// Response to an interrupt ([wire reference, section 2.3](crate::guide::wire#23-interrupt)). Both lists contain only
    /// prompts with a uuid, and can contain prompts that the host did not send.
    pub struct InterruptResponse {
        may {
            /// Uuids of the prompts that will still run. Since 2.1.250.
            still_queued: Vec<String>,
            /// Uuids of the prompts that were withdrawn, if the interrupt requested it. Since 2.1.250.
            cancelled: Vec<String>,
        }
    }
}
