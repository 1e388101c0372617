//! State that the handles and the runner of one session share.
//!
//! There are two locks. The *state* holds the driver and the waiting tasks. The runner locks it while it polls
//! the driver, and a command locks it while it takes effect. The [inbox of the runner](super::runner_inbox) holds
//! work that dropped handles leave.
//!
//! Code of the host may call a handle, so it never runs under a lock. Wakers are woken, cloned and dropped
//! without a lock: the driver is polled with a [waker of the session](super::task), and the wakers to wake are
//! [collected](super::waiting::calls). The journal's writer and the subscriber of the trace are
//! [called without a lock](crate::driver::HostCalls). One thread at a time calls them, in the order of events. A
//! thread that finds another one there leaves its work to that thread. Only the transport is called under the state's
//! lock. A transport that a host wrote must not call the handles of its own session.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, PoisonError, TryLockError};
use std::thread::JoinHandle;

use super::call_error::CallError;
use super::limits::HandleLimits;
use super::reply::PendingResponse;
use super::runner_inbox::RunnerInbox;
use super::state::State;
use super::waiting::event::{Event, Listener};
use crate::driver::HostCalls;
use crate::driver::sync::{Counted, Mutex, MutexGuard, OnceLock, WeakCounted};
use crate::outgoing::request::Request;
use crate::outgoing::request::response::InitializeResponse;
use crate::protocol::end::SessionClosed;
use crate::protocol::error::RefusedReason;

/// Maximum size of the work that waits for the host's code, in bytes of the journal and events of the trace.
/// Beyond it, the runner waits.
const BEHIND: usize = 1024 * 1024;

pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) runner_inbox: Arc<RunnerInbox>,
    host_calls: Mutex<HostCalls>,
    presence: OnceLock<WeakCounted<Presence>>,
    closed: OnceLock<SessionClosed>,
    /// Response to the `initialize` request that the session was built with. `None` without such a request.
    initialized: Option<OnceLock<Result<InitializeResponse, CallError>>>,
    /// Notified at the end, and when the response to `initialize` arrives.
    pub(super) ended: Event,
    /// Notified when a refused command can be retried, and at the end.
    pub(super) room: Event,
    pub(super) limits: HandleLimits,
}

impl Shared {
    pub(super) fn new(
        state: State,
        host_calls: HostCalls,
        runner_inbox: Arc<RunnerInbox>,
        limits: HandleLimits,
        initializes: bool,
    ) -> Self {
        Self {
            state: Mutex::new(state),
            runner_inbox,
            host_calls: Mutex::new(host_calls),
            presence: OnceLock::new(),
            closed: OnceLock::new(),
            initialized: initializes.then(OnceLock::new),
            ended: Event::new(),
            room: Event::new(),
            limits,
        }
    }

    /// Locks the state. A transport that panics leaves the state consistent enough to end the session.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a command.
    pub(super) fn command<R>(&self, command: impl FnOnce(&mut State) -> R) -> R {
        let done = command(&mut self.state());
        self.attend();
        self.runner_inbox.wake();
        done
    }

    /// Passes waiting data to code of the host, e.g. the writer of the journal. No lock may be held. If another call of this
    /// method is running, that call does the work.
    pub(super) fn attend(&self) {
        let mut any = false;
        while self.state().waits() > 0 {
            let mut host_calls = match self.host_calls.try_lock() {
                Ok(host_calls) => host_calls,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => break,
            };
            any = true;
            let waiting = self.state().take_waiting();
            if let Err(error) = host_calls.run(waiting) {
                self.state().recording_failed(error);
            }
        }
        if any {
            // The runner may wait for the host's code.
            self.runner_inbox.wake();
        }
    }

