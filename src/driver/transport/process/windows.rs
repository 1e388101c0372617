//! Job objects: processes that a child starts end with its job.

use std::os::windows::io::RawHandle;
use std::os::windows::process::CommandExt;
use std::process::Command;

use win32job::{ExtendedLimitInfo, Job};

/// Starts the child without a console window. The child then has no console, so a Ctrl-C for the host does not reach it.
pub(in crate::driver::transport) fn lead(command: &mut Command) {
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Needs no action: a process that has ended leaves nothing behind.
pub(super) fn reap(_: u32) {}

/// Asks the process to end. Returns `true` if the system has such a request: Windows has none for a program without a window.
pub(super) fn terminate(_: u32) -> bool {
    false
}

/// A job that ends with its last handle, which this process holds, so it also ends with the host.
///
/// Processes that the child starts belong to the job. The child itself joins it right after its start: processes that it
/// started before, within microseconds, are outside.
#[derive(Debug)]
pub(super) struct Group(Option<Job>);

impl Group {
    /// A process that a host has started has its host's job, if any.
    pub(super) fn led_by(_: u32) -> Option<Self> {
        None
    }

    /// Creates a job for a process and its descendants. Returns `None` if the system refuses; kills then reach only the
    /// process.
    pub(super) fn around(process: RawHandle) -> Option<Self> {
        let job = Job::create_with_limit_info(ExtendedLimitInfo::new().limit_kill_on_job_close()).ok()?;
        job.assign_process(process as isize).ok()?;
        Some(Self(Some(job)))
    }

    /// Kills the remaining members of the job by ending it.
    pub(super) fn kill(&mut self) {
        self.0 = None;
    }

    /// Clears the limit that kills the processes of the job when its handle is closed.
    pub(super) fn keep(&mut self) {
        let Some(job) = &self.0 else { return };
        // If the system refuses, the limit stays unchanged.
        let _ = job.set_extended_limit_info(ExtendedLimitInfo::new().clear_limits());
    }

    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(None)
    }
}
