//! Shutdown of the session, step by step.
//!
//! ```text
//! close() -> the running turn ends, or is stopped -> output written
//!         -> CloseStdin -> Terminate -> Kill -> Closed
//! ```
//!
//! Every arrow has a timeout, and every timeout has a maximum. The events that complete the end (end of stdout,
//! end of stderr, exit) may arrive at any step and in any order. The session ends when all have arrived.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::time::SessionTime;
use crate::protocol::config::{Config, ShutdownTimeouts, Timeouts, TransportKind};
use crate::protocol::end::{ChildCommand, CloseReason, Exit};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Shutdown {
    orders: Orders,
    #[serde(skip)]
    graces: ShutdownTimeouts,
    #[serde(skip)]
    is_process: bool,
    #[serde(skip)]
    kill_group: bool,
    step: Step,
    until: Option<SessionTime>,
    reason: Option<CloseReason>,
    eof: bool,
    stderr_eof: bool,
    exit: Option<Exit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Step {
    Open,
    /// Waiting for the running work, and for pending bytes to be written.
    Finishing,
    /// The turn is interrupted. Waiting for its end, and for the interrupt to be written.
    Stopping,
    /// Stdin is closed.
    Exiting,
    /// The child was asked to terminate.
    Terminating,
    /// The child was killed.
    Killed,
    Closed,
}

impl Shutdown {
    pub(crate) fn new(config: &Config) -> Self {
        let mut this = Self {
            orders: Orders::default(),
            graces: ShutdownTimeouts::default(),
            is_process: false,
            kill_group: false,
            step: Step::Open,
            until: None,
            reason: None,
            eof: false,
            stderr_eof: false,
            exit: None,
        };
        this.configure(config);
        this
    }

    /// Takes over the settings, which a snapshot stores once.
    pub(crate) fn configure(&mut self, config: &Config) {
        self.graces = config.timeouts.shutdown;
        self.is_process = config.transport == TransportKind::Process;
        self.kill_group = config.kill_group;
    }

    // Queries.

    pub(crate) fn step(&self) -> Step {
        self.step
    }

    pub(crate) fn due(&self) -> Option<SessionTime> {
        self.until
    }

    /// Returns the first reason for the end.
    pub(crate) fn reason(&self) -> Option<CloseReason> {
        self.reason
    }

    /// Returns `true` if stdout has ended.
    pub(crate) fn is_eof(&self) -> bool {
        self.eof
    }

    /// Returns `true` if stderr has ended.
    pub(crate) fn is_stderr_eof(&self) -> bool {
        self.stderr_eof
    }

    pub(crate) fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// Returns `true` if commands are still accepted.
    pub(crate) fn is_open(&self) -> bool {
        self.step == Step::Open && self.reason.is_none()
    }

    /// Returns `true` if all events that complete the end have arrived.
    pub(crate) fn is_complete(&self) -> bool {
        self.eof && (!self.is_process || self.stderr_eof && self.exit.is_some())
    }

    pub(crate) fn next_order(&mut self) -> Option<ChildCommand> {
        self.orders.waiting.pop_front()
    }

    /// Returns the end of stdin and the last signal once more, if they were returned before. The process that was
    /// to carry them out may have died first. After the exit no signal is repeated.
    #[cfg(feature = "driver")]
    pub(crate) fn repeat_orders(&mut self) {
        let Some(last) = self.orders.last else { return };
        let repeated = if self.exit.is_some() { ChildCommand::CloseStdin } else { last };
        self.orders.waiting = VecDeque::from([ChildCommand::CloseStdin]);
        if repeated != ChildCommand::CloseStdin {
            self.orders.waiting.push_back(repeated);
        }
    }

    // Inputs.

    /// Records the end of stdout.
    pub(crate) fn eof(&mut self, now: SessionTime) {
        self.eof = true;
        self.reason.get_or_insert(CloseReason::Eof);
        self.close_stdin(now);
        self.wait_at_most(now, self.graces.pipes);
    }

    /// Records the end of stderr.
    pub(crate) fn stderr_eof(&mut self) {
        self.stderr_eof = true;
    }

    /// Records that writing to stdin failed permanently.
    pub(crate) fn send_failed(&mut self, now: SessionTime) {
        self.reason.get_or_insert(CloseReason::SendFailed);
        self.close_stdin(now);
        if self.eof || self.exit.is_some() {
            self.wait_at_most(now, self.graces.pipes);
        }
    }

    /// Records the exit of the child. If its pipes failed just before and it got no signal, the exit is the
    /// reason for that too. An exit without a known status counts as the end of the pipes: the link may have failed.
    /// From now on the process id may belong to another process, so only its group is killed, once.
    pub(crate) fn exited(&mut self, now: SessionTime, exit: Exit) {
        if self.exit.is_some() {
            return;
        }
        let is_known = exit != Exit::Unknown;
        let pipes = matches!(self.reason, Some(CloseReason::Eof | CloseReason::SendFailed));
        if pipes && self.step < Step::Terminating && is_known {
            self.reason = Some(CloseReason::Exited);
        }
        self.reason.get_or_insert(if is_known { CloseReason::Exited } else { CloseReason::Eof });
        self.close_stdin(now);
        let kill_group = self.is_process && self.kill_group;
        self.orders.exited(kill_group);
        self.exit = Some(exit);
        self.wait_at_most(now, self.graces.pipes);
    }

    // Steps.

    /// Begins the shutdown, at the host's command.
    pub(crate) fn begin(&mut self, now: SessionTime, reason: CloseReason) {
        self.reason.get_or_insert(reason);
        if self.step == Step::Open {
            self.step = Step::Finishing;
            self.wait(now, self.graces.turn);
        }
    }

    /// Returns `true` if the timeout of the turn has passed.
    pub(crate) fn is_overdue(&self, now: SessionTime) -> bool {
        self.step == Step::Finishing && self.until.is_some_and(|until| until <= now)
    }

    /// Records that the turn is interrupted, before stdin is closed.
    pub(crate) fn stop(&mut self, now: SessionTime) {
        self.step = Step::Stopping;
        self.wait(now, self.graces.pipes);
    }

    /// Closes stdin: no work runs and everything is written, or writing has failed.
    pub(crate) fn close_stdin(&mut self, now: SessionTime) {
        if self.step < Step::Exiting {
            self.step = Step::Exiting;
            self.orders.give(ChildCommand::CloseStdin);
            self.wait(now, self.graces.exit);
        }
    }

    /// Kills the child at once, if it has not exited.
    pub(crate) fn abort(&mut self, now: SessionTime, reason: CloseReason) {
        self.reason.get_or_insert(reason);
        self.orders.give(ChildCommand::CloseStdin);
        if self.step < Step::Killed {
            self.kill(now);
        }
    }

    /// Takes the next step if it is due, and returns `true` if it was. `is_unread` is `true` if the child has not
    /// read all output.
    pub(crate) fn handle_timeout(&mut self, now: SessionTime, is_unread: bool) -> bool {
        if self.until.is_none_or(|until| now < until) {
            return false;
        }
        match self.step {
            Step::Open | Step::Closed => self.until = None,
            Step::Stopping if is_unread => self.abort(now, CloseReason::Closed),
            Step::Finishing | Step::Stopping => self.close_stdin(now),
            _ if self.exit.is_some() || !self.is_process => self.finish(),
            Step::Exiting => {
                self.step = Step::Terminating;
                self.orders.give(ChildCommand::Terminate);
                self.wait(now, self.graces.terminate);
            }
            Step::Terminating => self.kill(now),
            Step::Killed => self.finish(),
        }
        true
    }

    pub(crate) fn finish(&mut self) {
        self.step = Step::Closed;
        self.until = None;
    }

    fn kill(&mut self, now: SessionTime) {
        self.step = Step::Killed;
        if self.exit.is_some() {
            self.wait_at_most(now, self.graces.pipes);
            return;
        }
        if self.is_process {
            self.orders.give(ChildCommand::Kill);
        }
        self.wait(now, self.graces.pipes);
    }

    fn wait(&mut self, now: SessionTime, grace: Duration) {
        self.until = Some(now.saturating_add(grace.min(Timeouts::LONGEST_GRACE)));
    }

    /// Shortens the wait: what is missing now follows soon or never.
    fn wait_at_most(&mut self, now: SessionTime, grace: Duration) {
        let soon = now.saturating_add(grace.min(Timeouts::LONGEST_GRACE));
        self.until = Some(self.until.map_or(soon, |until| until.min(soon)));
    }
}

/// Commands for the child. Each is returned at most once, in order. After the exit, no signal follows except one
/// kill of the group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Orders {
    waiting: VecDeque<ChildCommand>,
    last: Option<ChildCommand>,
    exited: bool,
}

impl Orders {
    /// Adds a command, unless it or a later one was added before.
    fn give(&mut self, order: ChildCommand) {
        let is_late = self.exited && order != ChildCommand::CloseStdin;
        if !is_late && self.last.is_none_or(|last| last < order) {
            self.last = Some(order);
            self.waiting.push_back(order);
        }
    }

    /// Removes signals that were not returned yet, because the child has exited. The kill of the group remains.
    fn exited(&mut self, kill_group: bool) {
        self.waiting.retain(|order| *order == ChildCommand::CloseStdin || *order == ChildCommand::Kill && kill_group);
        if kill_group {
            self.give(ChildCommand::Kill);
        }
        self.exited = true;
    }
}
