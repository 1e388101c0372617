//! Pipes whose reads and writes are operations with their own buffers.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::process::ChildStdin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use ::compio::BufResult;
use ::compio::io::{AsyncRead, AsyncWriteExt};
use ::compio::runtime::fd::AsyncFd;

use super::Operation;

/// Size of a buffer, in bytes: what a pipe holds on Linux.
const BUFFER: usize = 64 * 1024;

/// Reading end of a pipe.
pub(super) struct Reader<P: AsFd + 'static> {
    pipe: Rc<AsyncFd<P>>,
    /// Read in flight. It goes on, whether it is polled or not.
    read: Option<Operation<BufResult<usize, Vec<u8>>>>,
    /// Bytes of the last read, of which the first were taken.
    bytes: Vec<u8>,
    taken: usize,
}

impl<P: AsFd + 'static> Reader<P> {
    pub(super) fn new(pipe: P) -> io::Result<Self> {
        let pipe = Rc::new(AsyncFd::new(pipe)?);
        Ok(Self { pipe, read: None, bytes: Vec::with_capacity(BUFFER), taken: 0 })
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.taken == self.bytes.len() {
            ready!(self.poll_fill(cx))?;
        }
        let left = &self.bytes[self.taken..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.taken += count;
        Poll::Ready(Ok(count))
    }

    /// Replaces the bytes, all of which were taken. No bytes are the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let read = self.read.get_or_insert_with(|| {
            let (pipe, mut bytes) = (Rc::clone(&self.pipe), std::mem::take(&mut self.bytes));
            bytes.clear();
            self.taken = 0;
            Box::pin(async move { (&*pipe).read(bytes).await })
        });
        let BufResult(read, bytes) = ready!(read.as_mut().poll(cx));
        (self.read, self.bytes) = (None, bytes);
        Poll::Ready(read.map(drop))
    }
}

impl<P: AsFd + 'static> fmt::Debug for Reader<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("reads", &self.read.is_some()).finish_non_exhaustive()
    }
}

/// Writing end of a pipe.
pub(super) struct Writer {
    pipe: Rc<AsyncFd<ChildStdin>>,
    /// Write in flight, of bytes that were reported as written.
    write: Option<Operation<io::Result<()>>>,
}

impl Writer {
    pub(super) fn new(pipe: ChildStdin) -> io::Result<Self> {
        Ok(Self { pipe: Rc::new(AsyncFd::new(pipe)?), write: None })
    }

    /// Starts a write of some of the bytes, once the last write has completed.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        let (pipe, bytes) = (Rc::clone(&self.pipe), bytes[..bytes.len().min(BUFFER)].to_vec());
        let count = bytes.len();
        self.write = Some(Box::pin(async move { (&*pipe).write_all(bytes).await.0 }));
        // The first poll hands it to the system.
        match self.poll_flush(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(count)),
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(write) = &mut self.write else { return Poll::Ready(Ok(())) };
        let written = ready!(write.as_mut().poll(cx));
        self.write = None;
        Poll::Ready(written)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("writes", &self.write.is_some()).finish_non_exhaustive()
    }
}
