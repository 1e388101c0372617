//! The session's time on the clock of its transport.

use crate::base::time::SessionTime;

/// One instant on both clocks: that of the session, and that of the transport. They differ if the session's clock was paused
/// while no driver ran the session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    session: SessionTime,
    transport: SessionTime,
}

impl Clock {
    pub(super) fn new(session: SessionTime, transport: SessionTime) -> Self {
        Self { session, transport }
    }

    /// Returns the session's time at an instant of the transport.
    pub(super) fn session(self, at: SessionTime) -> SessionTime {
        self.session.saturating_add(at.saturating_duration_since(self.transport))
    }

    /// Returns the transport's time at an instant of the session.
    pub(super) fn transport(self, at: SessionTime) -> SessionTime {
        self.transport.saturating_add(at.saturating_duration_since(self.session))
    }
}
