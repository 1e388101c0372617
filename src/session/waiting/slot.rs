//! A place for one value that one task waits for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
pub(in crate::session) struct Slot<T>(Mutex<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

impl<T> Slot<T> {
    pub(in crate::session) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner { value: None, waker: None })))
    }

    /// Puts the value there; who is to be woken.
    pub(in crate::session) fn put(&self, value: T) -> Option<Waker> {
        let mut inner = self.inner();
        inner.value = Some(value);
        inner.waker.take()
    }

    /// Takes the value, once.
    pub(in crate::session) fn poll_take(&self, cx: &Context<'_>) -> Poll<T> {
        let mut inner = self.inner();
        if let Some(value) = inner.value.take() {
            return Poll::Ready(value);
        }
        let former = inner.waker.replace(cx.waker().clone());
        drop(inner);
        drop(former);
        Poll::Pending
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
