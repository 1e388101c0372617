//! Silence of the CLI while work is pending.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::time::SessionTime;
use crate::protocol::Protocol;
use crate::protocol::shutdown::Step;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Silence {
    expects_output: bool,
    /// Time from which the silence counts. `None` while no work is pending, or after the silence was reported.
    since: Option<SessionTime>,
    /// Time of the last byte of an incomplete line. It counts, unless the line proves to be a `keep_alive`.
    part: Option<SessionTime>,
    /// Time of the last byte that counts, with or without pending work.
    last_received: SessionTime,
    /// Time of the host's last response.
    answered: SessionTime,
}

impl Silence {
    /// Records the end of a line.
    pub(crate) fn line(&mut self, now: SessionTime, keep_alive: bool) {
        self.part = None;
        if !keep_alive {
            self.last_received = now;
            self.since = self.expects_output.then_some(now);
        }
    }

    /// Records a part of a line.
    pub(crate) fn part(&mut self, now: SessionTime) {
        self.part = Some(now);
    }

    /// Returns the time of the last byte, except those of a `keep_alive`.
    pub(crate) fn last_received(&self) -> SessionTime {
        self.part.map_or(self.last_received, |part| part.max(self.last_received))
    }

    /// Returns the time of the last byte, or of the host's last response if that is later.
    pub(crate) fn last_received_or_answered(&self) -> SessionTime {
        self.last_received().max(self.answered)
    }

    /// Records a response of the host to an incoming request.
    pub(crate) fn answered(&mut self, now: SessionTime) {
        self.answered = now;
        self.restart(now);
    }

    /// Records whether work is pending in the CLI.
    pub(crate) fn expects_output(&mut self, now: SessionTime, expects_output: bool) {
        if expects_output != self.expects_output {
            self.since = expects_output.then_some(now);
            self.expects_output = expects_output;
        }
    }

    /// Records new work for the CLI: a silence that was reported counts again.
    pub(crate) fn restart(&mut self, now: SessionTime) {
        if self.expects_output {
            self.since.get_or_insert(now);
        }
    }

    /// Records that the silence was reported.
    pub(crate) fn reported(&mut self) {
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
    pub(super) fn cli_has_work(&self) -> bool {
        let works = || !self.ledger.is_empty() || self.background.is_running();
        let is_gone = self.shutdown.is_eof() || self.shutdown.exit().is_some() || self.shutdown.step() >= Step::Killed;
        !is_gone && (self.requests.awaits_response() || self.incoming.is_empty() && works())
    }
}
