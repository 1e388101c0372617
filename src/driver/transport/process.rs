//! A child process as a target of signals: the process, and the group that it leads.

#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "process/windows.rs"]
mod system;
#[cfg(not(any(unix, windows)))]
#[path = "process/other.rs"]
mod system;

pub(super) use system::lead;
#[cfg(target_os = "linux")]
pub(super) use system::pidfd;

use system::Group;

/// Receiver of signals. An id that may belong to another process by now gets no signal.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// Group of the process, with its descendants. A process that was started by the host may not lead one.
    group: Option<Group>,
    exited: bool,
    /// Set if processes that the child left in its group are to be killed.
    sweeps: bool,
    /// Set if the group was killed: it has no member any more, and its id may belong to another group.
    swept: bool,
}

/// Receivers of a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kill {
    group: bool,
    process: bool,
}

impl Process {
    /// Creates the receiver for a child that was not yet waited for.
    pub(super) fn new(id: u32) -> Self {
        Self { id, group: Group::led_by(id), exited: false, sweeps: true, swept: false }
    }

    /// Makes the process, which this crate started, the first of a group, if the system has groups of this kind.
    #[cfg(windows)]
    pub(super) fn group(&mut self, handle: std::os::windows::io::RawHandle) {
        self.group = Group::around(handle);
    }

    /// Keeps the descendants of the process alive after the process has exited.
    pub(super) fn keep_group(&mut self) {
        self.sweeps = false;
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Records that the process was waited for.
    pub(super) fn exit(&mut self) {
        self.exited = true;
        if let (Some(group), false) = (&mut self.group, self.sweeps) {
            group.keep();
        }
    }

    /// Asks the process to end. Kills it if the system has no such request.
    pub(super) fn terminate(&mut self, kill: impl FnOnce()) {
        if !self.exited && !system::terminate(self.id) {
            self.kill(kill);
        }
    }

    /// Handles the drop of the transport: a running child must not be left behind.
    pub(super) fn dropped(&mut self, kill: impl FnOnce()) {
        if !self.exited {
            self.kill(kill);
        }
    }

    /// Reaps a process that was killed, without waiting for it.
    pub(super) fn reap(&self) {
        if !self.exited {
            system::reap(self.id);
        }
    }

    /// Kills the process and its group. `kill` reaches the process alone, which may have left the group.
    pub(super) fn kill(&mut self, kill: impl FnOnce()) {
        let receivers = self.receivers();
        // The process comes first: on systems where a kill sets the exit status, the status is that of this kill.
        if receivers.process {
            kill();
        }
        if let (Some(group), true) = (&mut self.group, receivers.group) {
            group.kill();
        }
    }

    /// Determines the receivers of a kill. Until the process was waited for, its id is its own. Afterwards the id of the
    /// group is valid as long as the group has a member, which holds for at most one kill.
    fn receivers(&mut self) -> Kill {
        let group = self.group.is_some() && (!self.exited || self.sweeps && !self.swept);
        self.swept |= group;
        Kill { group, process: !self.exited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Kill = Kill { group: true, process: true };
    const GROUP: Kill = Kill { group: true, process: false };
    const PROCESS: Kill = Kill { group: false, process: true };
    const NONE: Kill = Kill { group: false, process: false };

    fn process(leads: bool, sweeps: bool) -> Process {
        Process { id: u32::MAX, group: leads.then(Group::none), exited: false, sweeps, swept: false }
    }

    #[test]
    fn after_the_exit_a_process_group_is_killed_at_most_once() {
        for (leads, sweeps, alive, first) in [
            (true, true, BOTH, GROUP),
            (true, false, BOTH, NONE),
            (false, true, PROCESS, NONE),
            (false, false, PROCESS, NONE),
        ] {
            // A process that was never killed.
            let mut exited = process(leads, sweeps);
            exited.exit();
            assert_eq!([exited.receivers(), exited.receivers(), exited.receivers()], [first, NONE, NONE]);
            // A process that died of a kill, with its group.
            let mut killed = process(leads, sweeps);
            assert_eq!([killed.receivers(), killed.receivers()], [alive, alive]);
            killed.exit();
            assert_eq!([killed.receivers(), killed.receivers()], [NONE, NONE]);
        }
    }

    #[test]
    fn after_the_exit_no_other_signal_is_sent() {
        let mut exited = process(false, true);
        exited.exit();
        exited.terminate(|| panic!("terminated"));
        exited.dropped(|| panic!("killed by a drop"));
        exited.kill(|| panic!("killed"));
    }
}
