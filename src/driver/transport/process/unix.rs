//! Process groups and signals.

#[cfg(target_os = "linux")]
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, getpgid, kill_process, kill_process_group, waitpid};

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

/// Reaps a process that was killed, on a thread of its own: a process may take a while to end even then. Without a thread the
/// process keeps its entry in the process table until the host exits.
pub(super) fn reap(id: u32) {
    let Some(pid) = pid(id) else { return };
    let wait = move || while matches!(waitpid(Some(pid), WaitOptions::empty()), Err(Errno::INTR)) {};
    drop(std::thread::Builder::new().name("claude-duplex".to_owned()).spawn(wait));
}

/// Opens a descriptor of a process that has not been reaped yet.
#[cfg(target_os = "linux")]
pub(in crate::driver::transport) fn pidfd(id: u32) -> io::Result<OwnedFd> {
    let pid = pid(id).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
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

    /// Lets the processes of the group live on. A process group needs no action for that.
    pub(super) fn keep(&mut self) {}

    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(None)
    }
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}
