//! Work that dropped handles leave for the runner.
//!
//! A drop may happen anywhere, e.g. in a waker that the driver's transport drops. Therefore it never locks the
//! state.

use std::task::{Context, Poll};

use super::unpolled::Unpolled;
use crate::base::ids::{IncomingId, PromptId};
use crate::driver::awaited::Awaited;

#[derive(Default)]
pub(super) struct RunnerInbox {
    left: Awaited<Left>,
    /// State of the runner, for tasks that wait for the session.
    pub(super) unpolled: Unpolled,
}

#[derive(Default)]
pub(super) struct Left {
    /// `true` after the last handle was dropped.
    pub(super) is_dropped: bool,
    /// Incoming requests whose owner was dropped.
    pub(super) declined: Vec<IncomingId>,
    /// Prompts to stop, because their handles were dropped.
    pub(super) stopped: Vec<PromptId>,
}

impl RunnerInbox {
    /// Leaves work for the runner and wakes it.
    pub(super) fn leave(&self, what: impl FnOnce(&mut Left)) {
        let ((), runner) = self.left.update(what);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Wakes the runner, because a reader that it waits for has read.
    pub(super) fn wake(&self) {
        self.leave(|_| {});
    }

    /// Records that a task waits for the session, if it does.
    pub(super) fn waiting<T>(&self, polled: Poll<T>, cx: &Context<'_>) -> Poll<T> {
        if polled.is_pending() {
            self.unpolled.waited(cx);
        }
        polled
    }

    /// Takes the work that was left. The calling task is woken when more is left.
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
