//! What handles leave for the runner when they are dropped.
//!
//! A drop may happen anywhere, in a waker that the driver's transport drops too, so it never takes the state.

use std::task::{Context, Poll};

use super::unpolled::Unpolled;
use crate::base::ids::{IncomingId, PromptId};
use crate::driver::awaited::Awaited;

#[derive(Default)]
pub(super) struct Desk {
    left: Awaited<Left>,
    /// State of the runner, for those who wait for the session.
    pub(super) unpolled: Unpolled,
}

#[derive(Default)]
pub(super) struct Left {
    /// The last handle is gone.
    pub(super) is_dropped: bool,
    /// Asks whose owner is gone.
    pub(super) declined: Vec<IncomingId>,
    /// Prompts that nobody wants any more.
    pub(super) stopped: Vec<PromptId>,
}

impl Desk {
    /// Leaves something for the runner and wakes it.
    pub(super) fn leave(&self, what: impl FnOnce(&mut Left)) {
        let ((), runner) = self.left.tell(what);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Wakes the runner: a reader that it waits for has read.
    pub(super) fn wake(&self) {
        self.leave(|_| {});
    }

    /// Notes a task that waits for the session, if it does.
    pub(super) fn waiting<T>(&self, polled: Poll<T>, cx: &Context<'_>) -> Poll<T> {
        if polled.is_pending() {
            self.unpolled.waited(cx);
        }
        polled
    }

    /// Takes what was left, as the task that is woken when more is.
    pub(super) fn collect(&self, cx: &Context<'_>) -> Left {
        let mut taken = Left::default();
        let _ = self.left.poll(cx, |left| {
            taken.is_dropped |= std::mem::take(&mut left.is_dropped);
            taken.declined.append(&mut left.declined);
            taken.stopped.append(&mut left.stopped);
            None::<()>
        });
        taken
    }
}
