//! A close whose turn outlasts its grace while decisions of the host guard what the turn does.
//!
//! At the end of stdin the CLI up to 2.1.206 runs what hooks guard, open or later ones (trials `end_of_stdin_under_a_hook`,
//! `guard_of_a_close`). So open requests are refused and the turn is interrupted, and stdin is closed after that.

use crate::base::error::LostReason;
use crate::protocol::Protocol;
use crate::protocol::action::CancelledReason;
use crate::protocol::shutdown::Step;

impl Protocol {
    /// Returns whether the end of stdin would take away a decision of the host: one that is open, one that the child has
    /// not read yet, or one that a registered hook may still ask for.
    pub(super) fn is_guarding(&self) -> bool {
        let may_ask = || self.is_finishing() || !self.output.pending().is_empty();
        !self.asks.is_empty() || self.has_hooks && may_ask()
    }

    /// Refuses every open request in the way that is safe for its kind, and interrupts what runs. Without room for that the
    /// session is aborted, as for every other response of its own.
    pub(super) fn stop_guarded(&mut self) {
        for refusal in self.asks.refuse_all() {
            self.send(&refusal);
        }
        self.asks.withdraw_all(CancelledReason::Ended(LostReason::Closed), &mut self.actions);
        self.interrupt_all();
        self.shutdown.stop(self.now);
    }

    /// Returns whether requests of the CLI are refused although the host can write no more: what stops the turn is on its
    /// way, and stdin is still open.
    pub(super) fn is_stopping(&self) -> bool {
        self.shutdown.step() == Step::Stopping && !self.settled
    }
}
