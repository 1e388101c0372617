//! Deadlines of the session, and the reactions when they pass.

use crate::base::error::LostReason;
use crate::base::time::SessionTime;
use crate::protocol::Protocol;
use crate::protocol::action::{Action, CancelledReason};
use crate::protocol::deadline::Deadline;
use crate::protocol::shutdown::Step;

impl Protocol {
    /// Returns the next deadline, and its reason.
    pub(super) fn next_deadline(&self) -> Option<(SessionTime, Deadline)> {
        if self.is_closed() {
            return None;
        }
        let turn = self.turn_due().map(|due| (due, Deadline::Turn));
        let stall = self.stall_due().map(|due| (due, Deadline::Stall));
        let shutdown = self.shutdown.due().map(|due| (due, Deadline::Shutdown));
        let prompt = self.time_limits.next_due().map(|due| (due, Deadline::Prompt));
        let result = self.result_due().map(|due| (due, Deadline::Result));
        [self.requests.next_due(), turn, prompt, result, stall, shutdown].into_iter().flatten().min()
    }

    /// Handles the deadlines that have passed.
    pub(super) fn expire(&mut self) {
        for about in self.requests.time_out(self.now, &mut self.actions) {
            self.replied(&about, None, true);
        }
        self.enforce_time_limits();
        let is_due = |due: Option<SessionTime>| due.is_some_and(|due| due <= self.now);
        if is_due(self.result_due()) {
            self.ledger.end_missing(&mut self.actions);
        }
        let (turn, stall) = (is_due(self.turn_due()), is_due(self.stall_due()));
        if let Some(wait) = self.config.timeouts.turn.filter(|_| turn) {
            self.ledger.mark_overdue(self.now, wait);
            self.report(Deadline::Turn);
        }
        if stall {
            self.silence.reported();
            self.report(Deadline::Stall);
        }
        if self.shutdown.is_overdue(self.now) && self.is_guarding() {
            return self.stop_guarded();
        }
        let is_unread = !self.output.pending().is_empty();
        if self.shutdown.handle_timeout(self.now, is_unread) && self.shutdown.step() >= Step::Exiting {
            self.incoming.withdraw_all(CancelledReason::Ended(LostReason::Closed), &mut self.actions);
            self.output.clear();
        }
    }

    /// Reports that a deadline has passed, without any other reaction.
    fn report(&mut self, deadline: Deadline) {
        let reason = self.wait_reason(deadline);
        self.actions.push(Action::DeadlineExceeded { deadline, reason });
    }

    fn turn_due(&self) -> Option<SessionTime> {
        Some(self.ledger.turn_since()?.saturating_add(self.config.timeouts.turn?))
    }

    /// Returns the deadline for a missing result, or `None` while an incoming request is open, which may belong to the
    /// turn.
    fn result_due(&self) -> Option<SessionTime> {
        let wait = self.config.timeouts.missing_result?;
        let waits = self.incoming.is_empty() && self.ledger.misses_result();
        waits.then(|| self.silence.last_received_or_answered().saturating_add(wait))
    }

    fn stall_due(&self) -> Option<SessionTime> {
        self.silence.due(self.config.timeouts.stall?)
    }
}
