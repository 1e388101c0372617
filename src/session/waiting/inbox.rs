//! Incoming requests that an owner has not taken.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::withdrawal::Withdrawal;
use crate::base::ids::IncomingId;
use crate::driver::awaited::Awaited;
use crate::incoming::{IncomingKind, IncomingKinds, IncomingRequest};
use crate::wire::control;

pub(in crate::session) struct Inbox {
    kinds: IncomingKinds,
    /// MCP server whose messages are taken. `None` takes every request of the kinds.
    server: Option<String>,
    inner: Awaited<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Requests that wait. Each is open, so there are at most
    /// [`Limits::open_incoming`](crate::Limits::open_incoming).
    waiting: VecDeque<(IncomingRequest, Arc<Withdrawal>)>,
    left: bool,
    ended: bool,
}

impl Inbox {
    pub(in crate::session) fn new(kinds: IncomingKinds, ended: bool) -> Arc<Self> {
        Arc::new(Self { kinds, server: None, inner: Awaited::new(Inner { ended, ..Inner::default() }) })
    }

    /// Creates the inbox of one MCP server in the host.
    pub(in crate::session) fn of_server(name: String) -> Arc<Self> {
        let kinds = IncomingKinds::NONE.with(IncomingKind::Mcp);
        Arc::new(Self { kinds, server: Some(name), inner: Awaited::default() })
    }

    pub(in crate::session) fn kinds(&self) -> IncomingKinds {
        self.kinds
    }

    /// Returns `true` if a request belongs to this inbox.
    pub(in crate::session) fn takes(&self, incoming: &IncomingRequest) -> bool {
        let names =
            |server: &String| control::mcp_server(incoming.message().as_bytes()).is_some_and(|name| name.is(server));
        self.kinds.contains(incoming.kind()) && self.server.as_ref().is_none_or(names)
    }

    /// Returns `true` if every request of some of these kinds belongs to this inbox.
    pub(in crate::session) fn overlaps(&self, kinds: IncomingKinds) -> bool {
        self.server.is_none() && !self.inner.with(|inner| inner.left) && self.kinds.overlaps(kinds)
    }

    pub(in crate::session) fn push(
        &self,
        incoming: &IncomingRequest,
        withdrawal: &Arc<Withdrawal>,
    ) -> Option<Option<Waker>> {
        let (pushed, waker) = self.inner.update(|inner| {
            if !inner.left {
                inner.waiting.push_back((incoming.clone(), Arc::clone(withdrawal)));
            }
            !inner.left
        });
        pushed.then_some(waker)
    }

    pub(in crate::session) fn forget(&self, id: IncomingId) {
        self.inner.with(|inner| inner.waiting.retain(|(incoming, _)| incoming.id() != id));
    }

    pub(in crate::session) fn end(&self) -> Option<Waker> {
        self.inner.update(|inner| inner.ended = true).1
    }

    pub(in crate::session) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<(IncomingRequest, Arc<Withdrawal>)>> {
        self.inner.poll(cx, |inner| match inner.waiting.pop_front() {
            Some(next) => Some(Some(next)),
            None => inner.ended.then_some(None),
        })
    }

    /// Closes the inbox, because its owner was dropped. Returns the requests that it had not taken.
    pub(in crate::session) fn leave(&self) -> Vec<IncomingId> {
        let waiting = self.inner.with(|inner| {
            inner.left = true;
            std::mem::take(&mut inner.waiting)
        });
        self.inner.forget();
        waiting.into_iter().map(|(incoming, _)| incoming.id()).collect()
    }
}
