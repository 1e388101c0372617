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
    /// Gives the model something to do. Its end is told by one [`PromptEnded`](crate::Action::PromptEnded), whatever happens; nothing
    /// need be awaited before the first.
    ///
    /// # Errors
    /// The prompt comes back, with the reason: [`SessionClosed`](RefusedReason::Closed) where the session is closing;
    /// [`WhenBusy`](RefusedReason::Busy) where something runs or waits and [`WhenBusy::Reject`](crate::WhenBusy::Reject) holds;
    /// [`Reused`](RefusedReason::Reused) where its uuid was used; [`Full`](RefusedReason::Full) where
    /// [`Limits::open_prompts`](crate::Limits::open_prompts) or [`Limits::unsent`](crate::Limits::unsent) is reached, and
    /// [`CapacityAvailable`](crate::Action::CapacityAvailable) then tells when there is room; [`TooLong`](RefusedReason::TooLong) where there never will be.
    pub fn prompt(&mut self, now: SessionTime, prompt: impl Into<Prompt>) -> Result<PromptId, RefusedError<Prompt>> {
        let prompt = prompt.into();
        let taken = self.enter(now, |this| this.take_prompt(&prompt));
        taken.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(prompt, reason))
    }

    /// Withdraws a prompt that waits: at once while it is held back here; else the CLI is asked to, and the prompt ends as
    /// [`Cancelled`](crate::Outcome::Cancelled) when the CLI says so. One that a turn has taken runs on: interrupt it.
    ///
    /// # Errors
    /// [`StaleIdError`] if the prompt has ended, or belongs to another session.
    pub fn cancel(&mut self, now: SessionTime, prompt: PromptId) -> Result<(), StaleIdError> {
        self.enter(now, |this| this.cancel_prompt(prompt)).unwrap_or_else(|| Err(self.stale()))
    }

    /// Stops what runs. The reply is [`ResponseReceived`](crate::Action::ResponseReceived); the prompt that it stopped ends as
    /// [`Interrupted`](crate::Outcome::Interrupted), or otherwise if its turn was over first.
    ///
    /// Nothing need run: an idle CLI acknowledges it, and no result follows. The CLI has
    /// [`Timeouts::interrupt`](crate::Timeouts::interrupt) to acknowledge (10 s); until then no queued prompt is written.
    ///
    /// # Errors
    /// The interrupt comes back: the session is closing ([`SessionClosed`](RefusedReason::Closed)), its prompt is not with the CLI
    /// ([`NotRunning`](RefusedReason::NotRunning)), its id cannot be used ([`Reused`](RefusedReason::Reused)), or there is no room:
    /// only where more would wait to be written than [`Limits::unsent_hard`](crate::Limits::unsent_hard), or where
    /// [`Limits::open_requests`](crate::Limits::open_requests) interrupts and cancellations have no reply.
    pub fn interrupt(&mut self, now: SessionTime, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        let sent = self.enter(now, |this| this.send_interrupt(&interrupt));
        sent.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(interrupt, reason))
    }

    /// Asks something of the CLI itself: a [`Request`], or a [typed one](crate::request). The reply is
    /// [`ResponseReceived`](crate::Action::ResponseReceived).
    ///
    /// # Errors
    /// The request comes back: the session is closing, its id cannot be used ([`Reused`](RefusedReason::Reused)), or there is no
    /// room, or never will be ([`TooLong`](RefusedReason::TooLong)). There is room for an `interrupt` and a
    /// `cancel_async_message` as for [`interrupt`](Self::interrupt).
    pub fn request(
        &mut self,
        now: SessionTime,
        request: impl Into<Request>,
    ) -> Result<RequestId, RefusedError<Request>> {
        let request = request.into();
        let sent = self.enter(now, |this| this.send_request(&request));
        sent.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(request, reason))
    }

    /// Answers what the CLI asked. `Ok` says that the answer is among that which [`poll_transmit`](Self::poll_transmit)
    /// gives; [`IncomingAnswered`](crate::Action::IncomingAnswered) tells it to whoever else watches.
    ///
    /// # Errors
    /// [`RespondError::Stale`] where the incoming request is over, or another session's; [`RespondError::Closed`] if the session
    /// has ended or is about to; [`RespondError::Mismatch`] where the answer is of
    /// another kind, or an allow's input is no object; [`RespondError::Full`] where more would wait to be written than
    /// [`Limits::unsent_hard`](crate::Limits::unsent_hard). Nothing is changed then.
    pub fn respond(
        &mut self,
        now: SessionTime,
        ask: IncomingId,
        answer: impl Into<IncomingResponse>,
    ) -> Result<(), RespondError> {
        let answer = answer.into();
        let taken = self.enter(now, |this| this.take_answer(ask, &answer)).unwrap_or(Err(RespondError::Stale));
        match taken {
            Err(RespondError::Stale) => Err(self.unanswerable()),
            taken => taken,
        }
    }

    /// Ends the session in order: prompts that wait here are cancelled, what the CLI has runs to its end (and may still
    /// ask, and is answered), then stdin is closed. The [graces](crate::ShutdownTimeouts) pass one after the other, with a signal
    /// after each.
    ///
    /// At the end of stdin the CLI up to 2.1.206 runs what hooks guard. So if the turn outlasts its grace while a request of
    /// the CLI is open or hooks are registered, the turn is interrupted. Every open request is refused in the way that is
    /// safe for its kind, and [withdrawn](crate::Action::IncomingCancelled). Stdin is closed when the turn has ended, after the grace
    /// [`pipes`](crate::ShutdownTimeouts::pipes) at the latest. A child that has not read all of that by then is killed instead.
    /// [`SessionClosed`](crate::Action::Closed) comes last.
    pub fn close(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.ledger.cancel_queued(&mut this.actions);
            this.shutdown.begin(this.now, CloseReason::Closed);
        });
    }

    /// Ends the session in order without waiting for the running turn: it is interrupted. Prompts that wait here are cancelled.
    /// Every open request of the CLI is refused in the way that is safe for its kind.
    ///
    /// Stdin is closed when the turn has ended, after the grace [`pipes`](crate::ShutdownTimeouts::pipes) at the latest. What
    /// follows is as after [`close`](Self::close). With the default graces [`SessionClosed`](crate::Action::Closed) comes within 19
    /// seconds, even if the child ignores everything. After `close` it shortens the wait for the turn.
    pub fn close_now(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.ledger.cancel_queued(&mut this.actions);
            this.shutdown.begin(this.now, CloseReason::Closed);
            if this.shutdown.step() == Step::Finishing && this.is_finishing() {
                this.stop_guarded();
            }
        });
    }

    /// Ends the session now: everything is settled as [`LostReason::Aborted`](crate::LostReason::Aborted), and the child is killed, which
    /// [`poll_child_command`](Self::poll_child_command) says. [`SessionClosed`](crate::Action::Closed) follows when the child is gone, after the grace
    /// [`pipes`](crate::ShutdownTimeouts::pipes) at the latest.
    pub fn abort(&mut self, now: SessionTime) {
        self.enter(now, |this| this.abandon(CloseReason::Aborted));
    }
}
