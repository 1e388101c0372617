//! A driver on any transport, as one type.

use std::io;
use std::task::{Context, Poll};

use crate::action::Action;
use crate::ask::{Answer, Ask};
use crate::driver::{Driver, Waiting};
use crate::error::{AnswerError, Refused, Stale};
use crate::ids::{AskId, PromptId, RequestId};
use crate::journal::Stopped;
use crate::prompt::Prompt;
use crate::protocol::Counts;
use crate::request::{Interrupt, Request};
use crate::transport::Transport;

/// What a driver says of itself.
#[derive(Default)]
pub(super) struct Report {
    pub(super) counts: Counts,
    pub(super) io_error: Option<io::Error>,
    pub(super) stopped: Option<Stopped>,
}

impl Report {
    /// Returns the same as a value of its own.
    pub(super) fn copied(&self) -> Self {
        Self {
            counts: self.counts,
            io_error: self.io_error.as_ref().map(copied),
            stopped: self.stopped.as_ref().map(copied_stop),
        }
    }
}

pub(super) trait Drive: Send {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>>;
    fn unread(&mut self) -> Option<Action>;
    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, Refused<Prompt>>;
    fn cancel(&mut self, prompt: PromptId) -> Result<(), Stale>;
    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, Refused<Interrupt>>;
    fn request(&mut self, request: Request) -> Result<RequestId, Refused<Request>>;
    fn answer(&mut self, ask: AskId, answer: Answer) -> Result<(), AnswerError>;
    fn incoming(&self) -> Vec<Ask>;
    fn close(&mut self);
    fn abort(&mut self);
    fn lose(&mut self);
    fn waits(&self) -> usize;
    fn take_waiting(&mut self) -> Waiting;
    fn recording_failed(&mut self, error: io::Error);
    fn report(&self) -> Report;
    fn snapshot(&self) -> crate::SessionSnapshot;
}

impl<T: Transport + Send> Drive for Driver<T> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        Driver::poll_next(self, cx)
    }

    fn unread(&mut self) -> Option<Action> {
        Driver::unread(self)
    }

    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, Refused<Prompt>> {
        Driver::prompt(self, prompt)
    }

    fn cancel(&mut self, prompt: PromptId) -> Result<(), Stale> {
        Driver::cancel(self, prompt)
    }

    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, Refused<Interrupt>> {
        Driver::interrupt(self, interrupt)
    }

    fn request(&mut self, request: Request) -> Result<RequestId, Refused<Request>> {
        Driver::request(self, request)
    }

    fn answer(&mut self, ask: AskId, answer: Answer) -> Result<(), AnswerError> {
        Driver::answer(self, ask, answer)
    }

    fn incoming(&self) -> Vec<Ask> {
        self.protocol().incoming_requests().cloned().collect()
    }

    fn close(&mut self) {
        Driver::close(self);
    }

    fn abort(&mut self) {
        Driver::abort(self);
    }

    fn lose(&mut self) {
        Driver::lose(self);
    }

    fn waits(&self) -> usize {
        Driver::waits(self)
    }

    fn take_waiting(&mut self) -> Waiting {
        Driver::take_waiting(self)
    }

    fn recording_failed(&mut self, error: io::Error) {
        Driver::recording_failed(self, error);
    }

    fn snapshot(&self) -> crate::SessionSnapshot {
        self.protocol().snapshot().clone()
    }

    fn report(&self) -> Report {
        Report {
            counts: self.protocol().counts(),
            io_error: self.io_error().map(copied),
            stopped: self.recording_stopped().map(copied_stop),
        }
    }
}

/// The same error as a value of its own.
fn copied(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

fn copied_stop(stopped: &Stopped) -> Stopped {
    match stopped {
        Stopped::Full(cap) => Stopped::Full(*cap),
        Stopped::Failed(error) => Stopped::Failed(copied(error)),
        Stopped::Late => Stopped::Late,
    }
}
