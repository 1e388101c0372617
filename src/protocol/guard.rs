//! Close of a session whose turn outlasts its grace period while the host's decisions guard the turn's actions.
//!
//! At the end of stdin, CLIs before 2.1.207 run the open and later tool calls that hooks guard (trials
//! `end_of_stdin_under_a_hook`, `guard_of_a_close`). Therefore open requests are refused and the turn is
//! interrupted before stdin is closed.

use crate::base::error::LostReason;
use crate::protocol::Protocol;
use crate::protocol::action::CancelledReason;
use crate::protocol::shutdown::Step;

impl Protocol {
    /// Returns `true` if the end of stdin would remove a decision of the host: one that is open, one that the
    /// child has not read yet, or one that a registered hook may still request.
    pub(super) fn is_guarding(&self) -> bool {
        let can_still_request = || self.is_finishing() || !self.output.pending().is_empty();
        !self.incoming.is_empty() || self.has_hooks && can_still_request()
    }

    /// Refuses every open request with the response that is safe for its kind, and interrupts the running turn.
    /// If the limits leave no space for these lines, the session is aborted.
    pub(super) fn stop_guarded(&mut self) {
        for refusal in self.incoming.refuse_all() {
            self.send(&refusal);
        }
        self.incoming.withdraw_all(CancelledReason::Ended(LostReason::Closed), &mut self.actions);
        self.interrupt_all();
        self.shutdown.stop(self.now);
    }

    /// Returns `true` if requests of the CLI are refused although the host can send no further responses. This is the case
    /// while the interrupt is under way and stdin is still open.
    pub(super) fn is_stopping(&self) -> bool {
        self.shutdown.step() == Step::Stopping && !self.settled
    }
}
