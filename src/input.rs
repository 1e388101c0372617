//! Everything that can be said to a [`Protocol`], as a value: what a journal holds and a replay gives back.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ask::Answer;
use crate::end::Exit;
use crate::ids::{AskId, PromptId};
use crate::prompt::Prompt;
use crate::protocol::Protocol;
use crate::request::{Interrupt, Request};
use crate::time::Time;

/// One input of a [`Protocol`]: each is one of its methods.
///
/// ```
/// use claude_duplex::{Config, Input, Prompt, Protocol, Seed, Time};
///
/// let history = [(Time::ZERO, Input::Prompt(Prompt::text("hello"))), (Time::from_nanos(5), Input::Close)];
/// let play = || {
///     let mut protocol = Protocol::new(Config::new(Seed([1; 16])), Time::ZERO);
///     history.iter().cloned().for_each(|(now, input)| protocol.apply(now, input));
///     protocol.poll_transmit().to_vec()
/// };
/// assert_eq!(play(), play());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// [`Protocol::answer`]
    Answer(AskId, Answer),
    /// [`Protocol::close`]
    Close,
    /// [`Protocol::abort`]
    Abort,
}

impl Protocol {
    /// Does what the method of that name does. What a command returns is dropped: a replay knows it from the first time.
    pub fn apply(&mut self, now: Time, input: Input<'_>) {
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
            Input::Answer(ask, answer) => drop(self.answer(now, ask, answer)),
            Input::Close => self.close(now),
            Input::Abort => self.abort(now),
        }
    }
}
