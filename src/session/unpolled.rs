//! A runner that nobody polls: whoever waits for the session would wait forever, so that is reported.
//!
//! To wait before the runner is polled is no mistake by itself, as the runner may be polled a moment later. So the first who
//! waits is woken after a second, by a thread, and reports a runner that was not polled until then. Builds without debug
//! assertions, and builds without the feature `tracing`, start no thread and report nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

/// Whether the runner of a session was ever polled.
#[derive(Default)]
pub(super) struct Unpolled {
    polled: Arc<AtomicBool>,
    #[cfg(all(debug_assertions, feature = "tracing"))]
    report: report::Report,
}

impl Unpolled {
    /// Notes that the runner is polled.
    pub(super) fn polled(&self) {
        self.polled.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_unpolled(&self) -> bool {
        !self.polled.load(Ordering::Relaxed)
    }

    /// Notes that a task waits for the session.
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

    /// Time that a runner has to be polled once somebody waits.
    const PATIENCE: Duration = Duration::from_secs(1);

    const NOBODY_WAITS: u8 = 0;
    const WATCHED: u8 = 1;
    const OVERDUE: u8 = 2;
    const REPORTED: u8 = 3;

    #[derive(Default)]
    pub(super) struct Report(Arc<AtomicU8>);

    impl Report {
        pub(super) fn waited(&self, polled: &Arc<AtomicBool>, cx: &Context<'_>) {
            if self.advance(NOBODY_WAITS, WATCHED) {
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
