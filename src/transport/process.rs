//! A child process as signals see it: itself, and the group that it leads.

use std::process::Command;

#[cfg(unix)]
use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

/// Who is signaled. A number that may be another's by now gets no signal.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// It leads a group of its own, which then has its number.
    leads: bool,
    exited: bool,
}

impl Process {
    /// A child that was not yet waited for.
    pub(super) fn new(id: u32) -> Self {
        Self { id, leads: leads(id), exited: false }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// It was waited for.
    pub(super) fn exit(&mut self) {
        self.exited = true;
    }

    /// Asks it to end. Where the system has no way to, `kill` reaches the process alone, on any system.
    pub(super) fn terminate(&self, kill: impl FnOnce()) {
        if !self.exited && !terminate(self.id) {
            self.kill(kill);
        }
    }

    /// What is dropped with a child that lives must not leave it behind.
    pub(super) fn dropped(&self, kill: impl FnOnce()) {
        if !self.exited {
            self.kill(kill);
        }
    }

    /// Ends it and its group. The process may have left that group: `kill` reaches it alone.
    pub(super) fn kill(&self, kill: impl FnOnce()) {
        if self.leads {
            kill_group(self.id);
        }
        if !self.exited {
            kill();
        }
    }
}

/// Puts the child in a group of its own: a kill of the group reaches what the CLI has started, and a Ctrl-C that is
/// meant for the host does not reach the CLI.
#[cfg(unix)]
pub(super) fn lead(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(unix)]
fn leads(id: u32) -> bool {
    pid(id).is_some_and(|pid| getpgid(Some(pid)) == Ok(pid))
}

/// Asks the process to end. Whether this system knows how.
#[cfg(unix)]
fn terminate(id: u32) -> bool {
    // What is gone needs no signal: a failure says no more than that.
    let _ = pid(id).map(|pid| kill_process(pid, Signal::TERM));
    true
}

/// Kills all that is left in the process's group. The system gives a group's number to no one while it has a member.
#[cfg(unix)]
fn kill_group(id: u32) {
    let _ = pid(id).map(|pid| kill_process_group(pid, Signal::KILL));
}

#[cfg(unix)]
fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

#[cfg(not(unix))]
pub(super) fn lead(_: &mut Command) {}

#[cfg(not(unix))]
fn leads(_: u32) -> bool {
    false
}

#[cfg(not(unix))]
fn terminate(_: u32) -> bool {
    false
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}
