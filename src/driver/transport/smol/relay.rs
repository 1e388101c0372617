//! One waker for everything that a session awaits on the reactor, whichever task polls it.
//!
//! If `async-io` is polled with another waker than before, it wakes the previous one, which may belong to another task. But
//! some wakers never equal their own clones, e.g. those of tokio's `block_on`. Each poll would then cause the next, and the
//! task would spin as long as the child is silent.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use crate::driver::awaited::Awaited;

/// The waker that is registered with the reactor, and the task that it wakes.
pub(super) struct WakerRelay {
    task: Arc<Task>,
    waker: Waker,
}

#[derive(Default)]
struct Task(Awaited<()>);

impl WakerRelay {
    pub(super) fn new() -> Self {
        let task = Arc::<Task>::default();
        Self { waker: Waker::from(Arc::clone(&task)), task }
    }

    /// Returns the context to poll with instead of `cx`, whose task is woken from now on.
    pub(super) fn context(&self, cx: &Context<'_>) -> Context<'_> {
        let _ = self.task.0.poll(cx, |()| None::<()>);
        Context::from_waker(&self.waker)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    /// Forgets the task, which registers again when it polls. Until then a single wake is enough.
    fn wake_by_ref(self: &Arc<Self>) {
        let ((), waker) = self.0.update(|()| ());
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::driver::awaited::count::Count;

    #[test]
    fn the_task_that_polled_last_is_woken_once() {
        let (relay, tasks) = (WakerRelay::new(), [Arc::<Count>::default(), Arc::default()]);
        let wakers = tasks.clone().map(Waker::from);
        let known = relay.context(&Context::from_waker(&wakers[0])).waker().clone();
        assert!(relay.context(&Context::from_waker(&wakers[1])).waker().will_wake(&known));
        known.wake_by_ref();
        known.wake_by_ref();
        assert_eq!(tasks.map(|task| task.0.load(Ordering::Relaxed)), [0, 1]);
    }

    #[test]
    fn dropping_a_waker_may_wake_another() {
        struct Last(Waker);
        impl Wake for Last {
            fn wake(self: Arc<Self>) {}
        }
        impl Drop for Last {
            fn drop(&mut self) {
                self.0.wake_by_ref();
            }
        }
        let relay = WakerRelay::new();
        let last = Waker::from(Arc::new(Last(relay.waker.clone())));
        let _ = relay.context(&Context::from_waker(&last));
        drop(last);
        let count = Arc::<Count>::default();
        let _ = relay.context(&Context::from_waker(&Waker::from(Arc::clone(&count))));
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
