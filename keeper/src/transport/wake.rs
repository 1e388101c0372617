//! Waker of a stream that also records whether the stream may be ready.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

/// Waker that is passed to a stream, with the task that it wakes. Records whether it was called since the last poll of the
/// stream.
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

    /// Stores the task. Returns the waker for a poll of the stream, if the stream may be ready or `anyway` is set.
    pub(super) fn begin(&self, cx: &Context<'_>, anyway: bool) -> Option<Waker> {
        let mut task = self.shared.task.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *task {
            Some(task) => task.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        drop(task);
        (self.shared.called.swap(false, Ordering::AcqRel) || anyway).then(|| self.waker.clone())
    }

    /// Wakes the task, so that the stream is polled again.
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
