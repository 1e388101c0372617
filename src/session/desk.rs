//! What handles leave for the runner when they are dropped.
//!
//! A drop may happen anywhere, in a waker that the driver's transport drops too, so it never takes the state.

use std::task::Context;

use crate::base::ids::{IncomingId, PromptId};
use crate::driver::awaited::Awaited;

#[derive(Default)]
pub(super) struct Desk(Awaited<Left>);

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
        let ((), runner) = self.0.tell(what);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Wakes the runner: a reader that it waits for has read.
    pub(super) fn wake(&self) {
        self.leave(|_| {});
    }

    /// Takes what was left, as the task that is woken when more is.
    pub(super) fn collect(&self, cx: &Context<'_>) -> Left {
        let mut taken = Left::default();
        let _ = self.0.poll(cx, |left| {
            taken.is_dropped |= std::mem::take(&mut left.is_dropped);
            taken.declined.append(&mut left.declined);
            taken.stopped.append(&mut left.stopped);
            None::<()>
        });
        taken
    }
}
