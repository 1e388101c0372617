//! The outside of a session: what a [`Driver`](crate::Driver) needs of it, and the ready-made ones.

#[cfg(any(feature = "smol", feature = "tokio"))]
mod clock;
#[cfg(all(any(windows, test), any(feature = "smol", feature = "tokio")))]
mod locate;
#[cfg(any(feature = "smol", feature = "tokio"))]
mod process;
#[cfg(feature = "smol")]
pub mod smol;
#[cfg(any(feature = "smol", feature = "tokio"))]
mod spawn;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(any(feature = "smol", feature = "tokio"))]
mod version;

#[cfg(any(feature = "smol", feature = "tokio"))]
pub use spawn::SpawnError;
#[cfg(any(feature = "smol", feature = "tokio"))]
pub use version::VersionError;

use std::io;
use std::task::{Context, Poll};

use crate::base::time::SessionTime;
use crate::protocol::Offsets;
use crate::protocol::end::Exit;

/// A child with its pipes, a clock and a timer, as one [`Driver`](crate::Driver) uses them.
///
/// **Pending and wakers.** A method that returns `Pending` has done nothing, and wakes the task of the latest `cx` when
/// calling it again may do more. The driver polls all that it waits for in every round, so an implementation keeps one
/// waker for each method and may wake too often. A future of the driver can be dropped at any point: between two polls
/// of a method nothing may be kept that a later poll with other arguments would contradict.
///
/// **Errors.** [`Interrupted`](io::ErrorKind::Interrupted) is tried again; every other error is the end of that
/// direction, which is not polled again. `WouldBlock` is `Pending` and must not get here.
///
/// What two byte streams lack (a stderr, an exit, signals) has a default: see [`TransportKind::Streams`](crate::TransportKind::Streams).
///
/// Seven methods are enough for two streams. Here over bytes in memory, which never make it wait:
///
/// ```
/// use claude_duplex::{Action, TransportKind, CloseReason, Config, Driver, Seed, SessionTime, Transport};
/// use std::io::{self, Read};
/// use std::task::{Context, Poll};
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
///     fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
///         Poll::Ready(self.output.read(buffer))
///     }
///     fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
///         self.input.extend_from_slice(bytes);
///         Poll::Ready(Ok(bytes.len()))
///     }
///     fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///     fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
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
///     assert!(matches!(claude.next().await, Some(Action::Session(info)) if &*info.id == "s"));
///     let Some(closed) = claude.finish().await else { unreachable!() };
///     assert_eq!(closed.reason, CloseReason::Closed);
/// });
/// ```
pub trait Transport {
    /// The time that has passed since an epoch of the transport's choice. It does not go back. It alone decides whether
    /// a deadline has passed.
    fn now(&self) -> SessionTime;

    /// Reads from the child's stdout into `buffer`, which is not empty. `Ok(0)` is its end, and so is an error; neither
    /// is followed by another read.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Reads from the child's stderr, as [`poll_read`](Self::poll_read) does from stdout. Without a stderr: `Ok(0)`.
    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let _ = (cx, buffer);
        Poll::Ready(Ok(0))
    }

    /// Writes to the child's stdin and says how many of `bytes`, which are not empty, it took. The rest comes again in
    /// a later call, with more behind it or not at all. `Ok(0)` and errors mean that nothing more can be written.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Passes on what was written and is still held back here. Called after writes; more may be written while it is
    /// pending.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Passes on what was written and closes the child's stdin, so that it reads its end. Nothing is written afterwards.
    /// Polled until it is ready, an error included, but signals do not wait for it.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Waits until the child has closed its stdin: what was written may be unread, and nothing more can be written. Polled
    /// while there is nothing to write; not again once it is ready. By default it never comes, and the next write fails.
    fn poll_stdin_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }

    /// Waits for the child's exit. Not polled again once it is ready. It must not touch stdin: some libraries close it
    /// when they wait. Without a process it never comes.
    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let _ = cx;
        Poll::Pending
    }

    /// Waits until [`now`](Self::now) is at least `at`. There is one timer: another `at` takes the place of the former.
    /// It may be ready too early or too late; being ready does nothing but make the driver look at the clock.
    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()>;

    /// Returns how many bytes of stdin the other side has taken since the session's start. [`Driver::resume`](crate::Driver::resume)
    /// asks once. `None`, the default, stands for as many as the restored session knows.
    fn stdin_taken(&self) -> Option<u64> {
        None
    }

    /// Notes that every input up to these positions is in the [journal](crate::Driver::record_required): whoever keeps the
    /// streams can drop what lies before. Called in order, and only with such a journal. It must not block.
    fn acknowledge(&mut self, offsets: Offsets) {
        let _ = offsets;
    }

    /// The child's process id, where there is a process.
    fn process_id(&self) -> Option<u32> {
        None
    }

    /// Asks the child to end, at once, as [`ChildCommand::Terminate`](crate::ChildCommand::Terminate) says. It cannot fail:
    /// what is already gone needs no signal. After [`poll_exit`](Self::poll_exit) was ready the process's number may be
    /// another's, and nothing is sent to it.
    fn terminate(&mut self) {}

    /// Ends the child and its group, at once, as [`ChildCommand::Kill`](crate::ChildCommand::Kill) says; otherwise as
    /// [`terminate`](Self::terminate).
    fn kill(&mut self) {}
}
