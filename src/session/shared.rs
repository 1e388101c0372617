//! What the handles and the runner of one session share.
//!
//! Two locks. The *state* holds the driver and who waits for what; the runner has it while it polls the driver, a command
//! while it is given. The [desk](super::desk) holds what handles leave.
//!
//! Under neither runs code of the host, which may call a handle. Wakers are woken, cloned and dropped by no one who holds a
//! lock: the driver is polled with a [waker of ours](super::task), and who is to be woken is [noted](super::waiting::calls).
//! The journal's writer and the subscriber of the trace run [aside](crate::driver::Aside), by one thread at a time and in
//! the order in which things happened: whoever finds another at it leaves its own to that one. The transport alone is
//! called under the state's lock: one that a host wrote may not call the handles of its own session.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};
use std::thread::JoinHandle;

use event_listener::{Event, EventListener};

use super::call_error::CallError;
use super::desk::Desk;
use super::limits::HandleLimits;
use super::reply::PendingResponse;
use super::state::State;
use crate::driver::Aside;
use crate::outgoing::request::{InitializeResponse, Request};
use crate::protocol::end::SessionClosed;
use crate::protocol::error::RefusedReason;

/// How much may wait for the host's code, in bytes of the journal and events of the trace, before the runner waits for it.
const BEHIND: usize = 1024 * 1024;

pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) desk: Arc<Desk>,
    aside: Mutex<Aside>,
    presence: OnceLock<Weak<Presence>>,
    closed: OnceLock<SessionClosed>,
    /// Response to the `initialize` request that the session was built with. `None` without one.
    initialized: Option<OnceLock<Result<InitializeResponse, CallError>>>,
    /// Told at the end, and when that response is there.
    pub(super) ended: Event,
    /// Told when there is room, and at the end.
    pub(super) room: Event,
    pub(super) limits: HandleLimits,
}

impl Shared {
    pub(super) fn new(state: State, aside: Aside, desk: Arc<Desk>, limits: HandleLimits, initializes: bool) -> Self {
        Self {
            state: Mutex::new(state),
            desk,
            aside: Mutex::new(aside),
            presence: OnceLock::new(),
            closed: OnceLock::new(),
            initialized: initializes.then(OnceLock::new),
            ended: Event::new(),
            room: Event::new(),
            limits,
        }
    }

    /// A transport that panics leaves the state whole enough to settle it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a command.
    pub(super) fn command<R>(&self, command: impl FnOnce(&mut State) -> R) -> R {
        let done = command(&mut self.state());
        self.attend();
        self.desk.wake();
        done
    }

    /// Gives the host's code what waits for it; no lock may be held. If a thread is at it already, and be it this one, that
    /// thread goes on with it.
    pub(super) fn attend(&self) {
        let mut any = false;
        while self.state().waits() > 0 {
            let mut aside = match self.aside.try_lock() {
                Ok(aside) => aside,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => break,
            };
            any = true;
            let waiting = self.state().take_waiting();
            if let Err(error) = aside.run(waiting) {
                self.state().recording_failed(error);
            }
        }
        if any {
            // The runner may wait for it.
            self.desk.wake();
        }
    }

    /// Whether another thread runs the host's code and has fallen behind.
    pub(super) fn is_behind(&self) -> bool {
        self.state().waits() > BEHIND && matches!(self.aside.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Notes the response to `initialize`.
    pub(super) fn initialized(&self, response: Result<InitializeResponse, CallError>) {
        if let Some(initialized) = &self.initialized {
            let _ = initialized.set(response);
            self.ended.notify(usize::MAX);
        }
    }

    /// Waits for the response to `initialize`, or for the end.
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

    /// Waits for room, and sends a request.
    pub(super) async fn send(&self, mut request: Request) -> Result<PendingResponse, CallError> {
        loop {
            let refused = match self.command(|state| state.request(request)) {
                Ok(pending) => return Ok(pending.for_host(&self.desk)),
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

    /// Waits until there is room, or until the session is over.
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
    pub(super) async fn wait(&self, listener: EventListener) {
        let mut listener = pin!(listener);
        poll_fn(|cx| self.desk.waiting(listener.as_mut().poll(cx), cx)).await;
    }

    /// How the session ended, once it has.
    pub(super) fn closed(&self) -> Option<&SessionClosed> {
        self.closed.get()
    }

    pub(super) fn close(&self, closed: SessionClosed) {
        let _ = self.closed.set(closed);
        self.ended.notify(usize::MAX);
        self.room.notify(usize::MAX);
    }

    /// What an incoming request holds to count as a handle; none once the last handle is gone.
    pub(super) fn presence(&self) -> Option<Arc<Presence>> {
        self.presence.get()?.upgrade()
    }
}

/// Part that every handle holds. When the last one is gone the session closes.
pub(super) struct Presence {
    shared: Arc<Shared>,
    /// Thread of the runner, if it was given one.
    thread: OnceLock<JoinHandle<()>>,
}

impl Presence {
    pub(super) fn first(shared: Arc<Shared>) -> Arc<Self> {
        let presence = Arc::new(Self { shared, thread: OnceLock::new() });
        let _ = presence.shared.presence.set(Arc::downgrade(&presence));
        presence
    }

    /// What they share, without being a handle.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Has the drop of the last handle wait for the thread that runs the session.
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
        self.shared.desk.leave(|left| left.is_dropped = true);
        // A handler on that thread may have dropped the last handle: the thread then ends by itself.
        let thread = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id());
        if let Some(thread) = thread {
            // The panic of a handler was printed.
            let _ = thread.join();
        }
    }
}
