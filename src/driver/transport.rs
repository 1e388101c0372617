//! The I/O of a session: the trait that a [`Driver`](crate::Driver) needs, and its implementations.

mod child;
#[cfg(any(feature = "smol", feature = "tokio"))]
mod clock;
#[cfg(any(windows, test))]
mod locate;
mod process;
#[cfg(any(feature = "smol", feature = "tokio"))]
mod set_up;
#[cfg(feature = "smol")]
pub mod smol;
mod spawn;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(any(feature = "smol", feature = "tokio"))]
mod version;

pub use child::{ChildPipes, ChildProcess};
pub use spawn::SpawnError;
#[cfg(any(feature = "smol", feature = "tokio"))]
pub use version::VersionError;

use std::io;
use std::task::{Context, Poll};

use crate::base::time::SessionTime;
use crate::protocol::Offsets;
use crate::protocol::end::Exit;

/// A child process with its pipes, a clock and a timer, as one [`Driver`](crate::Driver) uses them.
///
/// **Pending and wakers.** A method that returns `Pending` has had no effect, and wakes the task of the latest `cx` when
/// another call may make progress. The driver polls everything that it waits for in every round, so an implementation keeps
/// one waker per method and may wake too often. A future of the driver can be dropped at any point: between two polls of a
/// method, keep no state that conflicts with a later poll with other arguments.
///
/// **Errors.** The driver retries [`Interrupted`](io::ErrorKind::Interrupted). Every other error is the end of that
/// direction, which is not polled again. Return `Pending` instead of `WouldBlock`.
///
/// **Buffers.** Operations of a completion-based runtime own their buffers and cannot be taken back. There, a read stays in
/// flight between two polls, and a write takes a copy of some bytes and reports them as written; the flush waits for it.
///
/// Methods for features that two byte streams lack (a stderr, an exit, signals) have a default: see
/// [`TransportKind::Streams`](crate::TransportKind::Streams).
///
/// Two streams need seven methods. This example uses bytes in memory, which are always ready:
///
/// ```
/// use std::io::{Read, Result};
/// use std::task::{Context, Poll};
///
/// use claude_duplex::{Action, CloseReason, Config, Driver};
/// use claude_duplex::{Seed, SessionTime, Transport, TransportKind};
///
/// struct Canned {
///     output: &'static [u8],
///     input: Vec<u8>,
/// }
///
/// impl Transport for Canned {
///     fn now(&self) -> SessionTime {
///         SessionTime::ZERO
///     }
///     fn poll_read(
///         &mut self,
///         _: &mut Context<'_>,
///         buffer: &mut [u8],
///     ) -> Poll<Result<usize>> {
///         Poll::Ready(self.output.read(buffer))
///     }
///     fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
///         self.input.extend_from_slice(bytes);
///         Poll::Ready(Ok(bytes.len()))
///     }
///     fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///     fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///     fn poll_timer(&mut self, _: &mut Context<'_>, _: SessionTime) -> Poll<()> {
///         Poll::Pending
///     }
/// }
///
/// let mut config = Config::new(Seed::from_bytes([1; 16]));
/// config.transport = TransportKind::Streams;
/// let output = b"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n";
/// let mut claude = Driver::new(config, Canned { output, input: Vec::new() });
/// futures_lite::future::block_on(async {
///     let Some(Action::Session(session)) = claude.next().await else { unreachable!() };
///     assert_eq!(&*session.id, "s");
///     let Some(closed) = claude.finish().await else { unreachable!() };
///     assert_eq!(closed.reason, CloseReason::Closed);
/// });
/// ```
pub trait Transport {
    /// Returns the time since an epoch that the transport chooses. The time never decreases. Only this clock decides if a
    /// deadline has passed.
    fn now(&self) -> SessionTime;

    /// Reads from the child's stdout into `buffer`, which is not empty. `Ok(0)` and errors are the end of stdout; no read
    /// follows.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Reads from the child's stderr, as [`poll_read`](Self::poll_read) does from stdout. Without a stderr: `Ok(0)`.
    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let _ = (cx, buffer);
        Poll::Ready(Ok(0))
    }

    /// Writes to the child's stdin and returns the number of bytes written. `bytes` is not empty. The rest is passed again in
    /// a later call, possibly followed by more bytes, or not at all. `Ok(0)` and errors mean that nothing more can be
    /// written.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Flushes bytes that this transport still buffers. Called after writes; more can be written while the flush is pending.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes and closes the child's stdin, so that the child reads the end. Nothing is written afterwards. Polled until
    /// ready, which includes an error. Signals do not wait for this method.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Waits until the child has closed its stdin: bytes that were written may be unread, and nothing more can be written.
    /// Polled while there is nothing to write, and not again once it is ready. The default is always pending; then the next
    /// write fails.
    fn poll_stdin_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }

    /// Waits for the child's exit. Not polled again once it is ready. Must not touch stdin: some libraries close it when they
    /// wait. Always pending without a process.
    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let _ = cx;
        Poll::Pending
    }

    /// Waits until [`now`](Self::now) is at least `at`. There is one timer: another `at` replaces the previous one. It may be
    /// ready too early or too late, because the driver then only checks the clock.
    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()>;

    /// Returns how many bytes of stdin the other side has taken since the session's start. [`Driver::resume`](crate::Driver::resume)
    /// calls this method once. By default returns `None`, which stands for the number that the restored session knows.
    fn stdin_taken(&self) -> Option<u64> {
        None
    }

    /// Records that every input up to these positions is in the [journal](crate::Driver::record_required): a keeper of the
    /// streams can drop the bytes before them. Called in order, and only with such a journal. This method must not block.
    fn acknowledge(&mut self, offsets: Offsets) {
        let _ = offsets;
    }

    /// Returns the child's process id, if there is a process.
    fn process_id(&self) -> Option<u32> {
        None
    }

    /// Asks the child to end, immediately, as [`ChildCommand::Terminate`](crate::ChildCommand::Terminate) specifies. Cannot
    /// fail, because a child that has exited needs no signal. Once [`poll_exit`](Self::poll_exit) was ready, the process id
    /// may belong to another process, so no signal may be sent.
    fn terminate(&mut self) {}

    /// Kills the child and its group, immediately, as [`ChildCommand::Kill`](crate::ChildCommand::Kill) specifies. Otherwise
    /// like [`terminate`](Self::terminate).
    fn kill(&mut self) {}
}
