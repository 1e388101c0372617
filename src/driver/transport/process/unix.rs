//! Process groups and signals.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

/// Puts the child into its own group: a kill of the group reaches the processes that the CLI started, and a Ctrl-C for the
/// host does not reach the CLI.
pub(in crate::driver::transport) fn lead(command: &mut Command) {
    command.process_group(0);
}

/// Asks the process to end. Returns `true` if the system has such a request.
pub(super) fn terminate(id: u32) -> bool {
    // Errors are ignored: a process that has exited needs no signal.
    let _ = pid(id).map(|pid| kill_process(pid, Signal::TERM));
    true
}

/// A process group, whose id is that of the process that leads it.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// Returns the group that a process leads.
    pub(super) fn led_by(id: u32) -> Option<Self> {
        let pid = pid(id)?;
        (getpgid(Some(pid)) == Ok(pid)).then_some(Self(Some(pid)))
    }

    /// Kills the remaining members of the group. The system does not reuse the id of a group while it has a member.
    pub(super) fn kill(&mut self) {
        let _ = self.0.map(|pid| kill_process_group(pid, Signal::KILL));
    }

    /// Keeps its members alive, which needs no action.
    pub(super) fn keep(&mut self) {}

    #[cfg(test)]
    pub(super) fn of_nobody() -> Self {
        Self(None)
    }
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}
