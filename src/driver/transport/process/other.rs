//! Systems whose process groups are not supported: kills reach only the process.

use std::process::Command;

pub(in crate::driver::transport) fn lead(_: &mut Command) {}

/// Needs no action: processes are not supported.
pub(super) fn reap(_: u32) {}

/// Asks the process to end. Returns `true` if the system has such a request.
pub(super) fn terminate(_: u32) -> bool {
    false
}

/// The descendants of a process.
#[derive(Debug)]
pub(super) struct Group;

impl Group {
    pub(super) fn led_by(_: u32) -> Option<Self> {
        None
    }

    pub(super) fn kill(&mut self) {}

    pub(super) fn keep(&mut self) {}

    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self
    }
}
