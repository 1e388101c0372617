//! Job objects: what a child starts ends with its job.

use std::os::windows::io::RawHandle;
use std::os::windows::process::CommandExt;
use std::process::Command;

use win32job::{ExtendedLimitInfo, Job};

/// Gives the child no console window. It has no console then, so a Ctrl-C that is meant for the host does not reach it.
pub(in crate::driver::transport) fn lead(command: &mut Command) {
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Asks the process to end. Returns whether this system can: it has no such request for a program without a window.
pub(super) fn terminate(_: u32) -> bool {
    false
}

/// A job that ends with its last handle, which is here: with the host, too.
///
/// What the child starts belongs to the job. The child itself joins it right after it was started: what it has started by
/// then, within microseconds, is outside.
#[derive(Debug)]
pub(super) struct Group(Option<Job>);

impl Group {
    /// A process that a host has started has its host's job, if any.
    pub(super) fn led_by(_: u32) -> Option<Self> {
        None
    }

    /// A job for a process and what it starts. None if the system refuses: kills then reach the process alone.
    pub(super) fn around(process: RawHandle) -> Option<Self> {
        let job = Job::create_with_limit_info(ExtendedLimitInfo::new().limit_kill_on_job_close()).ok()?;
        job.assign_process(process as isize).ok()?;
        Some(Self(Some(job)))
    }

    /// Kills what is left in the job, by its end.
    pub(super) fn kill(&mut self) {
        self.0 = None;
    }

    /// Leaves its members alone, also when the job ends.
    pub(super) fn keep(&mut self) {
        let Some(job) = &self.0 else { return };
        // A refusal leaves the limit as it was.
        let _ = job.set_extended_limit_info(ExtendedLimitInfo::new().clear_limits());
    }

    #[cfg(test)]
    pub(super) fn of_nobody() -> Self {
        Self(None)
    }
}
