//! Whether there is room for what the host gives, and when there is again.

use serde::{Deserialize, Serialize};

use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::error::RefusedReason;

/// Kind of a command, as far as room is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// A prompt, which may wait here behind a turn.
    Prompt,
    /// A request, which is written at once.
    Request,
    /// An interrupt or a cancellation: what it stops may be what takes the room.
    Stop,
}

impl Load {
    const ALL: [Self; 3] = [Self::Prompt, Self::Request, Self::Stop];
}

/// Length of the line that was refused as full, for each kind; of several, the shortest.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Wanted([Option<usize>; 3]);

/// More than a follow-up of the session's own needs, in bytes.
const SHORT: usize = 512;

impl Protocol {
    /// Whether a line of the host's may be written, or wait to be.
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

    /// Whether a line fits into what waits to be written, queued prompts aside.
    pub(super) fn fits(&self, line: usize) -> bool {
        self.output.pending().len() + line <= self.config.limits.unsent_hard
    }

    /// The same of a request that the session makes by itself.
    pub(super) fn fits_follow_up(&self) -> bool {
        self.output.pending().is_empty() || self.fits(SHORT)
    }

    /// The same of queued prompts, whichever of them is next.
    pub(super) fn fits_queue(&self) -> bool {
        self.output.pending().is_empty() || self.fits(self.ledger.queued_bytes())
    }

    pub(super) fn unsent(&self) -> usize {
        self.output.pending().len() + self.ledger.queued_bytes()
    }

    /// Tells of room for what was refused. It must fit: told sooner, it would be given and refused again at once, on and on.
    pub(super) fn tell_room(&mut self) {
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

    /// Whether one more request of that kind may be open. Refused for ever, a host would wait for ever.
    fn has_place(&self, load: Load) -> bool {
        self.requests.of_host(load == Load::Stop) < self.config.limits.open_requests.max(1)
    }

    /// Whether so much was written since that a host may go on for a while.
    fn is_calm(&self, load: Load) -> bool {
        let half = self.config.limits.unsent / 2;
        match load {
            Load::Prompt => self.unsent() <= half,
            Load::Request => self.output.pending().len() <= half,
            Load::Stop => true,
        }
    }
}
