//! The end, step by step.
//!
//! ```text
//! close() -> the running turn ends -> output written -> CloseStdin -> Terminate -> Kill -> Closed
//! ```
//!
//! Every arrow has a grace, every grace a maximum. The facts that make up the end (stdout's end, stderr's end, the exit)
//! may come at any step and in any order; when all are there, it is over.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::{Child, Config, Timeouts};
use crate::end::{ChildAction, CloseReason, Exit};
use crate::time::Time;

#[derive(Debug, Clone)]
pub(crate) struct Shutdown {
    child: Child,
    kill_group: bool,
    step: Step,
    until: Option<Time>,
    pub(crate) why: Option<CloseReason>,
    pub(crate) eof: bool,
    pub(crate) stderr_eof: bool,
    pub(crate) exit: Option<Exit>,
    orders: VecDeque<ChildAction>,
    group_killed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Open,
    /// Waiting for what runs, and for our output to be written.
    Finishing,
    /// Stdin is closed.
    Exiting,
    /// Asked to terminate.
    Terminating,
    /// Killed.
    Killed,
    Closed,
}

impl Shutdown {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            child: config.child,
            kill_group: config.kill_group,
            step: Step::Open,
            until: None,
            why: None,
            eof: false,
            stderr_eof: false,
            exit: None,
            orders: VecDeque::new(),
            group_killed: false,
        }
    }

    pub(crate) fn step(&self) -> Step {
        self.step
    }

    pub(crate) fn due(&self) -> Option<Time> {
        self.until
    }

    pub(crate) fn next_order(&mut self) -> Option<ChildAction> {
        self.orders.pop_front()
    }

    /// Whether commands are still taken.
    pub(crate) fn is_open(&self) -> bool {
        self.step == Step::Open && self.why.is_none()
    }

    /// The host wants the end.
    pub(crate) fn begin(&mut self, now: Time, why: CloseReason, timeouts: &Timeouts) {
        self.why.get_or_insert(why);
        if self.step == Step::Open {
            self.step = Step::Finishing;
            self.wait(now, timeouts.shutdown.turn);
        }
    }

    /// Nothing runs any more and everything is written, or nothing more can be.
    pub(crate) fn close_stdin(&mut self, now: Time, timeouts: &Timeouts) {
        if self.step < Step::Exiting {
            self.step = Step::Exiting;
            self.orders.push_back(ChildAction::CloseStdin);
            self.wait(now, timeouts.shutdown.exit);
        }
    }

    /// No patience: killed at once.
    pub(crate) fn abort(&mut self, now: Time, why: CloseReason, timeouts: &Timeouts) {
        self.why.get_or_insert(why);
        if self.step < Step::Exiting {
            self.orders.push_back(ChildAction::CloseStdin);
        }
        if self.step < Step::Killed {
            self.kill(now, timeouts);
        }
    }

    /// Stdout has ended, the child has exited, or nothing can be written: what is missing has the graces to follow.
    pub(crate) fn fact(&mut self, now: Time, why: CloseReason, timeouts: &Timeouts) {
        self.why.get_or_insert(why);
        let exited = self.exit.is_some();
        if exited && self.kill_group && !self.group_killed {
            self.group_killed = true;
            self.orders.push_back(ChildAction::Kill);
        }
        self.close_stdin(now, timeouts);
        if exited || self.eof {
            self.wait_at_most(now, timeouts.shutdown.pipes);
        }
    }

    /// The next step, if it is time. Whether it was.
    pub(crate) fn handle_timeout(&mut self, now: Time, timeouts: &Timeouts) -> bool {
        if self.until.is_none_or(|until| now < until) {
            return false;
        }
        match self.step {
            Step::Open | Step::Closed => self.until = None,
            Step::Finishing => self.close_stdin(now, timeouts),
            _ if self.exit.is_some() || self.child == Child::Streams => self.finish(),
            Step::Exiting => {
                self.step = Step::Terminating;
                self.orders.push_back(ChildAction::Terminate);
                self.wait(now, timeouts.shutdown.terminate);
            }
            Step::Terminating => self.kill(now, timeouts),
            Step::Killed => self.finish(),
        }
        true
    }

    /// The child is gone. Where its pipes failed just before and nothing was done to it, that was the exit too.
    pub(crate) fn exited(&mut self, exit: Exit) {
        self.exit = Some(exit);
        let pipes = matches!(self.why, Some(CloseReason::Eof | CloseReason::SendFailed));
        if pipes && self.step < Step::Terminating {
            self.why = Some(CloseReason::Exited);
        }
    }

    /// Whether all that makes up the end is there.
    pub(crate) fn is_complete(&self) -> bool {
        match self.child {
            Child::Process => self.eof && self.stderr_eof && self.exit.is_some(),
            Child::Streams => self.eof,
        }
    }

    pub(crate) fn finish(&mut self) {
        self.step = Step::Closed;
        self.until = None;
    }

    fn kill(&mut self, now: Time, timeouts: &Timeouts) {
        self.step = Step::Killed;
        self.group_killed = true;
        if self.child == Child::Process {
            self.orders.push_back(ChildAction::Kill);
        }
        self.wait(now, timeouts.shutdown.pipes);
    }

    fn wait(&mut self, now: Time, grace: Duration) {
        self.until = Some(now.after(grace.min(Timeouts::LONGEST_GRACE)));
    }

    /// Shortens the wait: what is missing now follows soon or never.
    fn wait_at_most(&mut self, now: Time, grace: Duration) {
        let soon = now.after(grace.min(Timeouts::LONGEST_GRACE));
        self.until = Some(self.until.map_or(soon, |until| until.min(soon)));
    }
}
