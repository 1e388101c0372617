//! Those who watch a session.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_lite::Stream;

use super::ring::{Lagged, Ring, Room};
use crate::action::Action;

/// Every action of a session, from the moment of [`subscribe`](super::Session::subscribe) to its
/// [`Closed`](Action::Closed).
///
/// What it has not read waits in a buffer of its own; when that is full, its [`Overflow`](super::Overflow) says what goes,
/// and [`Lagged`] how much. Nothing else waits for it. It is not a handle: a session with nothing but subscribers left
/// closes in order. Dropping it is unsubscribing.
#[must_use = "dropping it is unsubscribing"]
pub struct Subscriber(Arc<Feed>);

impl Subscriber {
    pub(super) fn new(feed: Arc<Feed>) -> Self {
        Self(feed)
    }

    /// The next action; `None` after the last.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Lagged`] where actions were dropped before the next one.
    pub async fn next(&mut self) -> Option<Result<Action, Lagged>> {
        poll_fn(|cx| self.0.poll_next(cx)).await
    }
}

impl Stream for Subscriber {
    type Item = Result<Action, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(cx)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").field("unread", &self.0.inner().unread.len()).finish()
    }
}

/// What a subscriber has not read.
pub(super) struct Feed(Mutex<Inner>);

struct Inner {
    unread: Ring<Action>,
    ended: bool,
    waker: Option<Waker>,
}

impl Feed {
    pub(super) fn new(room: Room, ended: bool) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner { unread: Ring::new(room), ended, waker: None })))
    }

    /// Who is to be woken; none where nobody listens any more.
    pub(super) fn push(&self, action: &Action) -> Option<Option<Waker>> {
        let mut inner = self.inner();
        if inner.ended {
            return None;
        }
        inner.unread.push(action.clone());
        inner.ended = matches!(action, Action::Closed(_)) || inner.unread.is_cut_off();
        Some(inner.waker.take())
    }

    /// Whether nothing is pushed any more.
    pub(super) fn is_over(&self) -> bool {
        self.inner().ended
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Result<Action, Lagged>>> {
        let mut inner = self.inner();
        if let Some(next) = inner.unread.pop() {
            return Poll::Ready(Some(next));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        let former = match &inner.waker {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => inner.waker.replace(cx.waker().clone()),
        };
        drop(inner);
        drop(former);
        Poll::Pending
    }

    fn leave(&self) {
        let mut inner = self.inner();
        inner.ended = true;
        inner.unread.clear();
        let waker = inner.waker.take();
        drop(inner);
        drop(waker);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ring::Overflow;

    #[test]
    fn one_that_is_dropped_is_forgotten() {
        let feed = Feed::new(Room { items: 8, bytes: 1024, overflow: Overflow::Oldest }, false);
        let subscriber = Subscriber::new(Arc::clone(&feed));
        assert!(feed.push(&Action::Idle).is_some());
        drop(subscriber);
        assert!(feed.is_over() && feed.push(&Action::Idle).is_none());
        assert_eq!(feed.inner().unread.len(), 0);
    }
}
