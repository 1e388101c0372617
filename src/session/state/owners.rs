//! Owners of incoming requests.

use std::sync::{Arc, Weak};

use crate::base::ids::IncomingId;
use crate::incoming::{IncomingKinds, IncomingRequest};
use crate::protocol::action::CancelledReason;
use crate::session::waiting::calls::Calls;
use crate::session::waiting::inbox::Inbox;
use crate::session::waiting::withdrawal::Withdrawal;

/// Error of taking or serving the incoming requests of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IncomingError {
    /// Another owner takes requests of these kinds already.
    #[error("incoming requests of that kind already have an owner; drop its `IncomingRequests` first")]
    AlreadyTaken,
    /// The session does not handle these kinds, and declines such requests by itself.
    #[error(
        "incoming requests of the kinds {0:?} are not handled, so that none would come; \
         give the handlers to `Session::builder`, or add `Config::handle` for each kind"
    )]
    NotHandled(IncomingKinds),
    /// The hooks of the handlers would not be registered.
    #[error(
        "the hooks of `Handlers::hook` are registered by `Session::builder` alone; give the handlers to it, \
         or register by `Initialize::hook` and answer by `Handlers::any_hook`"
    )]
    HooksNotRegistered,
}

/// The owners of a session's incoming requests, and the requests that are open.
#[derive(Default)]
pub(super) struct Owners {
    owners: Vec<Weak<Inbox>>,
    open: Vec<(IncomingId, Arc<Withdrawal>)>,
}

impl Owners {
    pub(super) fn add(&mut self, kinds: IncomingKinds, ended: bool) -> Result<Arc<Inbox>, IncomingError> {
        self.owners.retain(|owner| owner.strong_count() > 0);
        if self.owners.iter().filter_map(Weak::upgrade).any(|owner| owner.overlaps(kinds)) {
            return Err(IncomingError::AlreadyTaken);
        }
        let inbox = Inbox::new(kinds, ended);
        self.owners.push(Arc::downgrade(&inbox));
        Ok(inbox)
    }

    /// Adds the owner of the messages for one MCP server, which takes precedence over the owner of the kind.
    pub(super) fn add_server(&mut self, name: String) -> Arc<Inbox> {
        let inbox = Inbox::of_server(name);
        self.owners.insert(0, Arc::downgrade(&inbox));
        inbox
    }

    /// Delivers an incoming request to its owner, and adds the task to wake. Returns `false` if it has no owner.
    pub(super) fn deliver(&mut self, incoming: &IncomingRequest, calls: &mut Calls) -> bool {
        let withdrawal = Arc::new(Withdrawal::default());
        for owner in self.owners.iter().filter_map(Weak::upgrade).filter(|owner| owner.takes(incoming)) {
            if let Some(waker) = owner.push(incoming, &withdrawal) {
                calls.wake(waker);
                self.open.push((incoming.id(), withdrawal));
                return true;
            }
        }
        false
    }

    /// Returns `true` if the request was handed out and is open.
    pub(super) fn is_open(&self, id: IncomingId) -> bool {
        self.open.iter().any(|(open, _)| *open == id)
    }

    pub(super) fn answered(&mut self, id: IncomingId) {
        self.open.retain(|(open, _)| *open != id);
    }

    pub(super) fn withdrawn(&mut self, id: IncomingId, reason: CancelledReason, calls: &mut Calls) {
        for owner in self.owners.iter().filter_map(Weak::upgrade) {
            owner.forget(id);
        }
        if let Some(at) = self.open.iter().position(|(open, _)| *open == id) {
            let (_, withdrawal) = self.open.remove(at);
            withdrawal.set(reason);
            calls.notify(withdrawal);
        }
    }

    pub(super) fn end(&mut self, calls: &mut Calls) {
        for owner in std::mem::take(&mut self.owners).iter().filter_map(Weak::upgrade) {
            calls.wake(owner.end());
        }
    }
}
