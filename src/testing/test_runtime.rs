//! Mock CLIs in memory, on one virtual clock.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::mock_cli::MockCli;
use super::script::Script;
use crate::base::time::SessionTime;
use crate::driver::transport::Transport;
use crate::protocol::end::Exit;

/// Maximum number of polls of a future. Exceeding it means that the test does not terminate.
const POLLS: usize = 100_000_000;

/// A virtual clock and any number of mock CLIs. Runs a host with real futures, but without processes.
///
/// Time passes only when the host has nothing left to do. [`run`](Self::run) polls a future. When the future waits, the
/// clock moves to the next event: of a child, a deadline of a session, or a [`sleep`](Self::sleep). Therefore
/// tests are fast, and the same calls produce the same actions. To test a host without futures, use
/// [`TestSession`](super::TestSession).
///
/// ```
/// use claude_duplex::testing::{Script, TestRuntime};
/// use claude_duplex::{Action, Config, Driver, Seed};
///
/// let runtime = TestRuntime::new();
/// let mut claude = Driver::new(
///     Config::new(Seed::from_bytes([1; 16])),
///     runtime.start(Script::default()),
/// );
/// claude.prompt("hello").unwrap();
/// runtime.run(async {
///     while !matches!(claude.next().await, Some(Action::PromptEnded { .. })) {}
/// });
/// assert!(runtime.now() > claude_duplex::SessionTime::ZERO);
/// ```
#[derive(Clone, Default)]
pub struct TestRuntime(Arc<Inner>);

#[derive(Default)]
struct Inner {
    now: AtomicU64,
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    children: Vec<Weak<Mutex<Child>>>,
    sleeps: Vec<(SessionTime, Waker)>,
}

/// A child. One task waits for all of its streams.
struct Child {
    peer: MockCli,
    stderr: Vec<u8>,
    timer: Option<SessionTime>,
    task: Option<Waker>,
}

impl Child {
    /// Wakes the task after a signal. The driver checks the child after its commands, but may be about to sleep.
    fn notify(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}

impl TestRuntime {
    /// Creates a runtime without children, at [`SessionTime::ZERO`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> SessionTime {
        SessionTime::from_nanos(self.0.now.load(Ordering::Relaxed))
    }

    /// Starts a child that runs the script.
    pub fn start(&self, script: Script) -> InMemory {
        let peer = MockCli::new(script, self.now());
        let child = Arc::new(Mutex::new(Child { peer, stderr: Vec::new(), timer: None, task: None }));
        self.parts().children.push(Arc::downgrade(&child));
        InMemory { runtime: self.clone(), child }
    }

    /// Waits for a duration on this clock.
    pub fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + use<> {
        let (runtime, until) = (self.clone(), self.now().saturating_add(time));
        std::future::poll_fn(move |cx| {
            if runtime.now() >= until {
                return Poll::Ready(());
            }
            runtime.parts().sleeps.push((until, cx.waker().clone()));
            Poll::Pending
        })
    }

