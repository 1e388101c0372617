//! Waker with which the driver is polled.
//!
//! The driver is polled under the session's lock. The waker of the runner is code of the host, so it may not be
//! woken, cloned or dropped there. The driver gets this waker instead. A wake during the poll is passed on
//! afterwards.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use crate::driver::awaited::Awaited;

pub(super) struct Task {
    inner: Arc<Inner>,
    waker: Waker,
}

#[derive(Default)]
struct Inner(Awaited<Poll>);

#[derive(Default)]
struct Poll {
    is_on: bool,
    woken: bool,
}

impl Task {
    pub(super) fn new() -> Self {
        let inner = Arc::<Inner>::default();
        Self { waker: Waker::from(Arc::clone(&inner)), inner }
    }

    /// Polls with this waker, for the task of `cx`. Returns the value of the poll, and `true` if the waker was
    /// woken meanwhile.
    pub(super) fn poll<R>(&self, cx: &Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> R) -> (R, bool) {
        let _ = self.inner.0.poll(cx, |polled| {
            *polled = Poll { is_on: true, woken: false };
            None::<()>
        });
        let done = poll(&mut Context::from_waker(&self.waker));
        let woken = self.inner.0.with(|polled| std::mem::take(polled).woken);
        (done, woken)
    }
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let task = self.0.update_if(|polled| {
            polled.woken |= polled.is_on;
            !polled.is_on
        });
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::driver::awaited::count::Count;

    #[test]
    fn a_wake_during_the_poll_is_passed_on_after_it() {
        let (task, count) = (Task::new(), Arc::<Count>::default());
        let waker = Waker::from(Arc::clone(&count));
        let cx = Context::from_waker(&waker);
        let (known, woken) = task.poll(&cx, |cx| {
            cx.waker().wake_by_ref();
            cx.waker().clone()
        });
        assert!(woken && count.0.load(Ordering::Relaxed) == 0);
        let ((), woken) = task.poll(&cx, |_| ());
        assert!(!woken);
        known.wake_by_ref();
        known.wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
