//! A value that one task waits for, and the only place where the waker of that task is replaced.
//!
//! Wakers are code of the host: cloning, waking or dropping one may run anything, including a call of the same handle. None
//! of this happens while the lock is held.

#[cfg(test)]
pub(crate) mod count;

use std::fmt;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use super::sync::{Mutex, MutexGuard};

/// A value behind a lock, and the task that polled it last.
#[derive(Default)]
pub(crate) struct Awaited<T>(Mutex<Inner<T>>);

#[derive(Default)]
struct Inner<T> {
    value: T,
    task: Option<Waker>,
}

impl<T> Awaited<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(Inner { value, task: None }))
    }

    /// Reads or changes the value, without waking a task.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.inner().value)
    }

    /// Changes the value, and returns the waiting task for the caller to wake. Until that task polls again, it is not
    /// returned a second time.
    #[must_use]
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> (R, Option<Waker>) {
        let mut inner = self.inner();
        (change(&mut inner.value), inner.task.take())
    }

    /// Changes the value. If `change` reports that the waiting task is concerned, returns that task for the caller to wake.
    #[must_use]
    pub(crate) fn update_if(&self, change: impl FnOnce(&mut T) -> bool) -> Option<Waker> {
        let mut inner = self.inner();
        if change(&mut inner.value) { inner.task.take() } else { None }
    }

    /// Takes something out of the value. If there is nothing yet, registers the task of `cx` to be woken.
    pub(crate) fn poll<R>(&self, cx: &Context<'_>, mut take: impl FnMut(&mut T) -> Option<R>) -> Poll<R> {
        let mut waker = None;
        loop {
            let mut inner = self.inner();
            if let Some(taken) = take(&mut inner.value) {
                drop(inner);
                return Poll::Ready(taken);
            }
            if inner.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
                drop(inner);
                return Poll::Pending;
            }
            if waker.is_some() {
                let former = std::mem::replace(&mut inner.task, waker);
                drop(inner);
                drop(former);
                return Poll::Pending;
            }
            // The value may change while the waker is cloned, so it is checked again.
            drop(inner);
            waker = Some(cx.waker().clone());
        }
    }

    /// Forgets the task.
    pub(crate) fn forget(&self) {
        let task = self.inner().task.take();
        drop(task);
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: fmt::Debug> fmt::Debug for Awaited<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::task::Wake;

    use super::count::Count;
    use super::*;

    /// A task that uses the value whenever its waker is woken or dropped.
    struct ValueUser(Arc<Awaited<u32>>);

    impl Wake for ValueUser {
        fn wake(self: Arc<Self>) {
            self.0.with(|value| *value += 1);
        }
    }

    impl Drop for ValueUser {
        fn drop(&mut self) {
            self.0.with(|value| *value += 1);
        }
    }

    #[test]
    fn the_task_that_polled_last_is_woken_once() {
        let awaited = Awaited::new(None::<u32>);
        let tasks = [Arc::<Count>::default(), Arc::default()];
        for task in &tasks {
            let waker = Waker::from(Arc::clone(task));
            assert!(awaited.poll(&Context::from_waker(&waker), Option::take).is_pending());
        }
        for value in [1, 2] {
            let ((), task) = awaited.update(|held| *held = Some(value));
            task.into_iter().for_each(Waker::wake);
        }
        assert_eq!(tasks.map(|task| task.0.load(Ordering::Relaxed)), [0, 1]);
        assert_eq!(awaited.poll(&Context::from_waker(Waker::noop()), Option::take), Poll::Ready(2));
    }

    #[test]
    fn a_waker_may_use_the_value_when_woken_or_dropped() {
        let awaited = Arc::new(Awaited::new(0));
        let value_user = || Waker::from(Arc::new(ValueUser(Arc::clone(&awaited))));
        for _ in 0..2 {
            assert!(awaited.poll(&Context::from_waker(&value_user()), |_| None::<()>).is_pending());
        }
        awaited.forget();
        assert!(awaited.poll(&Context::from_waker(&value_user()), |_| None::<()>).is_pending());
        let ((), task) = awaited.update(|_| ());
        task.into_iter().for_each(Waker::wake);
        assert!(awaited.with(|value| *value) >= 3);
    }

    #[test]
    fn the_same_task_is_not_cloned_again() {
        let awaited = Awaited::new(());
        let task = Arc::<Count>::default();
        let waker = Waker::from(Arc::clone(&task));
        for _ in 0..3 {
            assert!(awaited.poll(&Context::from_waker(&waker), |()| None::<()>).is_pending());
            assert_eq!(Arc::strong_count(&task), 3);
        }
    }
}
