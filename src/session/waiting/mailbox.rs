//! Mailbox of a prompt's handle: messages and the end.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::last_text::LastText;
use super::patience::{Level, Patience, Waiting};
use super::ring::{Lagged, Ring, Room};
use crate::base::time::SessionTime;
use crate::driver::awaited::Awaited;
use crate::message::Message;
use crate::session::prompt_end::PromptEnd;

#[derive(Debug)]
pub(in crate::session) struct Mailbox(Awaited<Inner>);

#[derive(Debug)]
struct Inner {
    unread: Ring<Message>,
    /// `true` after the reader has stopped reading messages.
    ended_reading: bool,
    /// `true` if messages are read: the last wait was for a message, and not for the end.
    reads: bool,
    patience: Patience,
    kept: Option<Kept>,
    last_text: LastText,
    end: Option<PromptEnd>,
}

/// Messages of the turn, kept up to a limit.
#[derive(Debug, Default)]
struct Kept {
    messages: Vec<Message>,
    room: usize,
    omitted: u64,
}

impl Inner {
    /// Returns `true` if messages are read, and the end is not awaited.
    fn is_read(&self) -> bool {
        self.reads && !self.ended_reading && self.end.is_none()
    }

    fn level(&self) -> Level {
        if self.is_read() { self.unread.level() } else { Level::Low }
    }
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
            ended_reading: false,
            reads: false,
            patience: Patience::default(),
            kept: None,
            last_text: LastText::default(),
            end: None,
        })))
    }

    // Methods of the runner. They return the task to wake.

    pub(in crate::session) fn push(&self, message: &Message) -> Option<Waker> {
        self.0.update_if(|inner| {
            inner.last_text.push(message);
            if let Some(kept) = &mut inner.kept {
                kept.push(message);
            }
            if !inner.ended_reading {
                inner.unread.push(message.clone());
            }
            !inner.ended_reading
        })
    }

    /// Records that messages were dropped before they reached this mailbox.
    pub(in crate::session) fn lag(&self, missed: u64) -> Option<Waker> {
        self.0.update_if(|inner| {
            inner.unread.miss(missed);
            if let Some(kept) = &mut inner.kept {
                kept.omitted += missed;
            }
            missed > 0
        })
    }

    /// Removes the unread messages, because they belong to another prompt.
    pub(in crate::session) fn retract(&self) {
        self.0.with(|inner| {
            inner.unread.clear();
            inner.last_text.clear();
            if let Some(kept) = &mut inner.kept {
                kept.room += kept.messages.iter().map(|message| message.as_bytes().len()).sum::<usize>();
                (kept.messages, kept.omitted) = (Vec::new(), 0);
            }
        });
    }

    pub(in crate::session) fn end(&self, mut end: PromptEnd) -> Option<Waker> {
        self.0.update_if(|inner| {
            if let Some(kept) = inner.kept.take() {
                (end.messages, end.omitted) = (kept.messages, kept.omitted);
            }
            if !end.is_success() {
                end.partial = inner.last_text.text();
            }
            inner.last_text.clear();
            inner.end = Some(end);
            true
        })
    }

    /// Returns the time until which the session waits for the reader, if it does.
    pub(in crate::session) fn waits(&self, waiting: Waiting) -> Option<SessionTime> {
        self.0.with(|inner| {
            let (level, waits) = (inner.level(), inner.is_read() && inner.unread.is_waited_for());
            let until = inner.patience.until(level, waiting);
            inner.unread.keep(waits && !waiting.reads_on && !inner.patience.has_given_up());
            until
        })
    }

    // Methods of the handle. A returned flag is `true` if a session that waits should check again.

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

    pub(in crate::session) fn poll_message(&self, cx: &Context<'_>) -> (Poll<Option<Result<Message, Lagged>>>, bool) {
        let mut resumes = false;
        let polled = self.0.poll(cx, |inner| {
            inner.reads = true;
            let Some(message) = inner.unread.pop() else { return inner.end.is_some().then_some(None) };
            resumes = inner.patience.taken(inner.level());
            Some(Some(message))
        });
        (polled, resumes)
    }

    pub(in crate::session) fn poll_end(&self, cx: &Context<'_>) -> (Poll<PromptEnd>, bool) {
        let mut resumes = false;
        let polled = self.0.poll(cx, |inner| {
            inner.reads = false;
            resumes |= inner.patience.taken(Level::Low);
            inner.end.clone()
        });
        (polled, resumes)
    }

    /// Returns `true` if the prompt has ended.
    pub(in crate::session) fn has_ended(&self) -> bool {
        self.0.with(|inner| inner.end.is_some())
    }

    /// Ends the reading of messages. The end of the prompt can still be read.
    pub(in crate::session) fn stop_reading(&self) -> bool {
        self.0.with(|inner| {
            inner.ended_reading = true;
            inner.unread.clear();
            inner.patience.taken(Level::Low)
        })
    }

    /// Discards all messages, because the handle was dropped. Returns `true` if the session waited for the reader.
    pub(in crate::session) fn abandon(&self) -> bool {
        let resumes = self.stop_reading();
        let kept = self.0.with(|inner| inner.kept.take());
        drop(kept);
        self.0.forget();
        resumes
    }
}
