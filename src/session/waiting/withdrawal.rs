//! Cancellation of an incoming request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::event::{Event, Listener};
use crate::driver::sync::OnceLock;
use crate::protocol::action::CancelledReason;

#[derive(Default)]
pub(in crate::session) struct Withdrawal {
    reason: OnceLock<CancelledReason>,
    event: Event,
}

impl Withdrawal {
    /// Sets the reason of the cancellation; [`notify`](Self::notify) wakes the waiting tasks.
    pub(in crate::session) fn set(&self, reason: CancelledReason) {
        let _ = self.reason.set(reason);
    }

    pub(in crate::session) fn is_set(&self) -> bool {
        self.reason.get().is_some()
    }

    /// Returns a future that completes when the request is cancelled.
    pub(in crate::session) fn wait(self: &Arc<Self>) -> Withdrawn {
        Withdrawn { listener: self.event.listen(), withdrawal: Arc::clone(self) }
    }

    /// Wakes the waiting tasks, if the reason is known.
    pub(in crate::session) fn notify(&self) {
        self.event.notify();
    }
}

/// Future of the cancellation of an incoming request.
pub(in crate::session) struct Withdrawn {
    withdrawal: Arc<Withdrawal>,
    listener: Listener,
}

impl Future for Withdrawn {
    type Output = CancelledReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CancelledReason> {
        // The reason may have been set before the listener existed; it is set before the listener is notified.
        let _ = Pin::new(&mut self.listener).poll(cx);
        self.withdrawal.reason.get().copied().map_or(Poll::Pending, Poll::Ready)
    }
}
