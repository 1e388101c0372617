//! What a turn's handle is sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::ring::{Lagged, Ring, Room};
use super::said::Said;
use crate::message::Message;
use crate::session::turn_end::TurnEnd;

#[derive(Debug)]
pub(in crate::session) struct Mailbox(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    unread: Ring<Message>,
    /// Nobody reads messages any more.
    deaf: bool,
    kept: Option<Kept>,
    said: Said,
    end: Option<TurnEnd>,
    waker: Option<Waker>,
}

/// All messages of the turn, up to a limit.
#[derive(Debug, Default)]
struct Kept {
    messages: Vec<Message>,
    room: usize,
    omitted: u64,
}

impl Kept {
    fn push(&mut self, message: &Message) {
        let bytes = message.as_bytes().len();
        if self.omitted > 0 || bytes > self.room {
            self.omitted += 1;
        } else {
            self.room -= bytes;
            self.messages.push(message.clone());
        }
    }
}

impl Mailbox {
    pub(in crate::session) fn new(room: Room) -> Arc<Self> {
        let unread = Ring::new(room);
        Arc::new(Self(Mutex::new(Inner {
            unread,
            deaf: false,
            kept: None,
            said: Said::default(),
            end: None,
            waker: None,
        })))
    }

    // For the runner. Each says who is to be woken.

    pub(in crate::session) fn push(&self, message: &Message) -> Option<Waker> {
        let mut inner = self.inner();
        inner.said.push(message);
        if let Some(kept) = &mut inner.kept {
            kept.push(message);
        }
        if inner.deaf {
            return None;
        }
        inner.unread.push(message.clone());
        inner.waker.take()
    }

    /// So many messages were dropped before they could be sent here.
    pub(in crate::session) fn lag(&self, missed: u64) -> Option<Waker> {
        let mut inner = self.inner();
        inner.unread.miss(missed);
        if let Some(kept) = &mut inner.kept {
            kept.omitted += missed;
        }
        (missed > 0).then(|| inner.waker.take()).flatten()
    }

    /// What was sent so far was another prompt's: what is still here of it is taken back.
    pub(in crate::session) fn retract(&self) {
        let mut inner = self.inner();
        inner.unread.clear();
        inner.said.clear();
        if let Some(kept) = &mut inner.kept {
            kept.room += kept.messages.iter().map(|message| message.as_bytes().len()).sum::<usize>();
            (kept.messages, kept.omitted) = (Vec::new(), 0);
        }
    }

    pub(in crate::session) fn end(&self, mut end: TurnEnd) -> Option<Waker> {
        let mut inner = self.inner();
        if let Some(kept) = inner.kept.take() {
            (end.messages, end.omitted) = (kept.messages, kept.omitted);
        }
        if !end.is_success() {
            end.partial = inner.said.text();
        }
        inner.said.clear();
        inner.end = Some(end);
        inner.waker.take()
    }

    // For the handle.

    pub(in crate::session) fn keep(&self, limit: usize) {
        let mut inner = self.inner();
        let mut kept = Kept { room: limit, omitted: inner.unread.missed(), ..Kept::default() };
        inner.unread.iter().for_each(|message| kept.push(message));
        match &mut inner.end {
            Some(end) => (end.messages, end.omitted) = (kept.messages, kept.omitted),
            None => inner.kept = Some(kept),
        }
    }

    pub(in crate::session) fn poll_message(&self, cx: &Context<'_>) -> Poll<Option<Result<Message, Lagged>>> {
        self.poll(cx, |inner| match inner.unread.pop() {
            Some(message) => Some(Some(message)),
            None => inner.end.is_some().then_some(None),
        })
    }

    pub(in crate::session) fn poll_end(&self, cx: &Context<'_>) -> Poll<TurnEnd> {
        self.poll(cx, |inner| inner.end.clone())
    }

    /// Nothing is read any more but the end.
    pub(in crate::session) fn deafen(&self) {
        let mut inner = self.inner();
        inner.deaf = true;
        inner.unread.clear();
    }

    /// Nothing is read any more at all.
    pub(in crate::session) fn abandon(&self) {
        self.deafen();
        let mut inner = self.inner();
        let (kept, waker) = (inner.kept.take(), inner.waker.take());
        drop(inner);
        drop((kept, waker));
    }

    fn poll<R>(&self, cx: &Context<'_>, take: impl FnOnce(&mut Inner) -> Option<R>) -> Poll<R> {
        let mut inner = self.inner();
        if let Some(taken) = take(&mut inner) {
            return Poll::Ready(taken);
        }
        let former = inner.waker.replace(cx.waker().clone());
        drop(inner);
        drop(former);
        Poll::Pending
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
