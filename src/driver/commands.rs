//! What the host wants of the session. Commands take effect at once; what they write goes out with the next call of `next`.

use super::Driver;
use crate::ask::Answer;
use crate::error::{AnswerError, Refused, Stale};
use crate::ids::{AskId, PromptId, RequestId};
use crate::input::Input;
use crate::prompt::Prompt;
use crate::request::{Interrupt, Request};
use crate::transport::Transport;

impl<T: Transport> Driver<T> {
    /// [`Protocol::prompt`](crate::Protocol::prompt), now.
    ///
    /// # Errors
    /// The prompt comes back: see there.
    pub fn prompt(&mut self, prompt: impl Into<Prompt>) -> Result<PromptId, Refused<Prompt>> {
        let (now, prompt) = (self.transport.now(), prompt.into());
        self.record.command(now, || Input::Prompt(prompt.clone()));
        let record = &mut self.record;
        let taken = self.protocol.prompt(now, prompt).inspect(|prompt| record.prompted(*prompt));
        taken.inspect_err(|why| record.refused(why))
    }

    /// [`Protocol::cancel`](crate::Protocol::cancel), now.
    ///
    /// # Errors
    /// [`Stale`] where the prompt is over, or another session's.
    pub fn cancel(&mut self, prompt: PromptId) -> Result<(), Stale> {
        let now = self.transport.now();
        self.record.command(now, || Input::Cancel(prompt));
        self.protocol.cancel(now, prompt).inspect_err(|why| self.record.refused(why))
    }

    /// [`Protocol::interrupt`](crate::Protocol::interrupt), now.
    ///
    /// # Errors
    /// The interrupt comes back: see there.
    pub fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, Refused<Interrupt>> {
        let now = self.transport.now();
        self.record.command(now, || Input::Interrupt(interrupt.clone()));
        let record = &mut self.record;
        let sent = self.protocol.interrupt(now, interrupt).inspect(|request| record.requested(*request));
        sent.inspect_err(|why| record.refused(why))
    }

    /// [`Protocol::request`](crate::Protocol::request), now.
    ///
    /// # Errors
    /// The request comes back: see there.
    pub fn request(&mut self, request: impl Into<Request>) -> Result<RequestId, Refused<Request>> {
        let (now, request) = (self.transport.now(), request.into());
        self.record.command(now, || Input::Request(request.clone()));
        let record = &mut self.record;
        let sent = self.protocol.request(now, request).inspect(|request| record.requested(*request));
        sent.inspect_err(|why| record.refused(why))
    }

    /// [`Protocol::answer`](crate::Protocol::answer), now.
    ///
    /// # Errors
    /// The ask is over, or the answer is not of its kind: see there.
    pub fn answer(&mut self, ask: AskId, answer: impl Into<Answer>) -> Result<(), AnswerError> {
        let (now, answer) = (self.transport.now(), answer.into());
        self.record.command(now, || Input::Answer(ask, answer.clone()));
        self.protocol.answer(now, ask, answer).inspect_err(|why| self.record.refused(why))
    }

    /// [`Protocol::close`](crate::Protocol::close), now. [`next`](Self::next) goes on until [`Closed`](crate::Action::Closed).
    pub fn close(&mut self) {
        self.tell(Input::Close);
    }

    /// Ends the session at once and without its child, which dropping the driver then ends: everything is settled as
    /// lost, and [`Closed`](crate::Action::Closed) waits among the actions. The transport is not touched.
    #[cfg(feature = "session")]
    pub(crate) fn lose(&mut self) {
        let now = self.protocol.now();
        self.record.tell(&mut self.protocol, now, Input::Abort);
        // What is left of the end are graces, a few, for a child that nobody will look at.
        while let Some((due, _)) = self.protocol.poll_timeout() {
            self.record.tell(&mut self.protocol, due, Input::Timeout);
        }
    }

    /// [`Protocol::abort`](crate::Protocol::abort), now. [`next`](Self::next) sends the kill and goes on until [`Closed`](crate::Action::Closed).
    pub fn abort(&mut self) {
        self.tell(Input::Abort);
    }
}
