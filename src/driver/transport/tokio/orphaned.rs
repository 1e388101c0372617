//! A child whose runtime was shut down: its pipes and its exit without a reactor.
//!
//! The descriptors do not block, so each call returns the data that is available. Nothing wakes the caller, who polls again
//! after a pause.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use rustix::io::Errno;

/// Switch of a transport, for a caller that drives it after its runtime.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orphaned(Arc<AtomicBool>);

impl Orphaned {
    /// Lets the transport work without a reactor from now on.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

pub(super) fn read(pipe: &impl AsFd, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    done(rustix::io::read(pipe, buffer))
}

pub(super) fn write(pipe: &impl AsFd, bytes: &[u8]) -> Poll<io::Result<usize>> {
    done(rustix::io::write(pipe, bytes))
}

fn done(result: rustix::io::Result<usize>) -> Poll<io::Result<usize>> {
    match result {
        Err(Errno::AGAIN | Errno::INTR) => Poll::Pending,
        result => Poll::Ready(result.map_err(io::Error::from)),
    }
}
