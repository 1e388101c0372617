//! Commands of the host. They take effect at once; the lines that they cause are written by the next call of `next`.

use super::Driver;
use crate::base::ids::{IncomingId, PromptId, RequestId};
#[cfg(feature = "session")]
use crate::base::time::SessionTime;
use crate::driver::transport::Transport;
use crate::incoming::IncomingResponse;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::error::{RefusedError, RefusedReason, RespondError, StaleIdError};
use crate::protocol::input::Input;

impl<T: Transport> Driver<T> {
    /// Sends a prompt: calls [`Protocol::prompt`](crate::Protocol::prompt) with the current time.
    ///
    /// # Errors
    /// Returns the prompt under the conditions of [`Protocol::prompt`](crate::Protocol::prompt).
    pub fn prompt(&mut self, prompt: impl Into<Prompt>) -> Result<PromptId, RefusedError<Prompt>> {
        let (now, prompt) = (self.now(), prompt.into());
        if !self.record.command(now, || Input::Prompt(prompt.clone())) {
            return Err(RefusedError::new(prompt, RefusedReason::Unrecorded));
        }
        let record = &mut self.record;
        let taken = self.protocol.prompt(now, prompt).inspect(|prompt| record.prompted(*prompt));
        taken.inspect_err(|reason| record.refused(reason))
    }

    /// Cancels a prompt: calls [`Protocol::cancel`](crate::Protocol::cancel) with the current time.
    ///
    /// # Errors
    /// [`StaleIdError`] if the prompt has ended or belongs to another session.
    pub fn cancel(&mut self, prompt: PromptId) -> Result<(), StaleIdError> {
        let now = self.now();
        if !self.record.command(now, || Input::Cancel(prompt)) {
            return Err(StaleIdError::new(None));
        }
        self.protocol.cancel(now, prompt).inspect_err(|reason| self.record.refused(reason))
    }

    /// Interrupts a turn: calls [`Protocol::interrupt`](crate::Protocol::interrupt) with the current time.
    ///
    /// # Errors
    /// Returns the interrupt under the conditions of [`Protocol::interrupt`](crate::Protocol::interrupt).
    pub fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        let now = self.now();
        if !self.record.command(now, || Input::Interrupt(interrupt.clone())) {
            return Err(RefusedError::new(interrupt, RefusedReason::Unrecorded));
        }
        let record = &mut self.record;
        let sent = self.protocol.interrupt(now, interrupt).inspect(|request| record.requested(*request));
        sent.inspect_err(|reason| record.refused(reason))
    }

    /// Sends a request: calls [`Protocol::request`](crate::Protocol::request) with the current time.
    ///
    /// # Errors
    /// Returns the request under the conditions of [`Protocol::request`](crate::Protocol::request).
    pub fn request(&mut self, request: impl Into<Request>) -> Result<RequestId, RefusedError<Request>> {
        let (now, request) = (self.now(), request.into());
        if !self.record.command(now, || Input::Request(request.clone())) {
            return Err(RefusedError::new(request, RefusedReason::Unrecorded));
        }
        let record = &mut self.record;
        let sent = self.protocol.request(now, request).inspect(|request| record.requested(*request));
        sent.inspect_err(|reason| record.refused(reason))
    }

    /// Answers an incoming request: calls [`Protocol::respond`](crate::Protocol::respond) with the current time.
    ///
    /// # Errors
    /// If the incoming request has ended, or the response is of another kind: see
    /// [`Protocol::respond`](crate::Protocol::respond).
    pub fn respond(&mut self, incoming: IncomingId, answer: impl Into<IncomingResponse>) -> Result<(), RespondError> {
        let (now, answer) = (self.now(), answer.into());
        if !self.record.command(now, || Input::Respond(incoming, answer.clone())) {
            return Err(RespondError::Unrecorded);
        }
        self.protocol.respond(now, incoming, answer).inspect_err(|reason| self.record.refused(reason))
    }

    /// Closes the session: calls [`Protocol::close`](crate::Protocol::close) with the current time. Call [`next`](Self::next)
    /// until it returns [`SessionClosed`](crate::Action::Closed).
    pub fn close(&mut self) {
        self.apply(Input::Close);
    }

    /// Closes the session without waiting for the turn: calls [`Protocol::close_now`](crate::Protocol::close_now) with the
    /// current time. Call [`next`](Self::next) until it returns [`SessionClosed`](crate::Action::Closed).
    pub fn close_now(&mut self) {
        self.apply(Input::CloseNow);
    }

    /// Ends the session at once, without its child, which ends when the driver is dropped. Everything pending is lost, and
    /// [`SessionClosed`](crate::Action::Closed) is queued among the actions. The transport is not used.
    #[cfg(feature = "session")]
    pub(crate) fn lose(&mut self) {
        let now = self.protocol.now();
        self.lose_by(now, Input::Abort);
        // The rest of the end consists of a few grace periods for a child that is no longer observed.
        while let Some((due, _)) = self.protocol.poll_timeout() {
            self.lose_by(due, Input::Timeout);
        }
    }

    /// With a journal that is required, the session ends only for this host: another host can continue it.
    #[cfg(feature = "session")]
    fn lose_by(&mut self, now: SessionTime, input: Input<'_>) {
        if self.record.is_required() {
            self.protocol.apply(now, input);
        } else {
            self.record.apply(&mut self.protocol, now, input);
        }
    }

    /// Aborts the session: calls [`Protocol::abort`](crate::Protocol::abort) with the current time. [`next`](Self::next)
    /// kills the child and continues until [`SessionClosed`](crate::Action::Closed).
    pub fn abort(&mut self) {
        self.apply(Input::Abort);
    }
}
