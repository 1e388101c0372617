//! What a subscriber has not read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::ring::{Lagged, Ring, Room};
use crate::action::Action;

pub(in crate::session) type Told = Result<Action, Lagged>;

/// How many are taken out at once.
const TAKEN: usize = 16;

pub(in crate::session) struct Feed(Mutex<Inner>);

struct Inner {
    unread: Ring<Action>,
    ended: bool,
    waker: Option<Waker>,
}

impl Feed {
    pub(in crate::session) fn new(room: Room, ended: bool) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner { unread: Ring::new(room), ended, waker: None })))
    }

    /// Who is to be woken; none where nobody listens any more.
    pub(in crate::session) fn push(&self, action: Action) -> Option<Option<Waker>> {
        let mut inner = self.inner();
        if inner.ended {
            return None;
        }
        let is_last = matches!(action, Action::Closed(_));
        inner.unread.push(action);
        inner.ended = is_last || inner.unread.is_cut_off();
        Some(inner.waker.take())
    }

    /// Whether nothing is pushed any more.
    pub(in crate::session) fn is_over(&self) -> bool {
        self.inner().ended
    }

    /// Moves the next ones over. Ready with none at the end.
    pub(in crate::session) fn poll_take(&self, cx: &Context<'_>, taken: &mut VecDeque<Told>) -> Poll<()> {
        let mut inner = self.inner();
        taken.extend(std::iter::from_fn(|| inner.unread.pop()).take(TAKEN));
        if !taken.is_empty() || inner.ended {
            return Poll::Ready(());
        }
        let former = match &inner.waker {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => inner.waker.replace(cx.waker().clone()),
        };
        drop(inner);
        drop(former);
        Poll::Pending
    }

    pub(in crate::session) fn leave(&self) {
        let mut inner = self.inner();
        inner.ended = true;
        inner.unread.clear();
        let waker = inner.waker.take();
        drop(inner);
        drop(waker);
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.inner().unread.len()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
