//! The asks that an owner has not taken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::withdrawal::Withdrawal;
use crate::ask::{Ask, AskKinds};
use crate::ids::AskId;

pub(in crate::session) struct Inbox {
    kinds: AskKinds,
    inner: Mutex<Inner>,
}

struct Inner {
    /// At most [`Limits::open_asks`](crate::Limits::open_asks): an ask that waits here is open.
    waiting: VecDeque<(Ask, Arc<Withdrawal>)>,
    left: bool,
    ended: bool,
    waker: Option<Waker>,
}

impl Inbox {
    pub(in crate::session) fn new(kinds: AskKinds, ended: bool) -> Arc<Self> {
        let inner = Inner { waiting: VecDeque::new(), left: false, ended, waker: None };
        Arc::new(Self { kinds, inner: Mutex::new(inner) })
    }

    pub(in crate::session) fn kinds(&self) -> AskKinds {
        self.kinds
    }

    pub(in crate::session) fn overlaps(&self, kinds: AskKinds) -> bool {
        !self.inner().left && self.kinds.overlaps(kinds)
    }

    pub(in crate::session) fn push(&self, ask: &Ask, withdrawal: &Arc<Withdrawal>) -> Option<Option<Waker>> {
        let mut inner = self.inner();
        if inner.left {
            return None;
        }
        inner.waiting.push_back((ask.clone(), Arc::clone(withdrawal)));
        Some(inner.waker.take())
    }

    pub(in crate::session) fn forget(&self, id: AskId) {
        self.inner().waiting.retain(|(ask, _)| ask.id() != id);
    }

    pub(in crate::session) fn end(&self) -> Option<Waker> {
        let mut inner = self.inner();
        inner.ended = true;
        inner.waker.take()
    }

    pub(in crate::session) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<(Ask, Arc<Withdrawal>)>> {
        let mut inner = self.inner();
        if let Some(next) = inner.waiting.pop_front() {
            return Poll::Ready(Some(next));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        let former = inner.waker.replace(cx.waker().clone());
        drop(inner);
        drop(former);
        Poll::Pending
    }

    /// The owner is gone; what it has not taken.
    pub(in crate::session) fn leave(&self) -> Vec<AskId> {
        let mut inner = self.inner();
        inner.left = true;
        let (waiting, waker) = (std::mem::take(&mut inner.waiting), inner.waker.take());
        drop(inner);
        drop(waker);
        waiting.into_iter().map(|(ask, _)| ask.id()).collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