    /// Polls the future until it is ready. When the future waits, time passes.
    ///
    /// # Panics
    ///
    /// Panics if the future waits and no further event is due, or if it never stops waking itself.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.run_pinned(pin!(future))
    }

    /// Runs a future of any type. There is one copy of the loop for each type of output, not for each future.
    fn run_pinned<T>(&self, mut future: Pin<&mut dyn Future<Output = T>>) -> T {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        for _ in 0..POLLS {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            while !woken.0.swap(false, Ordering::AcqRel) {
                assert!(self.pass_time(), "the future waits at {:?}, and no further event is due", self.now());
            }
        }
        panic!("the future does not stop waking itself");
    }

    /// Moves the clock to the time of the next event, and handles the event. Returns `false` if no event is due.
    pub fn pass_time(&self) -> bool {
        let mut parts = self.parts();
        parts.children.retain(|child| child.strong_count() > 0);
        let children: Vec<_> = parts.children.iter().filter_map(Weak::upgrade).collect();
        let slept = parts.sleeps.iter().map(|(until, _)| *until).min();
        let due = children.iter().filter_map(|child| lock(child).due()).chain(slept).min();
        let Some(due) = due else { return false };
        let now = self.now().max(due);
        self.0.now.store(now.as_nanos(), Ordering::Relaxed);
        let mut wakers: Vec<_> = children.iter().filter_map(|child| lock(child).pass(now)).collect();
        let (over, waiting) = std::mem::take(&mut parts.sleeps).into_iter().partition(|(until, _)| *until <= now);
        parts.sleeps = waiting;
        drop(parts);
        let over: Vec<(SessionTime, Waker)> = over;
        wakers.extend(over.into_iter().map(|(_, waker)| waker));
        wakers.into_iter().for_each(Waker::wake);
        true
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TestRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRuntime").field("now", &self.now()).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Child {
    fn due(&self) -> Option<SessionTime> {
        [self.peer.poll_timeout(), self.timer].into_iter().flatten().min()
    }

    /// Handles the events that are due at `now`. Returns the waker to wake. The CLI goes first, since a host reads before
    /// it checks its clock.
    fn pass(&mut self, now: SessionTime) -> Option<Waker> {
        self.due().filter(|due| *due <= now)?;
        if self.peer.poll_timeout().is_some_and(|due| due <= now) {
            self.peer.handle_timeout(now);
        }
        self.timer = self.timer.filter(|timer| *timer > now);
        self.task.take()
    }

    fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.task = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Returns `true` if stdout and stderr have ended.
    fn is_silent(&self) -> bool {
        self.peer.poll_exit().is_some() && !self.peer.leaves_output_open()
    }
}

/// A [`Transport`] to a mock CLI in memory, created by [`TestRuntime::start`]. Dropping it kills the child.
pub struct InMemory {
    runtime: TestRuntime,
    child: Arc<Mutex<Child>>,
}

impl InMemory {
    fn child(&self) -> MutexGuard<'_, Child> {
        lock(&self.child)
    }
}

impl Transport for InMemory {
    fn now(&self) -> SessionTime {
        self.runtime.now()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let child = &mut *self.child();
        let count = child.peer.poll_transmit().len().min(buffer.len());
        if count == 0 {
            return if child.is_silent() { Poll::Ready(Ok(0)) } else { child.wait(cx) };
        }
        buffer[..count].copy_from_slice(&child.peer.poll_transmit()[..count]);
        child.peer.sent(self.runtime.now(), count);
        Poll::Ready(Ok(count))
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let child = &mut *self.child();
        let more = child.peer.poll_stderr();
        child.stderr.extend(more);
        let count = child.stderr.len().min(buffer.len());
        if count == 0 {
            return if child.is_silent() { Poll::Ready(Ok(0)) } else { child.wait(cx) };
        }
        buffer[..count].copy_from_slice(&child.stderr[..count]);
        child.stderr.drain(..count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let child = &mut *self.child();
        if child.peer.refuses_input() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if !child.peer.wants_read() {
            return child.wait(cx);
        }
        child.peer.receive(self.runtime.now(), bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.child().peer.eof(self.runtime.now());
        Poll::Ready(Ok(()))
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let child = &mut *self.child();
        child.peer.poll_exit().map_or_else(|| child.wait(cx), Poll::Ready)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        let child = &mut *self.child();
        if self.runtime.now() >= at {
            child.timer = None;
            return Poll::Ready(());
        }
        child.timer = Some(at);
        child.wait(cx)
    }

    fn terminate(&mut self) {
        let child = &mut *self.child();
        child.peer.terminate(self.runtime.now());
        child.notify();
    }

    fn kill(&mut self) {
        let child = &mut *self.child();
        child.peer.kill(self.runtime.now());
        child.notify();
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").field("now", &self.runtime.now()).finish_non_exhaustive()
    }
}
