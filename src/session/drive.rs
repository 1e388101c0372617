//! A driver on any transport, as one type.

use std::io;
use std::task::{Context, Poll};

use crate::base::ids::{IncomingId, PromptId, RequestId};
use crate::base::time::SessionTime;
use crate::driver::transport::Transport;
use crate::driver::{Driver, Waiting};
use crate::incoming::{IncomingKinds, IncomingRequest, IncomingResponse};
use crate::journal::RecordingError;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::Stats;
use crate::protocol::action::{Action, CliSession};
use crate::protocol::error::{RefusedError, RespondError, StaleIdError};
use crate::protocol::handed_out::HandedOut;

/// State that a driver reports.
#[derive(Default)]
pub(super) struct Report {
    pub(super) counts: Stats,
    pub(super) io_error: Option<io::Error>,
    pub(super) stopped: Option<RecordingError>,
}

impl Report {
    /// Returns a copy of the report.
    pub(super) fn copied(&self) -> Self {
        Self {
            counts: self.counts,
            io_error: self.io_error.as_ref().map(copied),
            stopped: self.stopped.as_ref().map(copied_stop),
        }
    }
}

pub(super) trait Drive: Send {
    fn now(&self) -> SessionTime;
    fn hold(&mut self, until: Option<SessionTime>);
    fn reads_on(&self) -> bool;
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>>;
    fn unread(&mut self) -> Option<Action>;
    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, RefusedError<Prompt>>;
    fn cancel(&mut self, prompt: PromptId) -> Result<(), StaleIdError>;
    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>>;
    fn request(&mut self, request: Request) -> Result<RequestId, RefusedError<Request>>;
    fn answer(&mut self, incoming: IncomingId, answer: IncomingResponse) -> Result<(), RespondError>;
    fn incoming(&self) -> Vec<IncomingRequest>;
    fn handled(&self) -> IncomingKinds;
    fn close(&mut self);
    fn close_now(&mut self);
    fn abort(&mut self);
    fn lose(&mut self);
    fn is_suspended(&self) -> bool;
    fn handed_out(&self) -> HandedOut;
    fn acknowledge(&mut self, number: u64);
    fn action_number(&self) -> u64;
    fn cli_session(&self) -> Option<CliSession>;
    fn waits(&self) -> usize;
    fn take_waiting(&mut self) -> Waiting;
    fn recording_failed(&mut self, error: io::Error);
    fn report(&self) -> Report;
    fn status(&self) -> crate::protocol::SessionStatus;
}

impl<T: Transport + Send> Drive for Driver<T> {
    fn now(&self) -> SessionTime {
        Driver::now(self)
    }

    fn hold(&mut self, until: Option<SessionTime>) {
        Driver::hold(self, until);
    }

    fn reads_on(&self) -> bool {
        Driver::reads_on(self)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        Driver::poll_next(self, cx)
    }

    fn unread(&mut self) -> Option<Action> {
        Driver::unread(self)
    }

    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, RefusedError<Prompt>> {
        Driver::prompt(self, prompt)
    }

    fn cancel(&mut self, prompt: PromptId) -> Result<(), StaleIdError> {
        Driver::cancel(self, prompt)
    }

    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        Driver::interrupt(self, interrupt)
    }

    fn request(&mut self, request: Request) -> Result<RequestId, RefusedError<Request>> {
        Driver::request(self, request)
    }

    fn answer(&mut self, incoming: IncomingId, answer: IncomingResponse) -> Result<(), RespondError> {
        Driver::respond(self, incoming, answer)
    }

    fn incoming(&self) -> Vec<IncomingRequest> {
        self.protocol().open_incoming().cloned().collect()
    }

    fn handled(&self) -> IncomingKinds {
        self.protocol().config().delivered()
    }

    fn close(&mut self) {
        Driver::close(self);
    }

    fn close_now(&mut self) {
        Driver::close_now(self);
    }

    fn abort(&mut self) {
        Driver::abort(self);
    }

    fn lose(&mut self) {
        Driver::lose(self);
    }

    fn is_suspended(&self) -> bool {
        Driver::is_suspended(self)
    }

    fn handed_out(&self) -> HandedOut {
        self.protocol().handed_out()
    }

    fn acknowledge(&mut self, number: u64) {
        Driver::acknowledge(self, number);
    }

    fn action_number(&self) -> u64 {
        Driver::action_number(self)
    }

    fn cli_session(&self) -> Option<CliSession> {
        self.protocol().session().cloned()
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

    fn status(&self) -> crate::protocol::SessionStatus {
        self.protocol().status().clone()
    }

    fn report(&self) -> Report {
        Report {
            counts: self.protocol().stats(),
            io_error: self.io_error().map(copied),
            stopped: self.recording_error().map(copied_stop),
        }
    }
}

/// Returns a copy of the error.
fn copied(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

fn copied_stop(stopped: &RecordingError) -> RecordingError {
    match stopped {
        RecordingError::Full(cap) => RecordingError::Full(*cap),
        RecordingError::Failed(error) => RecordingError::Failed(copied(error)),
        RecordingError::Late => RecordingError::Late,
    }
}
