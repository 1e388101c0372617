//! Notices, without a write, that a child has closed its stdin.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Second descriptor of the writing end of a pipe. While it is open, the reader does not see the end of its input.
///
/// On Linux `POLLERR` means that the last reader has closed the pipe (`poll(2)`). It is reported even if no event was
/// requested.
pub(super) struct Watch(Pin<Box<dyn Future<Output = ()> + Send + Sync>>);

impl Watch {
    /// Watches the pipe that `stdin` writes to.
    pub(super) fn new(stdin: &impl AsFd) -> io::Result<Self> {
        #[allow(deprecated, reason = "its successor is newer than the oldest tokio that is supported")]
        let pipe = AsyncFd::with_interest(stdin.as_fd().try_clone_to_owned()?, Interest::ERROR)?;
        Ok(Self(Box::pin(async move { drop(pipe.ready(Interest::ERROR).await) })))
    }

    /// Waits until the last reader has closed the pipe. Not polled again after that.
    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}
