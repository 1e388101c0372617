//! Process groups: a group of its own for the child, and what is sent to it.

use std::process::Command;

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Puts the child in a group of its own: a kill of the group reaches what the CLI has started, and a Ctrl-C that is
/// meant for the host does not reach the CLI.
#[cfg(unix)]
pub(super) fn own(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Asks the process, which was not yet waited for, to end. Whether this system knows how.
#[cfg(unix)]
pub(super) fn terminate(id: u32) -> bool {
    // What is gone needs no signal: a failure says no more than that.
    let _ = pid(id).map(|pid| kill_process(pid, Signal::TERM));
    true
}

/// Kills all that is left in the process's group. The system gives a group's number to no one while it has a member.
#[cfg(unix)]
pub(super) fn kill(id: u32) {
    let _ = pid(id).map(|pid| kill_process_group(pid, Signal::KILL));
}

#[cfg(unix)]
fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

#[cfg(not(unix))]
pub(super) fn own(_: &mut Command) {}

#[cfg(not(unix))]
pub(super) fn terminate(_: u32) -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn kill(_: u32) {}
