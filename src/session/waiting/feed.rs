//! What a subscriber has not read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::ring::{Lagged, Ring, Room};
use crate::driver::awaited::Awaited;
use crate::protocol::action::Action;

pub(in crate::session) type Told = Result<Action, Lagged>;

/// How many are taken out at once.
const TAKEN: usize = 16;

pub(in crate::session) struct Feed(Awaited<Inner>);

struct Inner {
    unread: Ring<Action>,
    ended: bool,
}

impl Feed {
    pub(in crate::session) fn new(room: Room, ended: bool) -> Arc<Self> {
        Arc::new(Self(Awaited::new(Inner { unread: Ring::new(room), ended })))
    }

    /// Who is to be woken; none where nobody listens any more.
    pub(in crate::session) fn push(&self, action: Action) -> Option<Option<Waker>> {
        let (pushed, waker) = self.0.tell(|inner| {
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

    /// Whether nothing is pushed any more.
    pub(in crate::session) fn is_over(&self) -> bool {
        self.0.with(|inner| inner.ended)
    }

    /// Moves the next ones over. Ready with none at the end.
    pub(in crate::session) fn poll_take(&self, cx: &Context<'_>, taken: &mut VecDeque<Told>) -> Poll<()> {
        self.0.poll(cx, |inner| {
            taken.extend(std::iter::from_fn(|| inner.unread.pop()).take(TAKEN));
            (!taken.is_empty() || inner.ended).then_some(())
        })
    }

    pub(in crate::session) fn leave(&self) {
        self.0.with(|inner| {
            inner.ended = true;
            inner.unread.clear();
        });
        self.0.forget();
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.0.with(|inner| inner.unread.len())
    }
}
