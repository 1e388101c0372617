//! Commands of the host.

use crate::base::ids::{IncomingId, PromptId, RequestId};
use crate::base::time::SessionTime;
use crate::incoming::IncomingResponse;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::Protocol;
use crate::protocol::end::CloseReason;
use crate::protocol::error::{RefusedError, RefusedReason, RespondError, StaleIdError};
use crate::protocol::shutdown::Step;

impl Protocol {
    /// Sends a prompt to the model. Each prompt gets exactly one [`PromptEnded`](crate::Action::PromptEnded). The
    /// first prompt can be sent at once, without waiting for the CLI.
    ///
    /// # Errors
    /// Returns the prompt with the reason:
    ///
    /// * [`Closed`](RefusedReason::Closed) if the session is closing or closed;
    /// * [`Busy`](RefusedReason::Busy) if the prompt has [`WhenBusy::Reject`](crate::WhenBusy::Reject), and a
    ///   turn runs or a prompt is queued;
    /// * [`Reused`](RefusedReason::Reused) if the UUID of the prompt was used before;
    /// * [`Full`](RefusedReason::Full) if [`Limits::open_prompts`](crate::Limits::open_prompts) or
    ///   [`Limits::unsent`](crate::Limits::unsent) is reached;
    ///   [`CapacityAvailable`](crate::Action::CapacityAvailable) follows when the prompt fits;
    /// * [`TooLong`](RefusedReason::TooLong) if the prompt will never fit.
    pub fn prompt(&mut self, now: SessionTime, prompt: impl Into<Prompt>) -> Result<PromptId, RefusedError<Prompt>> {
        let prompt = prompt.into();
        let taken = self.enter(now, |this| this.take_prompt(&prompt));
        taken.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(prompt, reason))
    }

    /// Cancels a queued prompt. A prompt that was not yet written is cancelled at once. Otherwise the CLI is
    /// asked to cancel it, and the prompt ends as [`Cancelled`](crate::Outcome::Cancelled) when the CLI confirms.
    /// A prompt that a turn has taken continues; [interrupt](Self::interrupt) it instead.
    ///
    /// # Errors
    /// [`StaleIdError`] if the prompt has ended, or belongs to another session.
    pub fn cancel(&mut self, now: SessionTime, prompt: PromptId) -> Result<(), StaleIdError> {
        self.enter(now, |this| this.cancel_prompt(prompt)).unwrap_or_else(|| Err(self.stale()))
    }

    /// Interrupts the running turn. The acknowledgment is a
    /// [`ResponseReceived`](crate::Action::ResponseReceived). The prompt of the turn ends as
    /// [`Interrupted`](crate::Outcome::Interrupted), or with its own outcome if the turn ended first.
    ///
    /// An idle CLI also acknowledges the interrupt, and no result follows. The acknowledgment has the timeout
    /// [`Timeouts::interrupt`](crate::Timeouts::interrupt) (default: 10 s). Until then no queued prompt is
    /// written.
    ///
    /// # Errors
    /// Returns the interrupt with the reason:
    ///
    /// * [`Closed`](RefusedReason::Closed) if the session is closing or closed;
    /// * [`NotRunning`](RefusedReason::NotRunning) if the CLI does not have the prompt to interrupt;
    /// * [`Reused`](RefusedReason::Reused) if its id cannot be used;
    /// * [`Full`](RefusedReason::Full) if more than [`Limits::unsent_hard`](crate::Limits::unsent_hard) bytes
    ///   would be unsent, or if [`Limits::open_requests`](crate::Limits::open_requests) interrupts and
    ///   cancellations have no response.
    pub fn interrupt(&mut self, now: SessionTime, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        let sent = self.enter(now, |this| this.send_interrupt(&interrupt));
        sent.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(interrupt, reason))
    }

    /// Sends a control request to the CLI: a [`Request`], or a [typed one](crate::request). The response is a
    /// [`ResponseReceived`](crate::Action::ResponseReceived).
    ///
    /// # Errors
    /// Returns the request with the reason:
    ///
    /// * [`Closed`](RefusedReason::Closed) if the session is closing or closed;
    /// * [`Reused`](RefusedReason::Reused) if its id cannot be used;
    /// * [`Full`](RefusedReason::Full) if a limit is reached; for an `interrupt` and a `cancel_async_message` the
    ///   limits are those of [`interrupt`](Self::interrupt);
    /// * [`TooLong`](RefusedReason::TooLong) if the request will never fit.
    pub fn request(
        &mut self,
        now: SessionTime,
        request: impl Into<Request>,
    ) -> Result<RequestId, RefusedError<Request>> {
        let request = request.into();
        let sent = self.enter(now, |this| this.send_request(&request));
        sent.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(request, reason))
    }

    /// Responds to an incoming request. After `Ok`, the response is part of the bytes that
    /// [`poll_transmit`](Self::poll_transmit) returns. [`IncomingAnswered`](crate::Action::IncomingAnswered)
    /// notifies other observers.
    ///
    /// # Errors
    /// The session is unchanged after an error:
    ///
    /// * [`RespondError::Stale`] if the request was answered or cancelled, or belongs to another session;
    /// * [`RespondError::Closed`] if the session has ended or is about to;
    /// * [`RespondError::Mismatch`] if the response is of another kind than the request, or if the input of an
    ///   allow is not an object;
    /// * [`RespondError::Full`] if more than [`Limits::unsent_hard`](crate::Limits::unsent_hard) bytes would be
    ///   unsent.
    pub fn respond(
        &mut self,
        now: SessionTime,
        incoming: IncomingId,
        answer: impl Into<IncomingResponse>,
    ) -> Result<(), RespondError> {
        let answer = answer.into();
        let taken = self.enter(now, |this| this.take_answer(incoming, &answer)).unwrap_or(Err(RespondError::Stale));
        match taken {
            Err(RespondError::Stale) => Err(self.unanswerable()),
            taken => taken,
        }
    }

    /// Closes the session gracefully. Prompts that were not yet written are cancelled. The CLI completes the
    /// prompts that it has; its requests are still delivered and answered meanwhile. Then stdin is closed. Each
    /// step has a [timeout](crate::ShutdownTimeouts), after which the child gets a signal.
    ///
    /// At the end of stdin, CLIs before 2.1.207 make the calls that hooks guard. Therefore the turn is
    /// interrupted if it outlasts its timeout while a request of the CLI is open or hooks are registered. Every
    /// open request gets the response that is safe for its kind, and is
    /// [cancelled](crate::Action::IncomingCancelled). Stdin is closed when the turn has ended, or after the
    /// timeout [`pipes`](crate::ShutdownTimeouts::pipes). A child that has not read all bytes by then is killed
    /// instead. [`Closed`](crate::Action::Closed) is the last action.
    pub fn close(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.ledger.cancel_queued(&mut this.actions);
            this.shutdown.begin(this.now, CloseReason::Closed);
        });
    }

    /// Closes the session gracefully, but interrupts the running turn instead of waiting for it. Prompts that
    /// were not yet written are cancelled. Every open request of the CLI gets the response that is safe for its
    /// kind.
    ///
    /// Stdin is closed when the turn has ended, or after the timeout [`pipes`](crate::ShutdownTimeouts::pipes).
    /// The further steps are those of [`close`](Self::close). With the default timeouts,
    /// [`Closed`](crate::Action::Closed) is emitted within 19 seconds, even if the child ignores everything.
    /// Called after `close`, this method ends the wait for the turn.
    pub fn close_now(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.ledger.cancel_queued(&mut this.actions);
            this.shutdown.begin(this.now, CloseReason::Closed);
            if this.shutdown.step() == Step::Finishing && this.is_finishing() {
                this.stop_guarded();
            }
        });
    }

    /// Ends the session immediately. Everything that is pending ends as
    /// [`LostReason::Aborted`](crate::LostReason::Aborted). [`poll_child_command`](Self::poll_child_command)
    /// returns the command to kill the child. [`Closed`](crate::Action::Closed) follows when the child has
    /// exited, or after the timeout [`pipes`](crate::ShutdownTimeouts::pipes).
    pub fn abort(&mut self, now: SessionTime) {
        self.enter(now, |this| this.abandon(CloseReason::Aborted));
    }
}
