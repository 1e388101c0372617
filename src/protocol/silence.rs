//! Silence of the CLI while work is pending.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::time::SessionTime;
use crate::protocol::Protocol;
use crate::protocol::shutdown::Step;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Silence {
    owes: bool,
    /// Time from which the silence counts. `None` while no work is pending, or after the silence was reported.
    since: Option<SessionTime>,
    /// Time of the last byte of an incomplete line. It counts, unless the line proves to be a `keep_alive`.
    part: Option<SessionTime>,
    /// Time of the last byte that counts, with or without pending work.
    heard: SessionTime,
    /// Time of the host's last response.
    answered: SessionTime,
}

impl Silence {
    /// Records the end of a line.
    pub(crate) fn line(&mut self, now: SessionTime, keep_alive: bool) {
        self.part = None;
        if !keep_alive {
            self.heard = now;
            self.since = self.owes.then_some(now);
        }
    }

    /// Records a part of a line.
    pub(crate) fn part(&mut self, now: SessionTime) {
        self.part = Some(now);
    }

    /// Returns the time of the last byte, except those of a `keep_alive`.
    pub(crate) fn heard(&self) -> SessionTime {
        self.part.map_or(self.heard, |part| part.max(self.heard))
    }

    /// Returns the time of the last byte, or of the host's last response if that is later.
    pub(crate) fn heard_or_answered(&self) -> SessionTime {
        self.heard().max(self.answered)
    }

    /// Records a response of the host to an incoming request.
    pub(crate) fn answered(&mut self, now: SessionTime) {
        self.answered = now;
        self.asked(now);
    }

    /// Records whether work is pending in the CLI.
    pub(crate) fn owes(&mut self, now: SessionTime, owes: bool) {
        if owes != self.owes {
            self.since = owes.then_some(now);
            self.owes = owes;
        }
    }

    /// Records new work for the CLI: a silence that was reported counts again.
    pub(crate) fn asked(&mut self, now: SessionTime) {
        if self.owes {
            self.since.get_or_insert(now);
        }
    }

    /// Records that the silence was reported.
    pub(crate) fn told(&mut self) {
        self.since = None;
    }

    pub(crate) fn due(&self, wait: Duration) -> Option<SessionTime> {
        let since = self.since?;
        Some(self.part.map_or(since, |part| part.max(since)).saturating_add(wait))
    }
}

impl Protocol {
    /// Returns `true` if the CLI should write something. Work that waits for the host's response does not count,
    /// nor does a child that has exited.
    pub(super) fn cli_owes(&self) -> bool {
        let works = || !self.ledger.is_empty() || self.background.is_running();
        let is_gone = self.shutdown.is_eof() || self.shutdown.exit().is_some() || self.shutdown.step() >= Step::Killed;
        !is_gone && (self.requests.owes_host() || self.asks.is_empty() && works())
    }
}
