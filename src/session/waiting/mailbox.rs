//! What a turn's handle is sent.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::ring::{Lagged, Ring, Room};
use super::said::Said;
use crate::driver::awaited::Awaited;
use crate::message::Message;
use crate::session::prompt_end::PromptEnd;

#[derive(Debug)]
pub(in crate::session) struct Mailbox(Awaited<Inner>);

#[derive(Debug)]
struct Inner {
    unread: Ring<Message>,
    /// Nobody reads messages any more.
    deaf: bool,
    kept: Option<Kept>,
    said: Said,
    end: Option<PromptEnd>,
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
        Arc::new(Self(Awaited::new(Inner {
            unread: Ring::new(room),
            deaf: false,
            kept: None,
            said: Said::default(),
            end: None,
        })))
    }

    // For the runner. Each says who is to be woken.

    pub(in crate::session) fn push(&self, message: &Message) -> Option<Waker> {
        self.0.tell_if(|inner| {
            inner.said.push(message);
            if let Some(kept) = &mut inner.kept {
                kept.push(message);
            }
            if !inner.deaf {
                inner.unread.push(message.clone());
            }
            !inner.deaf
        })
    }

    /// So many messages were dropped before they could be sent here.
    pub(in crate::session) fn lag(&self, missed: u64) -> Option<Waker> {
        self.0.tell_if(|inner| {
            inner.unread.miss(missed);
            if let Some(kept) = &mut inner.kept {
                kept.omitted += missed;
            }
            missed > 0
        })
    }

    /// What was sent so far was another prompt's: what is still here of it is taken back.
    pub(in crate::session) fn retract(&self) {
        self.0.with(|inner| {
            inner.unread.clear();
            inner.said.clear();
            if let Some(kept) = &mut inner.kept {
                kept.room += kept.messages.iter().map(|message| message.as_bytes().len()).sum::<usize>();
                (kept.messages, kept.omitted) = (Vec::new(), 0);
            }
        });
    }

    pub(in crate::session) fn end(&self, mut end: PromptEnd) -> Option<Waker> {
        self.0.tell_if(|inner| {
            if let Some(kept) = inner.kept.take() {
                (end.messages, end.omitted) = (kept.messages, kept.omitted);
            }
            if !end.is_success() {
                end.partial = inner.said.text();
            }
            inner.said.clear();
            inner.end = Some(end);
            true
        })
    }

    // For the handle.

    pub(in crate::session) fn keep(&self, limit: usize) {
        self.0.with(|inner| {
            let mut kept = Kept { room: limit, omitted: inner.unread.missed(), ..Kept::default() };
            inner.unread.iter().for_each(|message| kept.push(message));
            match &mut inner.end {
                Some(end) => (end.messages, end.omitted) = (kept.messages, kept.omitted),
                None => inner.kept = Some(kept),
            }
        });
    }

    pub(in crate::session) fn poll_message(&self, cx: &Context<'_>) -> Poll<Option<Result<Message, Lagged>>> {
        self.0.poll(cx, |inner| match inner.unread.pop() {
            Some(message) => Some(Some(message)),
            None => inner.end.is_some().then_some(None),
        })
    }

    pub(in crate::session) fn poll_end(&self, cx: &Context<'_>) -> Poll<PromptEnd> {
        self.0.poll(cx, |inner| inner.end.clone())
    }

    /// Returns whether the prompt has ended.
    pub(in crate::session) fn has_ended(&self) -> bool {
        self.0.with(|inner| inner.end.is_some())
    }

    /// Nothing is read any more but the end.
    pub(in crate::session) fn deafen(&self) {
        self.0.with(|inner| {
            inner.deaf = true;
            inner.unread.clear();
        });
    }

    /// Nothing is read any more at all.
    pub(in crate::session) fn abandon(&self) {
        self.deafen();
        let kept = self.0.with(|inner| inner.kept.take());
        drop(kept);
        self.0.forget();
    }
}
