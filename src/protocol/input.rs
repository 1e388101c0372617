//! Inputs of a [`Protocol`] as values, which a journal stores and a replay applies.

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

/// One input of a [`Protocol`], as a value. Each variant stands for one method.
///
/// A host calls the methods, which return ids and errors, and borrow their arguments. Values are meant for code
/// that stores or generates inputs, e.g. journals, replays, tracers and fuzzers. [`Protocol::apply`] applies them
/// to a session.
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
    /// Bytes of stdout: [`Protocol::receive`].
    Receive(Cow<'a, [u8]>),
    /// End of stdout: [`Protocol::eof`].
    Eof,
    /// Bytes of stderr: [`Protocol::stderr`].
    Stderr(Cow<'a, [u8]>),
    /// End of stderr: [`Protocol::stderr_eof`].
    StderrEof,
    /// Exit of the child: [`Protocol::exited`].
    Exited(Exit),
    /// Number of bytes written to stdin: [`Protocol::sent`].
    Sent(usize),
    /// Failure to write to stdin: [`Protocol::send_failed`].
    SendFailed,
    /// Passing of time: [`Protocol::handle_timeout`].
    Timeout,
    /// Command to send a prompt: [`Protocol::prompt`].
    Prompt(Prompt),
    /// Command to cancel a prompt: [`Protocol::cancel`].
    Cancel(PromptId),
    /// Command to interrupt: [`Protocol::interrupt`].
    Interrupt(Interrupt),
    /// Command to send a request: [`Protocol::request`].
    Request(Request),
    /// Response to an incoming request: [`Protocol::respond`].
    Respond(IncomingId, IncomingResponse),
    /// Command to close the session: [`Protocol::close`].
    Close,
    /// Command to close the session without waiting for the turn: [`Protocol::close_now`].
    CloseNow,
    /// Command to abort the session: [`Protocol::abort`].
    Abort,
}

impl Input<'_> {
    /// Converts borrowed bytes into owned bytes.
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
            Self::Respond(incoming, answer) => Input::Respond(incoming, answer),
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
            Self::Respond(incoming, answer) => f.debug_tuple("Respond").field(incoming).field(answer).finish(),
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
    /// Calls the method that the input stands for, and drops the return value. Replays need no return values: the
    /// ids and errors are those of the recorded session.
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
            Input::Respond(incoming, answer) => drop(self.respond(now, incoming, answer)),
            Input::Close => self.close(now),
            Input::CloseNow => self.close_now(now),
            Input::Abort => self.abort(now),
        }
    }
}
