//! A place for one value that one task waits for.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::driver::awaited::Awaited;

#[derive(Debug)]
pub(in crate::session) struct Slot<T>(Awaited<Option<T>>);

impl<T> Slot<T> {
    pub(in crate::session) fn new() -> Arc<Self> {
        Arc::new(Self(Awaited::new(None)))
    }

    /// Stores the value. Returns the task to wake.
    pub(in crate::session) fn put(&self, value: T) -> Option<Waker> {
        self.0.update(|held| *held = Some(value)).1
    }

    /// Takes the value, once.
    pub(in crate::session) fn poll_take(&self, cx: &Context<'_>) -> Poll<T> {
        self.0.poll(cx, Option::take)
    }
}
