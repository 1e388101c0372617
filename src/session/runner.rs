//! The future that runs a session.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
#[cfg(all(unix, feature = "tokio"))]
use std::{task::Waker, time::Duration};

use super::shared::Shared;
#[cfg(all(unix, feature = "tokio"))]
use super::state::State;
use super::task::Task;
use super::waiting::calls::Calls;
#[cfg(all(unix, feature = "tokio"))]
use crate::driver::tokio::Orphaned;
use crate::protocol::end::SessionClosed;

/// Pause between two checks of a child whose runtime is shut down.
#[cfg(all(unix, feature = "tokio"))]
const PAUSE: Duration = Duration::from_millis(2);

/// Future that runs a [`Session`](super::Session) and returns its end. The host polls it, in a separate task or
/// together with other futures. Nothing happens in the session unless the runner is polled. The runner yields to
/// other tasks by itself.
///
/// Dropping the runner before the end kills the child's process group. Everything pending then ends as lost, and
/// all waiting tasks are woken.
///
/// ```no_run
/// # #[cfg(feature = "smol")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use claude_duplex::Session;
///
/// let (claude, runner) = Session::builder().open_smol()?;
/// let prompt = claude.prompt("hello")?;
/// let end = runner.run_until(prompt.finish()).await;
/// println!("{}", end.text());
/// # Ok(()) }
/// ```
#[must_use = "the session does nothing unless its runner is run, and is killed when it is dropped"]
pub struct Runner {
    shared: Arc<Shared>,
    calls: Calls,
    task: Task,
    /// Handlers that the session was built with, and other futures that run with the driver.
    tasks: Tasks,
    /// State for a drop that closes the session and drives it to its end without the runtime. `None` if a drop
    /// kills the child.
    #[cfg(all(unix, feature = "tokio"))]
    orphaned: Option<Orphaned>,
}

pub(super) type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;
pub(super) type Tasks = Vec<Serving>;

impl Runner {
    pub(super) fn new(shared: Arc<Shared>, tasks: Tasks) -> Self {
        Self {
            shared,
            calls: Calls::default(),
            task: Task::new(),
            tasks,
            #[cfg(all(unix, feature = "tokio"))]
            orphaned: None,
        }
    }

    /// Makes a drop before the end close the session, and block until it has ended: the runtime of its task is
    /// shut down.
    #[cfg(all(unix, feature = "tokio"))]
    pub(super) fn finishing(mut self, orphaned: Orphaned) -> Self {
        self.orphaned = Some(orphaned);
        self
    }

    /// Closes the session, and drives it to its end.
    #[cfg(all(unix, feature = "tokio"))]
    fn finish(&mut self, orphaned: &Orphaned) {
        orphaned.set();
        self.shared.command(State::close_now);
        // Each step of the shutdown has a timeout.
        while self.poll_session(&mut Context::from_waker(Waker::noop())).is_pending() {
            std::thread::sleep(PAUSE);
        }
    }

    /// Runs the session while the future runs, then closes it as the drop of the last handle does
    /// ([`WhenDropped`](super::WhenDropped): within seconds by default). Waits for the end of the session
    /// ([`ShutdownTimeouts`](crate::ShutdownTimeouts)), and returns the output of the future.
    ///
    /// If the session ends first, the future continues alone. Each poll runs the session first, then the future,
    /// then the [handlers](crate::SessionBuilder::handlers) of the builder. The output of the future thus
    /// precedes the question that a handler asks next. A [`serve`](crate::IncomingRequests::serve) that is joined after this
    /// future is also polled last. Futures in separate tasks have no order.
    pub async fn run_until<F: Future>(mut self, future: F) -> F::Output {
        self.shared.runner_inbox.unpolled.polled();
        let output = {
            let mut future = pin!(future);
            let mut has_started = false;
            poll_fn(|cx| {
                if !std::mem::replace(&mut has_started, true) {
                    if let Poll::Ready(output) = future.as_mut().poll(cx) {
                        return Poll::Ready(output);
                    }
                }
                // The session runs first, so that messages reach the future before a handler next to it gets the
                // following request. The end of the session and commands of the future wake the future.
                let _ = self.poll_session(cx);
                let output = future.as_mut().poll(cx);
                self.poll_handlers(cx);
                output
            })
            .await
        };
        self.shared.runner_inbox.leave(|left| left.is_dropped = true);
        self.await;
        output
    }

    /// Delivers events. Ready with the end of the session.
    fn poll_session(&mut self, cx: &mut Context<'_>) -> Poll<SessionClosed> {
        self.shared.runner_inbox.unpolled.polled();
        loop {
            if let Some(closed) = self.shared.closed() {
                return Poll::Ready(closed.clone());
            }
            let step = self.step(cx);
            self.shared.attend();
            if let Poll::Ready(Some(closed)) = &step {
                self.shared.close(closed.clone());
            }
            self.calls.make(&self.shared.room);
            if step.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Runs the handlers. A response of a handler wakes the task that polled the session.
    fn poll_handlers(&mut self, cx: &mut Context<'_>) {
        self.tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
    }

    /// Delivers some events. Returns `None` if there may be more, or the end of the session.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<SessionClosed>> {
        let left = self.shared.runner_inbox.collect(cx);
        let is_behind = self.shared.is_behind();
        let (shared, calls) = (&self.shared, &mut self.calls);
        let ((step, driver), woken) = self.task.poll(cx, |cx| {
            let mut state = shared.state();
            state.tidy(&left);
            if is_behind {
                return (Poll::Pending, None);
            }
            let step = state.poll(cx, calls);
            let driver = matches!(step, Poll::Ready(Some(_))).then(|| state.finish(calls)).flatten();
            (step, driver)
        });
        drop(driver);
        if woken && step.is_pending() {
            cx.waker().wake_by_ref();
        }
        step
    }
}

impl Future for Runner {
    type Output = SessionClosed;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SessionClosed> {
        let closed = self.poll_session(cx);
        self.poll_handlers(cx);
        closed
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        #[cfg(all(unix, feature = "tokio"))]
        if let Some(orphaned) = self.orphaned.take() {
            // A thread that unwinds, because a handler has panicked, is not blocked.
            if self.shared.closed().is_none() && !std::thread::panicking() {
                self.finish(&orphaned);
            }
        }
        let lost = self.shared.state().lose(&mut self.calls);
        let shared = &self.shared;
        // The runner may be dropped because the host's code has panicked, and the host's code may panic again.
        let attended = catch_unwind(AssertUnwindSafe(|| shared.attend()));
        if let Some((closed, driver)) = lost {
            // Dropping the driver kills the child.
            drop(driver);
            if let Some(closed) = closed {
                self.shared.close(closed);
            }
        }
        self.calls.make(&self.shared.room);
        if let (Err(panic), false) = (attended, std::thread::panicking()) {
            resume_unwind(panic);
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("closed", &self.shared.closed()).finish_non_exhaustive()
    }
}
