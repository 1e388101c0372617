//! A child process as signals see it: itself, and the group that it leads.

use std::process::Command;

#[cfg(unix)]
use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

/// Receiver of signals. A number that may be another's by now gets no signal, whatever is ordered.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// It leads a group of its own, which then has its number.
    leads: bool,
    exited: bool,
    /// What it leaves in its group is to be killed.
    sweeps: bool,
    /// The group was killed: it has no member any more, and its number may be another group's.
    swept: bool,
}

/// Receivers of a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kill {
    group: bool,
    process: bool,
}

impl Process {
    /// A child that was not yet waited for.
    pub(super) fn new(id: u32) -> Self {
        Self { id, leads: leads(id), exited: false, sweeps: true, swept: false }
    }

    /// Leaves what the process started alone, once the process itself has exited.
    pub(super) fn keep_group(&mut self) {
        self.sweeps = false;
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// It was waited for.
    pub(super) fn exit(&mut self) {
        self.exited = true;
    }

    /// Asks it to end. Where the system has no way to, `kill` reaches the process alone, on any system.
    pub(super) fn terminate(&mut self, kill: impl FnOnce()) {
        if !self.exited && !terminate(self.id) {
            self.kill(kill);
        }
    }

    /// What is dropped with a child that lives must not leave it behind.
    pub(super) fn dropped(&mut self, kill: impl FnOnce()) {
        if !self.exited {
            self.kill(kill);
        }
    }

    /// Ends it and its group. The process may have left that group: `kill` reaches it alone.
    pub(super) fn kill(&mut self, kill: impl FnOnce()) {
        let receivers = self.receivers();
        if receivers.group {
            kill_group(self.id);
        }
        if receivers.process {
            kill();
        }
    }

    /// Decides who gets a kill. While the process was not waited for, its number is its own. Afterwards the group's number
    /// is as long as the group has a member, which is so for one kill at most.
    fn receivers(&mut self) -> Kill {
        let group = self.leads && (!self.exited || self.sweeps && !self.swept);
        self.swept |= group;
        Kill { group, process: !self.exited }
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

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Kill = Kill { group: true, process: true };
    const GROUP: Kill = Kill { group: true, process: false };
    const PROCESS: Kill = Kill { group: false, process: true };
    const NONE: Kill = Kill { group: false, process: false };

    fn process(leads: bool, sweeps: bool) -> Process {
        Process { id: u32::MAX, leads, exited: false, sweeps, swept: false }
    }

    #[test]
    fn after_the_exit_a_group_gets_one_kill_at_most() {
        for (leads, sweeps, alive, first) in [
            (true, true, BOTH, GROUP),
            (true, false, BOTH, NONE),
            (false, true, PROCESS, NONE),
            (false, false, PROCESS, NONE),
        ] {
            // One that was never killed.
            let mut exited = process(leads, sweeps);
            exited.exit();
            assert_eq!([exited.receivers(), exited.receivers(), exited.receivers()], [first, NONE, NONE]);
            // One that died of a kill, with its group.
            let mut killed = process(leads, sweeps);
            assert_eq!([killed.receivers(), killed.receivers()], [alive, alive]);
            killed.exit();
            assert_eq!([killed.receivers(), killed.receivers()], [NONE, NONE]);
        }
    }

    #[test]
    fn after_the_exit_nothing_else_reaches_anybody() {
        let mut exited = process(false, true);
        exited.exit();
        exited.terminate(|| panic!("terminated"));
        exited.dropped(|| panic!("killed by a drop"));
        exited.kill(|| panic!("killed"));
    }
}
