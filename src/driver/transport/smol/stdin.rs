//! Notices, without a write, that a child has closed its stdin.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll};

use async_io::Async;

/// Second descriptor of the writing end of a pipe. While it is open, the reader does not see the end of its input.
///
/// On Linux the writing end is never readable, and an error is reported as readiness for any event: `POLLERR` means
/// that the last reader has closed the pipe (`poll(2)`, `epoll_ctl(2)`).
pub(super) struct Watch(Async<OwnedFd>);

impl Watch {
    /// Watches the pipe that `stdin` writes to.
    pub(super) fn new(stdin: &impl AsFd) -> io::Result<Self> {
        Async::new(stdin.as_fd().try_clone_to_owned()?).map(Self)
    }

    /// Waits until the last reader has closed the pipe.
    pub(super) fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_readable(cx).map(drop)
    }
}
