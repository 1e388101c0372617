//! Which ask is whose.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use event_listener::{Event, EventListener};

use crate::action::WhyWithdrawn;
use crate::ask::{Ask, AskKinds};
use crate::ids::AskId;
use crate::session::calls::Calls;

/// Somebody already owns asks of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("asks of that kind have an owner; drop it first")]
pub struct Owned;

/// The owners of a session's asks, and the asks that are open.
#[derive(Default)]
pub(in crate::session) struct Owners {
    owners: Vec<Weak<Inbox>>,
    open: Vec<(AskId, Arc<Withdrawal>)>,
}

impl Owners {
    pub(in crate::session) fn add(&mut self, kinds: AskKinds, ended: bool) -> Result<Arc<Inbox>, Owned> {
        self.owners.retain(|owner| owner.strong_count() > 0);
        if self.owners.iter().filter_map(Weak::upgrade).any(|owner| owner.overlaps(kinds)) {
            return Err(Owned);
        }
        let inbox = Inbox::new(kinds, ended);
        self.owners.push(Arc::downgrade(&inbox));
        Ok(inbox)
    }

    /// Gives an ask to its owner, and adds who is to be woken. Whether it has one.
    pub(in crate::session) fn asked(&mut self, ask: &Ask, calls: &mut Calls) -> bool {
        let withdrawal = Arc::new(Withdrawal::default());
        for owner in self.owners.iter().filter_map(Weak::upgrade).filter(|owner| owner.kinds.contains(ask.kind())) {
            if let Some(waker) = owner.push(ask, &withdrawal) {
                calls.wake(waker);
                self.open.push((ask.id(), withdrawal));
                return true;
            }
        }
        false
    }

    pub(in crate::session) fn answered(&mut self, id: AskId) {
        self.open.retain(|(open, _)| *open != id);
    }

    pub(in crate::session) fn withdrawn(&mut self, id: AskId, why: WhyWithdrawn, calls: &mut Calls) {
        for owner in self.owners.iter().filter_map(Weak::upgrade) {
            owner.forget(id);
        }
        if let Some(at) = self.open.iter().position(|(open, _)| *open == id) {
            let (_, withdrawal) = self.open.remove(at);
            let _ = withdrawal.why.set(why);
            calls.tell(withdrawal);
        }
    }

    pub(in crate::session) fn end(&mut self, calls: &mut Calls) {
        for owner in std::mem::take(&mut self.owners).iter().filter_map(Weak::upgrade) {
            calls.wake(owner.end());
        }
    }
}

/// The asks that an owner has not taken.
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
    fn new(kinds: AskKinds, ended: bool) -> Arc<Self> {
        let inner = Inner { waiting: VecDeque::new(), left: false, ended, waker: None };
        Arc::new(Self { kinds, inner: Mutex::new(inner) })
    }

    pub(super) fn kinds(&self) -> AskKinds {
        self.kinds
    }

    fn overlaps(&self, kinds: AskKinds) -> bool {
        !self.inner().left && self.kinds.overlaps(kinds)
    }

    fn push(&self, ask: &Ask, withdrawal: &Arc<Withdrawal>) -> Option<Option<Waker>> {
        let mut inner = self.inner();
        if inner.left {
            return None;
        }
        inner.waiting.push_back((ask.clone(), Arc::clone(withdrawal)));
        Some(inner.waker.take())
    }

    fn forget(&self, id: AskId) {
        self.inner().waiting.retain(|(ask, _)| ask.id() != id);
    }

    fn end(&self) -> Option<Waker> {
        let mut inner = self.inner();
        inner.ended = true;
        inner.waker.take()
    }

    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<(Ask, Arc<Withdrawal>)>> {
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
    pub(super) fn leave(&self) -> Vec<AskId> {
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

/// Whether an ask was withdrawn.
#[derive(Default)]
pub(in crate::session) struct Withdrawal {
    why: OnceLock<WhyWithdrawn>,
    told: Event,
}

impl Withdrawal {
    pub(super) fn is_told(&self) -> bool {
        self.why.get().is_some()
    }

    pub(super) fn listen(&self) -> EventListener {
        self.told.listen()
    }

    pub(super) async fn wait(&self) -> WhyWithdrawn {
        loop {
            let listener = self.listen();
            if let Some(why) = self.why.get() {
                return *why;
            }
            listener.await;
        }
    }

    /// Wakes those who wait, once why is known.
    pub(in crate::session) fn notify(&self) {
        self.told.notify(usize::MAX);
    }
}
