//! Limits for the host's commands, and the report that a refused command fits.

use serde::{Deserialize, Serialize};

use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::error::RefusedReason;

/// Kind of a command, as far as the limits are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// A prompt, which may be queued while a turn runs.
    Prompt,
    /// A request, which is written at once.
    Request,
    /// An interrupt or a cancellation. The command that it stops may be the one that fills the limits.
    Stop,
}

impl Load {
    const ALL: [Self; 3] = [Self::Prompt, Self::Request, Self::Stop];
}

/// Length of the shortest line that was refused as `Full`, for each kind of line.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Wanted([Option<usize>; 3]);

/// Length that no follow-up request of the session exceeds, in bytes.
const SHORT: usize = 512;

impl Protocol {
    /// Checks that a line of the host may be written or queued.
    pub(super) fn check_room(&mut self, load: Load, line: usize) -> Result<(), RefusedReason> {
        if line > self.config.limits.unsent_hard {
            return Err(RefusedReason::TooLong);
        }
        if self.has_room(load, line) {
            return Ok(());
        }
        let wanted = &mut self.wanted.0[load as usize];
        *wanted = Some(wanted.map_or(line, |least| least.min(line)));
        Err(RefusedReason::Full)
    }

    /// Returns `true` if a line fits into the unsent bytes, apart from queued prompts.
    pub(super) fn fits(&self, line: usize) -> bool {
        self.output.pending().len() + line <= self.config.limits.unsent_hard
    }

    /// Returns `true` if a request of the session itself fits into the unsent bytes.
    pub(super) fn fits_follow_up(&self) -> bool {
        self.output.pending().is_empty() || self.fits(SHORT)
    }

    /// Returns `true` if any of the queued prompts fits into the unsent bytes.
    pub(super) fn fits_queue(&self) -> bool {
        self.output.pending().is_empty() || self.fits(self.ledger.queued_bytes())
    }

    pub(super) fn unsent(&self) -> usize {
        self.output.pending().len() + self.ledger.queued_bytes()
    }

    /// Reports that a refused command fits. A report before that would only lead to another refusal.
    pub(super) fn report_capacity(&mut self) {
        if !self.shutdown.is_open() {
            return;
        }
        let fits = |load: Load| {
            self.wanted.0[load as usize].is_some_and(|line| self.is_calm(load) && self.has_room(load, line))
        };
        if Load::ALL.into_iter().any(fits) {
            self.wanted = Wanted::default();
            self.actions.push(Action::CapacityAvailable);
        }
    }

    fn has_room(&self, load: Load, line: usize) -> bool {
        let limits = &self.config.limits;
        let (written, unsent) = (self.output.pending().len(), self.unsent());
        match load {
            Load::Prompt => {
                let fits = unsent == 0 || unsent + line <= limits.unsent;
                fits && unsent + line <= limits.unsent_hard && self.ledger.open_prompts() < limits.open_prompts.max(1)
            }
            Load::Request => written <= limits.unsent && self.fits(line) && self.has_place(load),
            Load::Stop => self.fits(line) && self.has_place(load),
        }
    }

    /// Returns `true` if one more request of this kind may be open. The minimum is one, because a host would
    /// otherwise wait forever.
    fn has_place(&self, load: Load) -> bool {
        self.requests.of_host(load == Load::Stop) < self.config.limits.open_requests.max(1)
    }

    /// Returns `true` if enough bytes were sent since the refusal, so that the host can send several commands.
    fn is_calm(&self, load: Load) -> bool {
        let half = self.config.limits.unsent / 2;
        match load {
            Load::Prompt => self.unsent() <= half,
            Load::Request => self.output.pending().len() <= half,
            Load::Stop => true,
        }
    }
}
