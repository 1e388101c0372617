//! Two byte streams, a clock and a timer: a session without a process, and the pipes of one with it.

use std::fmt;
use std::future::{Future, Pending};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::base::time::SessionTime;
use crate::driver::Driver;
use crate::driver::transport::Transport;
use crate::driver::transport::clock::{Alarm, Clock};
use crate::protocol::config::{Config, TransportKind};
use crate::protocol::end::Exit;

/// Creates a session over two byte streams, e.g. a socket, the attached pipes of a container, or a channel of an SSH library.
/// No I/O happens until the driver is polled.
///
/// The end of `reader` is the end of the session. The session has no stderr, no process to signal, and no exit status. For
/// streams with an exit status use [`over_with_exit`]. At the end of the session `writer` is shut down and dropped. Split a
/// stream that is both reader and writer first, with `tokio::io::split`:
///
/// ```
/// use claude_duplex::{Action, CloseReason, Config, Seed};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
/// # runtime.unwrap().block_on(async {
/// let (ours, theirs) = tokio::io::duplex(64 * 1024);
/// let (reader, writer) = tokio::io::split(ours);
/// let config = Config::new(Seed::random());
/// let mut claude = claude_duplex::driver::tokio::over(reader, writer, config);
/// drop(theirs);
/// let Some(Action::Closed(closed)) = claude.next().await else { panic!() };
/// assert_eq!(closed.reason, CloseReason::Eof);
/// # });
/// ```
pub fn over<R, W>(reader: R, writer: W, mut config: Config) -> Driver<TokioStreams<R, W>>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    config.transport = TransportKind::Streams;
    Driver::new(config, TokioStreams::new(reader, writer))
}

/// Creates a session over two byte streams whose other end is a process with an exit status, e.g. a channel of an SSH library
/// or an `exec` in a container. Otherwise like [`over`].
///
/// `exit` waits for the status. The session ends when both have come, the end of `reader` and the status, in any order.
/// Whichever comes first, the other is waited for at most [`ShutdownTimeouts::pipes`](crate::ShutdownTimeouts::pipes), 2 s
/// by default. If no status can come any more, e.g. because the link is lost, `exit` returns
/// [`Exit::Unknown`].
///
/// Signals cannot be sent. Instead of a kill (an abort, or a close after its grace periods), both streams are dropped. The
/// status is then still waited for. An [`ssh`](crate::Options::launcher) that runs as a process has a stderr too.
///
/// The page [beyond one machine](crate::guide::beyond_one_machine) has the streams of three libraries.
///
/// ```
/// use claude_duplex::{Action, Config, Exit, Seed};
/// use claude_duplex::driver::tokio::over_with_exit;
///
/// # let mut runtime = tokio::runtime::Builder::new_current_thread();
/// # runtime.enable_all().build().unwrap().block_on(async {
/// // In place of a channel: its output and input, and its exit status.
/// let (ours, theirs) = tokio::io::duplex(64 * 1024);
/// let exit = async { Exit::Code(127) };
/// drop(theirs);
/// let (reader, writer) = tokio::io::split(ours);
/// let config = Config::new(Seed::random());
/// let mut claude = over_with_exit(reader, writer, exit, config);
/// let Some(Action::Closed(closed)) = claude.next().await else { panic!() };
/// assert_eq!(closed.to_string(), "the CLI exited; exit status 127");
/// # });
/// ```
pub fn over_with_exit<R, W, E>(reader: R, writer: W, exit: E, mut config: Config) -> Driver<TokioStreams<R, W, E>>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    E: Future<Output = Exit>,
{
    config.transport = TransportKind::Process;
    // Whatever the process has started is not in reach.
    config.kill_group = false;
    Driver::new(config, TokioStreams::with_exit(reader, writer, Some(exit)))
}

/// Transport of [`over`] and [`over_with_exit`], with a name so that a struct can hold its `Driver`.
///
/// The clock is that of tokio: if a test pauses it, the deadlines of the session pause too.
pub struct TokioStreams<R, W, E = Pending<Exit>> {
    /// `None` after a kill.
    reader: Option<R>,
    writer: Option<W>,
    exit: Option<Pin<Box<E>>>,
    clock: Clock,
    /// `None` before the first deadline, because creating a timer needs a runtime, and for a deadline that cannot be
    /// represented.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<R, W> TokioStreams<R, W> {
    pub(super) fn new(reader: R, writer: W) -> Self {
        Self::with_exit(reader, writer, None)
    }

    #[cfg(unix)]
    pub(super) fn reader(&self) -> Option<&R> {
        self.reader.as_ref()
    }

    #[cfg(unix)]
    pub(super) fn writer(&self) -> Option<&W> {
        self.writer.as_ref()
    }
}

impl<R, W, E> TokioStreams<R, W, E> {
    fn with_exit(reader: R, writer: W, exit: Option<E>) -> Self {
        Self {
            reader: Some(reader),
            writer: Some(writer),
            exit: exit.map(Box::pin),
            clock: Clock::new(Instant::now().into_std()),
            timer: None,
        }
    }
}

/// Reads like other runtimes: returns the number of bytes, 0 at the end.
pub(super) fn read(
    reader: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    ready!(Pin::new(reader).poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin, E: Future<Output = Exit>> Transport for TokioStreams<R, W, E> {
    fn now(&self) -> SessionTime {
        self.clock.time(Instant::now().into_std())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.reader {
            Some(reader) => read(reader, cx, buffer),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.writer {
            Some(writer) => Pin::new(writer).poll_write(cx, bytes),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.writer {
            Some(writer) => Pin::new(writer).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// A socket is closed by `poll_shutdown`, a pipe by its drop.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writer) = &mut self.writer else { return Poll::Ready(Ok(())) };
        let closed = ready!(Pin::new(writer).poll_shutdown(cx));
        self.writer = None;
        Poll::Ready(closed)
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let Some(exit) = &mut self.exit else { return Poll::Pending };
        let status = ready!(exit.as_mut().poll(cx));
        self.exit = None;
        Poll::Ready(status)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        match (self.clock.arm(at), &mut self.timer) {
            (Some(Alarm::At(instant)), Some(timer)) => timer.as_mut().reset(instant.into()),
            (Some(Alarm::At(instant)), timer) => *timer = Some(Box::pin(sleep_until(instant.into()))),
            (Some(Alarm::Never), timer) => *timer = None,
            (None, _) => {}
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        ready!(timer.as_mut().poll(cx));
        self.clock.fired();
        Poll::Ready(())
    }

    /// Drops both streams. The other side sees only their end.
    fn kill(&mut self) {
        (self.reader, self.writer) = (None, None);
    }
}

impl<R, W, E> fmt::Debug for TokioStreams<R, W, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioStreams").field("closed", &self.writer.is_none()).finish_non_exhaustive()
    }
}
