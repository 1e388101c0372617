//! What the handles and the runner of one session share.
//!
//! Two locks. The *state* holds the driver and who waits for what; the runner has it while it polls the driver, a command
//! while it is given. The [desk](super::desk) holds what handles leave. No waker is woken or dropped by us under a lock.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use event_listener::Event;

use super::desk::Desk;
use super::limits::HandleLimits;
use super::state::State;
use crate::end::Closed;

pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) desk: Desk,
    presence: OnceLock<Weak<Presence>>,
    closed: OnceLock<Closed>,
    /// Told at the end.
    pub(super) ended: Event,
    /// Told when there is room, and at the end.
    pub(super) room: Event,
    pub(super) limits: HandleLimits,
}

impl Shared {
    pub(super) fn new(state: State, limits: HandleLimits) -> Self {
        Self {
            state: Mutex::new(state),
            desk: Desk::default(),
            presence: OnceLock::new(),
            closed: OnceLock::new(),
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
        self.desk.leave(|_| {});
        done
    }

    /// How the session ended, once it has.
    pub(super) fn closed(&self) -> Option<&Closed> {
        self.closed.get()
    }

    pub(super) fn close(&self, closed: Closed) {
        let _ = self.closed.set(closed);
        self.ended.notify(usize::MAX);
        self.room.notify(usize::MAX);
    }

    /// What an ask holds to count as a handle; none once the last handle is gone.
    pub(super) fn presence(&self) -> Option<Arc<Presence>> {
        self.presence.get()?.upgrade()
    }
}

/// What every handle holds. When the last one is gone the session closes in order.
pub(super) struct Presence(Arc<Shared>);

impl Presence {
    pub(super) fn first(shared: Arc<Shared>) -> Arc<Self> {
        let presence = Arc::new(Self(shared));
        let _ = presence.0.presence.set(Arc::downgrade(&presence));
        presence
    }

    /// What they share, without being a handle.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0)
    }
}

impl std::ops::Deref for Presence {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.desk.leave(|left| left.close = true);
    }
}
