//! Cancellation of an incoming request.

use std::sync::OnceLock;

use event_listener::{Event, EventListener};

use crate::protocol::action::CancelledReason;

#[derive(Default)]
pub(in crate::session) struct Withdrawal {
    reason: OnceLock<CancelledReason>,
    told: Event,
}

impl Withdrawal {
    /// Sets the reason of the cancellation; [`notify`](Self::notify) wakes the waiting tasks.
    pub(in crate::session) fn set(&self, reason: CancelledReason) {
        let _ = self.reason.set(reason);
    }

    pub(in crate::session) fn is_told(&self) -> bool {
        self.reason.get().is_some()
    }

    pub(in crate::session) fn listen(&self) -> EventListener {
        self.told.listen()
    }

    pub(in crate::session) async fn wait(&self) -> CancelledReason {
        loop {
            let listener = self.listen();
            if let Some(reason) = self.reason.get() {
                return *reason;
            }
            listener.await;
        }
    }

    /// Wakes the waiting tasks, if the reason is known.
    pub(in crate::session) fn notify(&self) {
        self.told.notify(usize::MAX);
    }
}
