//! Everything that can be said to a [`Protocol`], as a value: what a journal holds and a replay gives back.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::ids::{IncomingId, PromptId};
use crate::base::text::{Cut, Quoted};
use crate::base::time::SessionTime;
use crate::incoming::IncomingResponse;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::Protocol;
use crate::protocol::end::Exit;

/// One input of a [`Protocol`], as a value: each stands for one of its methods.
///
/// A host calls the methods, which return ids and errors, and borrow what they are given. Values are for what keeps or
/// generates inputs: journals, replays, tracers, fuzzers. [`Protocol::apply`] gives them to a session.
///
/// ```
/// use claude_duplex::{Config, Input, Prompt, Protocol, Seed, SessionTime};
///
/// let sequence = [
///     (SessionTime::ZERO, Input::Prompt(Prompt::text("hello"))),
///     (SessionTime::from_nanos(5), Input::Close),
/// ];
/// let play = || {
///     let config = Config::new(Seed::from_bytes([1; 16]));
///     let mut protocol = Protocol::new(config, SessionTime::ZERO);
///     sequence.iter().cloned().for_each(|(now, input)| protocol.apply(now, input));
///     protocol.poll_transmit().to_vec()
/// };
/// assert_eq!(play(), play());
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Input<'a> {
    /// [`Protocol::receive`]
    Receive(Cow<'a, [u8]>),
    /// [`Protocol::eof`]
    Eof,
    /// [`Protocol::stderr`]
    Stderr(Cow<'a, [u8]>),
    /// [`Protocol::stderr_eof`]
    StderrEof,
    /// [`Protocol::exited`]
    Exited(Exit),
    /// [`Protocol::sent`]
    Sent(usize),
    /// [`Protocol::send_failed`]
    SendFailed,
    /// [`Protocol::handle_timeout`]
    Timeout,
    /// [`Protocol::prompt`]
    Prompt(Prompt),
    /// [`Protocol::cancel`]
    Cancel(PromptId),
    /// [`Protocol::interrupt`]
    Interrupt(Interrupt),
    /// [`Protocol::request`]
    Request(Request),
    /// [`Protocol::respond`]
    Respond(IncomingId, IncomingResponse),
    /// [`Protocol::close`]
    Close,
    /// Command that calls [`Protocol::close_now`].
    CloseNow,
    /// [`Protocol::abort`]
    Abort,
}

impl Input<'_> {
    /// Returns the same with bytes of its own.
    #[must_use]
    pub fn into_owned(self) -> Input<'static> {
        match self {
            Self::Receive(bytes) => Input::Receive(Cow::Owned(bytes.into_owned())),
            Self::Stderr(bytes) => Input::Stderr(Cow::Owned(bytes.into_owned())),
            Self::Eof => Input::Eof,
            Self::StderrEof => Input::StderrEof,
            Self::Exited(exit) => Input::Exited(exit),
            Self::Sent(count) => Input::Sent(count),
            Self::SendFailed => Input::SendFailed,
            Self::Timeout => Input::Timeout,
            Self::Prompt(prompt) => Input::Prompt(prompt),
            Self::Cancel(prompt) => Input::Cancel(prompt),
            Self::Interrupt(interrupt) => Input::Interrupt(interrupt),
            Self::Request(request) => Input::Request(request),
            Self::Respond(ask, answer) => Input::Respond(ask, answer),
            Self::Close => Input::Close,
            Self::CloseNow => Input::CloseNow,
            Self::Abort => Input::Abort,
        }
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = |name: &str, value: &dyn fmt::Debug| f.debug_tuple(name).field(value).finish();
        match self {
            Self::Receive(bytes) => tuple("Receive", &Cut(bytes)),
            Self::Stderr(bytes) => tuple("Stderr", &Quoted(&String::from_utf8_lossy(bytes))),
            Self::Exited(exit) => tuple("Exited", exit),
            Self::Sent(count) => tuple("Sent", count),
            Self::Prompt(prompt) => tuple("Prompt", prompt),
            Self::Cancel(prompt) => tuple("Cancel", prompt),
            Self::Interrupt(interrupt) => tuple("Interrupt", interrupt),
            Self::Request(request) => tuple("Request", request),
            Self::Respond(ask, answer) => f.debug_tuple("Respond").field(ask).field(answer).finish(),
            Self::Eof => f.write_str("Eof"),
            Self::StderrEof => f.write_str("StderrEof"),
            Self::SendFailed => f.write_str("SendFailed"),
            Self::Timeout => f.write_str("Timeout"),
            Self::Close => f.write_str("Close"),
            Self::CloseNow => f.write_str("CloseNow"),
            Self::Abort => f.write_str("Abort"),
        }
    }
}

impl Protocol {
    /// Calls the method that the input stands for, and drops what it returns: a replay knows the ids and errors from the
    /// first time.
    pub fn apply(&mut self, now: SessionTime, input: Input<'_>) {
        match input {
            Input::Receive(bytes) => self.receive(now, &bytes),
            Input::Eof => self.eof(now),
            Input::Stderr(bytes) => self.stderr(now, &bytes),
            Input::StderrEof => self.stderr_eof(now),
            Input::Exited(exit) => self.exited(now, exit),
            Input::Sent(count) => self.sent(now, count),
            Input::SendFailed => self.send_failed(now),
            Input::Timeout => self.handle_timeout(now),
            Input::Prompt(prompt) => drop(self.prompt(now, prompt)),
            Input::Cancel(prompt) => drop(self.cancel(now, prompt)),
            Input::Interrupt(interrupt) => drop(self.interrupt(now, interrupt)),
            Input::Request(request) => drop(self.request(now, request)),
            Input::Respond(ask, answer) => drop(self.respond(now, ask, answer)),
            Input::Close => self.close(now),
            Input::CloseNow => self.close_now(now),
            Input::Abort => self.abort(now),
        }
    }
}
