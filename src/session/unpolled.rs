//! Detection of a runner that is never polled: tasks that wait for its session would wait forever.
//!
//! Waiting before the runner is polled can be correct, because the runner may be polled a moment later. Therefore
//! a thread wakes the first waiting task after one second. The task then reports a runner that is still not
//! polled. Builds without debug assertions, and builds without the feature `tracing`, start no thread and report
//! nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

/// Record of the first poll of a session's runner.
#[derive(Default)]
pub(super) struct Unpolled {
    polled: Arc<AtomicBool>,
    #[cfg(all(debug_assertions, feature = "tracing"))]
    report: report::Report,
}

impl Unpolled {
    /// Records that the runner is polled.
    pub(super) fn polled(&self) {
        self.polled.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_unpolled(&self) -> bool {
        !self.polled.load(Ordering::Relaxed)
    }

    /// Records that a task waits for the session.
    pub(super) fn waited(&self, cx: &Context<'_>) {
        #[cfg(all(debug_assertions, feature = "tracing"))]
        if self.is_unpolled() {
            self.report.waited(&self.polled, cx);
        }
        #[cfg(not(all(debug_assertions, feature = "tracing")))]
        let _ = cx;
    }
}

#[cfg(all(debug_assertions, feature = "tracing"))]
mod report {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
    use std::task::Context;
    use std::thread;
    use std::time::Duration;

    /// Maximum time from the start of a wait to the first poll of the runner. After that, the runner is reported as
    /// unpolled.
    const PATIENCE: Duration = Duration::from_secs(1);

    const NO_WAITER: u8 = 0;
    const WATCHED: u8 = 1;
    const OVERDUE: u8 = 2;
    const REPORTED: u8 = 3;

    #[derive(Default)]
    pub(super) struct Report(Arc<AtomicU8>);

    impl Report {
        pub(super) fn waited(&self, polled: &Arc<AtomicBool>, cx: &Context<'_>) {
            if self.advance(NO_WAITER, WATCHED) {
                let (polled, state, waiter) = (Arc::clone(polled), Arc::clone(&self.0), cx.waker().clone());
                // Without a thread, nothing is reported.
                let _ = thread::Builder::new().name("claude-duplex-watch".to_owned()).spawn(move || {
                    thread::sleep(PATIENCE);
                    if !polled.load(Ordering::Relaxed) {
                        state.store(OVERDUE, Ordering::Relaxed);
                        waiter.wake();
                    }
                });
            } else if self.advance(OVERDUE, REPORTED) {
                tracing::warn!(
                    target: "claude_duplex",
                    "a session is waited for, and its Runner has not been polled for {PATIENCE:?}: spawn it as a task, poll it \
                     beside the future that waits (Runner::run_until), or build the session with spawn_tokio or spawn_thread"
                );
            }
        }

        fn advance(&self, from: u8, to: u8) -> bool {
            self.0.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        }
    }
}
