//! A child process as signals see it: itself, and the group that it leads.

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

use system::Group;

/// Receiver of signals. A number that may be another's by now gets no signal, whatever is ordered.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// Its group, with what it has started. A process that a host has started may lead none.
    group: Option<Group>,
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
        Self { id, group: Group::led_by(id), exited: false, sweeps: true, swept: false }
    }

    /// Makes the process, which the crate has started, the first of a group, where the system has groups of this kind.
    #[cfg(windows)]
    pub(super) fn group(&mut self, handle: std::os::windows::io::RawHandle) {
        self.group = Group::around(handle);
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
        if let (Some(group), false) = (&mut self.group, self.sweeps) {
            group.keep();
        }
    }

    /// Asks it to end. Where the system has no way to, it is killed.
    pub(super) fn terminate(&mut self, kill: impl FnOnce()) {
        if !self.exited && !system::terminate(self.id) {
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
        // It is the first: where the system lets a killer choose an exit status, it is the one of this kill.
        if receivers.process {
            kill();
        }
        if let (Some(group), true) = (&mut self.group, receivers.group) {
            group.kill();
        }
    }

    /// Decides who gets a kill. While the process was not waited for, its number is its own. Afterwards the group's number
    /// is as long as the group has a member, which is so for one kill at most.
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
        Process { id: u32::MAX, group: leads.then(Group::of_nobody), exited: false, sweeps, swept: false }
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
