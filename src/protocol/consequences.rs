//! Consequences of the state, independent of the input that changed it.

use crate::base::error::LostReason;
use crate::protocol::Protocol;
use crate::protocol::action::{Action, CancelledReason};
use crate::protocol::config::CloseWhen;
use crate::protocol::end::{CloseReason, SessionClosed};
use crate::protocol::error::{RefusedError, RefusedReason, RespondError, StaleIdError};
use crate::protocol::interrupt_targets::InterruptTargets;
use crate::protocol::shutdown::Step;
use crate::protocol::time_limits::TimeLimits;

impl Protocol {
    /// Applies the consequences of the current state. Repeating the call has no further effect, so it can follow
    /// every line.
    pub(super) fn advance(&mut self) {
        while let Some(follow_up) = self.next_follow_up() {
            self.follow_up(Some(follow_up));
        }
        self.withdraw_late();
        if !self.ledger.is_busy() && !self.requests.interrupt_is_open() && self.shutdown.is_open() && self.fits_queue()
        {
            if let Some(next) = self.ledger.first_queued() {
                self.write_prompt(next);
            }
        }
        if self.output.pending().len() > self.config.limits.unsent_hard {
            self.abandon(CloseReason::Overrun);
        }
        let is_waiting = matches!(self.shutdown.step(), Step::Finishing | Step::Stopping);
        if is_waiting && !self.is_finishing() && self.output.pending().is_empty() {
            self.shutdown.close_stdin(self.now);
        }
        self.silence.expects_output(self.now, self.cli_has_work());
        self.report_idle();
        self.report_capacity();
        if self.shutdown.is_complete() {
            self.shutdown.finish();
        }
        if self.is_closed() {
            self.finish();
        }
    }

    /// Returns `true` if the work that `close` waits for continues. An incoming request that outlives its turn
    /// counts, because its response could not be written any more.
    pub(super) fn is_finishing(&self) -> bool {
        match self.config.close_when {
            CloseWhen::TurnEnded => self.ledger.is_busy() || !self.incoming.is_empty(),
            CloseWhen::Idle => !self.is_idle(),
        }
    }

    fn report_idle(&mut self) {
        let idle = self.is_idle();
        if idle && self.was_busy {
            self.actions.push(Action::Idle);
            self.lines.rest();
        }
        self.was_busy = !idle;
    }

    pub(super) fn settle(&mut self, reason: LostReason) {
        self.incoming.withdraw_all(CancelledReason::Ended(reason), &mut self.actions);
        self.requests.lose(reason, self.last_error.as_deref(), &mut self.actions);
        let failed = self.failed && matches!(reason, LostReason::Eof | LostReason::Exited);
        self.ledger.lose(if failed { LostReason::Failed } else { reason }, &mut self.actions);
        // Every prompt has ended.
        self.interrupt_targets = InterruptTargets::default();
        self.time_limits = TimeLimits::default();
    }

    pub(super) fn abandon(&mut self, reason: CloseReason) {
        if !self.settled {
            self.settled = true;
            self.settle(LostReason::Aborted);
            self.output.clear();
            self.shutdown.abort(self.now, reason);
        }
    }

    fn finish(&mut self) {
        let reason = if self.shutdown.exit().is_some() { LostReason::Exited } else { LostReason::Closed };
        self.settle(reason);
        self.output.clear();
        self.end_stderr();
        self.actions.push(Action::Closed(self.end(self.shutdown.reason().unwrap_or(CloseReason::Closed))));
    }

    fn end(&self, reason: CloseReason) -> SessionClosed {
        SessionClosed {
            reason,
            exit: self.shutdown.exit(),
            stderr: self.stderr.text(),
            rejected_tail: self.rejected_tail.text(),
            last_error: self.last_error.clone(),
            cut_input: !self.can_write() && self.output.is_mid_line(),
            output_held: self.is_closed() && !self.shutdown.is_eof(),
        }
    }

    /// Returns the end of the session, as far as it is known. `None` if nothing ends the session.
    fn known_end(&self) -> Option<SessionClosed> {
        self.shutdown.reason().map(|reason| self.end(reason))
    }

    pub(super) fn refused<T>(&self, value: T, reason: RefusedReason) -> RefusedError<T> {
        match reason {
            RefusedReason::Closed => RefusedError::closed_with(value, self.known_end()),
            reason => RefusedError::new(value, reason),
        }
    }

    pub(super) fn stale(&self) -> StaleIdError {
        StaleIdError::new(if self.can_write() { None } else { self.known_end() })
    }

    /// Returns the reason why a response to a request that is not open is refused.
    pub(super) fn unanswerable(&self) -> RespondError {
        let end = if self.can_write() { None } else { self.known_end() };
        end.map_or(RespondError::Stale, |end| RespondError::Closed(Box::new(end)))
    }
}
