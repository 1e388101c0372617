//! Waker of the stream, which also knows whether the stream may be ready.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

/// Waker that is given to a stream, with the task that it wakes. Remembers whether it was called since the stream was last polled.
pub(super) struct Relay {
    shared: Arc<Shared>,
    waker: Waker,
}

struct Shared {
    called: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Relay {
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared { called: AtomicBool::new(true), task: Mutex::new(None) });
        Self { waker: Waker::from(Arc::clone(&shared)), shared }
    }

    /// Remembers the task. Returns the waker to poll the stream with, if the stream may be ready or `anyway` is set.
    pub(super) fn begin(&self, cx: &Context<'_>, anyway: bool) -> Option<Waker> {
        let mut task = self.shared.task.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *task {
            Some(task) => task.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        drop(task);
        (self.shared.called.swap(false, Ordering::AcqRel) || anyway).then(|| self.waker.clone())
    }

    /// Wakes the task once more.
    pub(super) fn again(&self) {
        self.waker.wake_by_ref();
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.called.store(true, Ordering::Release);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}
