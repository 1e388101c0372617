//! What handles leave for the runner when they are dropped.
//!
//! A drop may happen anywhere, in a waker that the driver's transport drops too, so it never takes the state: this lock is
//! held for a moment only, and nothing else is done under it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use crate::ids::AskId;

#[derive(Default)]
pub(super) struct Desk(Mutex<Left>);

#[derive(Default)]
pub(super) struct Left {
    runner: Option<Waker>,
    /// The last handle is gone.
    pub(super) close: bool,
    /// Asks whose owner is gone.
    pub(super) declined: Vec<AskId>,
}

impl Desk {
    /// Leaves something for the runner and wakes it.
    pub(super) fn leave(&self, what: impl FnOnce(&mut Left)) {
        let mut left = self.left();
        what(&mut left);
        let runner = left.runner.take();
        drop(left);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Takes what was left, as the task that is woken when more is.
    pub(super) fn collect(&self, cx: &Context<'_>) -> Left {
        let mut left = self.left();
        let (close, declined) = (left.close, std::mem::take(&mut left.declined));
        let former = match &left.runner {
            Some(runner) if runner.will_wake(cx.waker()) => None,
            _ => left.runner.replace(cx.waker().clone()),
        };
        drop(left);
        // `former` is dropped after the lock.
        Left { runner: former, close, declined }
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
