//! Parts of a driver that only the handles of its session use.

use std::io;

use super::{Driver, HostCalls, Waiting};
use crate::base::time::SessionTime;
use crate::driver::transport::Transport;
use crate::protocol::action::Action;

impl<T: Transport> Driver<T> {
    /// Returns the next queued action, without polling the child.
    pub(crate) fn unread(&mut self) -> Option<Action> {
        self.pop()
    }

    /// Stops reading stdout until the given time, because a reader cannot accept more. Stdout is still read while output is
    /// awaited that cannot wait.
    pub(crate) fn hold(&mut self, until: Option<SessionTime>) {
        self.held = until;
        self.overread &= until.is_some();
    }

    /// Returns `true` if stdout is read although it is [held](Self::hold).
    pub(crate) fn reads_on(&self) -> bool {
        self.overread || self.protocol.awaits_output()
    }

    /// Defers calls of the host's code: see [`defer_host_calls`](super::record::Record::defer_host_calls).
    pub(crate) fn defer_host_calls(&mut self) -> HostCalls {
        self.record.defer_host_calls()
    }

    /// Returns the amount of deferred data for the host's code.
    pub(crate) fn waits(&self) -> usize {
        self.record.waits()
    }

    /// Takes the deferred data for the host's code.
    pub(crate) fn take_waiting(&mut self) -> Waiting {
        self.record.take_waiting()
    }

    /// Records that the journal could not be written.
    pub(crate) fn recording_failed(&mut self, error: io::Error) {
        self.record.failed(error);
    }
}
