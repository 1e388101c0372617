//! Since when the CLI says nothing although it owes something.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::time::SessionTime;
use crate::protocol::Protocol;
use crate::protocol::shutdown::Step;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Silence {
    owes: bool,
    /// Time from which the silence counts. None while nothing is owed, or once the silence was told.
    since: Option<SessionTime>,
    /// Time of the last byte of a line whose end has not come: it counts, unless the line proves to be a `keep_alive`.
    part: Option<SessionTime>,
    /// Time of the last byte that counts, whether something is owed or not.
    heard: SessionTime,
    /// Time of the last answer of the host.
    answered: SessionTime,
}

impl Silence {
    /// A line has ended.
    pub(crate) fn line(&mut self, now: SessionTime, keep_alive: bool) {
        self.part = None;
        if !keep_alive {
            self.heard = now;
            self.since = self.owes.then_some(now);
        }
    }

    /// A part of a line came.
    pub(crate) fn part(&mut self, now: SessionTime) {
        self.part = Some(now);
    }

    /// Returns the time of the last byte, of a `keep_alive` aside.
    pub(crate) fn heard(&self) -> SessionTime {
        self.part.map_or(self.heard, |part| part.max(self.heard))
    }

    /// Returns the same, or the time of the host's last answer if that came later.
    pub(crate) fn heard_or_answered(&self) -> SessionTime {
        self.heard().max(self.answered)
    }

    /// The host answered what the CLI asked.
    pub(crate) fn answered(&mut self, now: SessionTime) {
        self.answered = now;
        self.asked(now);
    }

    /// Notes whether the CLI owes something.
    pub(crate) fn owes(&mut self, now: SessionTime, owes: bool) {
        if owes != self.owes {
            self.since = owes.then_some(now);
            self.owes = owes;
        }
    }

    /// The host gave the CLI something new: a silence that was told counts anew.
    pub(crate) fn asked(&mut self, now: SessionTime) {
        if self.owes {
            self.since.get_or_insert(now);
        }
    }

    /// The silence was told.
    pub(crate) fn told(&mut self) {
        self.since = None;
    }

    pub(crate) fn due(&self, wait: Duration) -> Option<SessionTime> {
        let since = self.since?;
        Some(self.part.map_or(since, |part| part.max(since)).saturating_add(wait))
    }
}

impl Protocol {
    /// Whether the CLI is to say something. What waits for the host's answer does not count, nor does a child that is gone.
    pub(super) fn cli_owes(&self) -> bool {
        let works = || !self.ledger.is_empty() || self.background.is_running();
        let is_gone = self.shutdown.is_eof() || self.shutdown.exit().is_some() || self.shutdown.step() >= Step::Killed;
        !is_gone && (self.requests.owes_host() || self.asks.is_empty() && works())
    }
}
