//! Unread actions of a subscriber.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::patience::{Level, Patience, Waiting};
use super::ring::{Lagged, Ring, Room};
use crate::base::time::SessionTime;
use crate::driver::awaited::Awaited;
use crate::protocol::action::Action;

pub(in crate::session) type Delivery = Result<Action, Lagged>;

/// Number of actions that are taken out at once.
const TAKEN: usize = 16;

pub(in crate::session) struct Feed(Awaited<Inner>);

struct Inner {
    unread: Ring<Action>,
    patience: Patience,
    ended: bool,
}

impl Feed {
    pub(in crate::session) fn new(room: Room, ended: bool) -> Arc<Self> {
        Arc::new(Self(Awaited::new(Inner { unread: Ring::new(room), patience: Patience::default(), ended })))
    }

    /// Adds an action. Returns the task to wake, or `None` if the subscriber was dropped.
    pub(in crate::session) fn push(&self, action: Action) -> Option<Option<Waker>> {
        let (pushed, waker) = self.0.update(|inner| {
            if inner.ended {
                return false;
            }
            let is_last = matches!(action, Action::Closed(_));
            inner.unread.push(action);
            inner.ended = is_last || inner.unread.is_cut_off();
            true
        });
        pushed.then_some(waker)
    }

    /// Returns `true` if no further actions are added.
    pub(in crate::session) fn is_over(&self) -> bool {
        self.0.with(|inner| inner.ended)
    }

    /// Returns the time until which the session waits for the reader, if it does.
    pub(in crate::session) fn waits(&self, waiting: Waiting) -> Option<SessionTime> {
        self.0.with(|inner| {
            let (level, waits) = (inner.unread.level(), inner.unread.is_waited_for());
            let until = inner.patience.until(level, waiting);
            inner.unread.keep(waits && !waiting.reads_on && !inner.patience.has_given_up());
            until
        })
    }

    /// Moves the next actions to `taken`, or none at the end. Returns `true` if a session that waits should check
    /// again.
    pub(in crate::session) fn poll_take(&self, cx: &Context<'_>, taken: &mut VecDeque<Delivery>) -> Poll<bool> {
        self.0.poll(cx, |inner| {
            taken.extend(std::iter::from_fn(|| inner.unread.pop()).take(TAKEN));
            (!taken.is_empty() || inner.ended).then(|| inner.patience.taken(inner.unread.level()))
        })
    }

    /// Ends the stream of actions without a last action. Returns the task to wake.
    fn end(&self) -> Option<Waker> {
        self.0.update(|inner| inner.ended = true).1
    }

    /// Ends the feed for the reader. Returns `true` if a session that waits should check again.
    pub(in crate::session) fn leave(&self) -> bool {
        let resumes = self.0.with(|inner| {
            inner.ended = true;
            inner.unread.clear();
            inner.patience.taken(Level::Low)
        });
        self.0.forget();
        resumes
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.0.with(|inner| inner.unread.len())
    }
}

/// Feeds of a session that has not started yet. If it is dropped before the start, the feeds end.
#[derive(Default)]
pub(in crate::session) struct EarlyFeeds(Vec<Arc<Feed>>);

impl EarlyFeeds {
    pub(in crate::session) fn open(&mut self, room: Room) -> Arc<Feed> {
        let feed = Feed::new(room, false);
        self.0.push(Arc::clone(&feed));
        feed
    }

    /// Takes the feeds for the session that starts.
    pub(in crate::session) fn take(mut self) -> Vec<Arc<Feed>> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for EarlyFeeds {
    fn drop(&mut self) {
        self.0.iter().filter_map(|feed| feed.end()).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::waiting::ring::Overflow;

    #[test]
    fn a_dropped_subscriber_is_removed() {
        let feed = Feed::new(Room { items: 8, bytes: 1024, overflow: Overflow::Oldest }, false);
        assert!(feed.push(Action::Idle).is_some());
        assert!(!feed.leave(), "the session did not wait for it");
        assert!(feed.is_over() && feed.push(Action::Idle).is_none());
        assert_eq!(feed.len(), 0);
    }
}