    /// Returns `true` if another thread runs the host's code and has fallen behind.
    pub(super) fn is_behind(&self) -> bool {
        self.state().waits() > BEHIND && matches!(self.host_calls.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Stores the response to `initialize`.
    pub(super) fn initialized(&self, response: Result<InitializeResponse, CallError>) {
        if let Some(initialized) = &self.initialized {
            let _ = initialized.set(response);
            self.ended.notify();
        }
    }

    /// Waits for the response to `initialize`, or for the end of the session.
    pub(super) async fn initialized_response(&self) -> Option<Result<InitializeResponse, CallError>> {
        let initialized = self.initialized.as_ref()?;
        loop {
            let listener = self.ended.listen();
            if let Some(response) = initialized.get() {
                return Some(response.clone());
            }
            if let Some(closed) = self.closed() {
                return Some(Err(CallError::Closed(Box::new(closed.clone()))));
            }
            self.wait(listener).await;
        }
    }

    /// Waits until the limits allow it, and sends a request.
    pub(super) async fn send(&self, mut request: Request) -> Result<PendingResponse, CallError> {
        loop {
            let refused = match self.command(|state| state.request(request)) {
                Ok(pending) => return Ok(pending.for_host(&self.runner_inbox)),
                Err(refused) => refused,
            };
            match refused.reason() {
                RefusedReason::Full => {
                    request = refused.into_inner();
                    self.ready().await;
                }
                RefusedReason::Closed if self.closed().is_none() && self.state().is_closing() => {
                    return Err(CallError::Closing);
                }
                RefusedReason::Closed => return Err(CallError::Closed(Box::new(self.end().await))),
                reason => return Err(CallError::Refused(reason)),
            }
        }
    }

    /// Waits until a refused command can be retried, or until the session has ended.
    pub(super) async fn ready(&self) {
        loop {
            let listener = self.room.listen();
            if !self.state().wants_room() {
                return;
            }
            self.wait(listener).await;
        }
    }

    /// Waits for the end of the session.
    pub(super) async fn end(&self) -> SessionClosed {
        loop {
            let listener = self.ended.listen();
            if let Some(closed) = self.closed() {
                return closed.clone();
            }
            self.wait(listener).await;
        }
    }

    /// Waits for an event of the session.
    pub(super) async fn wait(&self, listener: Listener) {
        let mut listener = pin!(listener);
        poll_fn(|cx| self.runner_inbox.waiting(listener.as_mut().poll(cx), cx)).await;
    }

    /// Returns the end of the session after it has ended.
    pub(super) fn closed(&self) -> Option<&SessionClosed> {
        self.closed.get()
    }

    pub(super) fn close(&self, closed: SessionClosed) {
        let _ = self.closed.set(closed);
        self.ended.notify();
        self.room.notify();
    }

    /// Returns a token that keeps the session open as a handle does, for an incoming request. Returns `None` after the
    /// last handle was dropped.
    pub(super) fn presence(&self) -> Option<Counted<Presence>> {
        self.presence.get()?.upgrade()
    }
}

/// Part of every handle. The session closes when the last one is dropped.
pub(super) struct Presence {
    shared: Arc<Shared>,
    /// Thread of the runner, if it runs in a separate thread.
    thread: OnceLock<JoinHandle<()>>,
}

impl Presence {
    pub(super) fn first(shared: Arc<Shared>) -> Counted<Self> {
        let presence = Counted::new(Self { shared, thread: OnceLock::new() });
        let _ = presence.shared.presence.set(Counted::downgrade(&presence));
        presence
    }

    /// Returns the shared state, which does not count as a handle.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Makes the drop of the last handle wait for the thread that runs the session.
    #[cfg(feature = "smol")]
    pub(super) fn runs_on(&self, thread: JoinHandle<()>) {
        let _ = self.thread.set(thread);
    }
}

impl std::ops::Deref for Presence {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.shared.runner_inbox.leave(|left| left.is_dropped = true);
        // A handler on that thread may have dropped the last handle. The thread then ends by itself.
        let thread = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id());
        if let Some(thread) = thread {
            // The panic of a handler was already printed.
            let _ = thread.join();
        }
    }
}
