//! Process groups and signals.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

/// Puts the child in a group of its own: a kill of the group reaches what the CLI has started, and a Ctrl-C that is
/// meant for the host does not reach the CLI.
pub(in crate::driver::transport) fn lead(command: &mut Command) {
    command.process_group(0);
}

/// Asks the process to end. Returns whether this system can.
pub(super) fn terminate(id: u32) -> bool {
    // What is gone needs no signal: a failure says no more than that.
    let _ = pid(id).map(|pid| kill_process(pid, Signal::TERM));
    true
}

/// A process group, which has the number of the process that leads it.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group that a process leads.
    pub(super) fn led_by(id: u32) -> Option<Self> {
        let pid = pid(id)?;
        (getpgid(Some(pid)) == Ok(pid)).then_some(Self(Some(pid)))
    }

    /// Kills what is left in the group. The system gives a group's number to no one while it has a member.
    pub(super) fn kill(&mut self) {
        let _ = self.0.map(|pid| kill_process_group(pid, Signal::KILL));
    }

    /// Leaves its members alone, which needs nothing.
    pub(super) fn keep(&mut self) {}

    #[cfg(test)]
    pub(super) fn of_nobody() -> Self {
        Self(None)
    }
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}
