//! What the host wants of the session. Commands take effect at once; what they write goes out with the next call of `next`.

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
    /// [`Protocol::prompt`](crate::Protocol::prompt), now.
    ///
    /// # Errors
    /// The prompt comes back: see there.
    pub fn prompt(&mut self, prompt: impl Into<Prompt>) -> Result<PromptId, RefusedError<Prompt>> {
        let (now, prompt) = (self.now(), prompt.into());
        if !self.record.command(now, || Input::Prompt(prompt.clone())) {
            return Err(RefusedError::new(prompt, RefusedReason::Unrecorded));
        }
        let record = &mut self.record;
        let taken = self.protocol.prompt(now, prompt).inspect(|prompt| record.prompted(*prompt));
        taken.inspect_err(|reason| record.refused(reason))
    }

    /// [`Protocol::cancel`](crate::Protocol::cancel), now.
    ///
    /// # Errors
    /// [`StaleIdError`] where the prompt is over, or another session's; or if a [required](Self::record_required) journal cannot
    /// be written.
    pub fn cancel(&mut self, prompt: PromptId) -> Result<(), StaleIdError> {
        let now = self.now();
        if !self.record.command(now, || Input::Cancel(prompt)) {
            return Err(StaleIdError::new(None));
        }
        self.protocol.cancel(now, prompt).inspect_err(|reason| self.record.refused(reason))
    }

    /// [`Protocol::interrupt`](crate::Protocol::interrupt), now.
    ///
    /// # Errors
    /// The interrupt comes back: see there.
    pub fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        let now = self.now();
        if !self.record.command(now, || Input::Interrupt(interrupt.clone())) {
            return Err(RefusedError::new(interrupt, RefusedReason::Unrecorded));
        }
        let record = &mut self.record;
        let sent = self.protocol.interrupt(now, interrupt).inspect(|request| record.requested(*request));
        sent.inspect_err(|reason| record.refused(reason))
    }

    /// [`Protocol::request`](crate::Protocol::request), now.
    ///
    /// # Errors
    /// The request comes back: see there.
    pub fn request(&mut self, request: impl Into<Request>) -> Result<RequestId, RefusedError<Request>> {
        let (now, request) = (self.now(), request.into());
        if !self.record.command(now, || Input::Request(request.clone())) {
            return Err(RefusedError::new(request, RefusedReason::Unrecorded));
        }
        let record = &mut self.record;
        let sent = self.protocol.request(now, request).inspect(|request| record.requested(*request));
        sent.inspect_err(|reason| record.refused(reason))
    }

    /// [`Protocol::respond`](crate::Protocol::respond), now.
    ///
    /// # Errors
    /// The incoming request is over, or the answer is not of its kind: see there.
    pub fn respond(&mut self, ask: IncomingId, answer: impl Into<IncomingResponse>) -> Result<(), RespondError> {
        let (now, answer) = (self.now(), answer.into());
        if !self.record.command(now, || Input::Respond(ask, answer.clone())) {
            return Err(RespondError::Unrecorded);
        }
        self.protocol.respond(now, ask, answer).inspect_err(|reason| self.record.refused(reason))
    }

    /// [`Protocol::close`](crate::Protocol::close), now. [`next`](Self::next) goes on until [`SessionClosed`](crate::Action::Closed).
    pub fn close(&mut self) {
        self.tell(Input::Close);
    }

    /// [`Protocol::close_now`](crate::Protocol::close_now), now. [`next`](Self::next) goes on until
    /// [`SessionClosed`](crate::Action::Closed).
    pub fn close_now(&mut self) {
        self.tell(Input::CloseNow);
    }

    /// Ends the session at once and without its child, which dropping the driver then ends: everything is settled as
    /// lost, and [`SessionClosed`](crate::Action::Closed) waits among the actions. The transport is not touched.
    #[cfg(feature = "session")]
    pub(crate) fn lose(&mut self) {
        let now = self.protocol.now();
        self.lose_by(now, Input::Abort);
        // What is left of the end are graces, a few, for a child that nobody will look at.
        while let Some((due, _)) = self.protocol.poll_timeout() {
            self.lose_by(due, Input::Timeout);
        }
    }

    /// With a journal that is required, the session ends for this host alone: another one can go on with it.
    #[cfg(feature = "session")]
    fn lose_by(&mut self, now: SessionTime, input: Input<'_>) {
        if self.record.is_required() {
            self.protocol.apply(now, input);
        } else {
            self.record.tell(&mut self.protocol, now, input);
        }
    }

    /// [`Protocol::abort`](crate::Protocol::abort), now. [`next`](Self::next) sends the kill and goes on until [`SessionClosed`](crate::Action::Closed).
    pub fn abort(&mut self) {
        self.tell(Input::Abort);
    }
}
