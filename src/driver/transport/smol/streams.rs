//! Two byte streams, a clock and a timer: a session without a process, and the pipes of one with it.

use std::fmt;
use std::future::{Future, Pending};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::Timer;
use futures_lite::{AsyncRead, AsyncWrite};

use super::relay::WakerRelay;
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
/// streams with an exit status use [`over_with_exit`]. At the end of the session `writer` is closed and dropped, and the other
/// side has to see the end. A socket of `async-net` shows it; one in an `async_io::Async` only flushes, and the end then takes
/// its [grace periods](crate::ShutdownTimeouts). [Split](futures_lite::io::split) a stream that is both reader and writer
/// first:
///
/// ```no_run
/// use claude_duplex::{Config, Seed};
/// use smol::net::TcpStream;
///
/// # async fn connect() -> std::io::Result<()> {
/// let (reader, writer) = smol::io::split(TcpStream::connect("127.0.0.1:4567").await?);
/// let mut claude =
///     claude_duplex::driver::smol::over(reader, writer, Config::new(Seed::random()));
/// # Ok(())
/// # }
/// ```
pub fn over<R, W>(reader: R, writer: W, mut config: Config) -> Driver<SmolStreams<R, W>>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    config.transport = TransportKind::Streams;
    Driver::new(config, SmolStreams::new(reader, writer))
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
/// ```
/// use claude_duplex::{Action, Config, Exit, Seed};
/// use claude_duplex::driver::smol::over_with_exit;
/// use smol::io::Cursor;
///
/// # smol::block_on(async {
/// // In place of a channel: its output, its input, and its exit status.
/// let (reader, writer) = (Cursor::new(b""), Cursor::new(Vec::new()));
/// let exit = async { Exit::Code(127) };
/// let config = Config::new(Seed::random());
/// let mut claude = over_with_exit(reader, writer, exit, config);
/// let Some(Action::Closed(closed)) = claude.next().await else { panic!() };
/// assert_eq!(closed.to_string(), "the CLI exited; exit status 127");
/// # });
/// ```
pub fn over_with_exit<R, W, E>(reader: R, writer: W, exit: E, mut config: Config) -> Driver<SmolStreams<R, W, E>>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    E: Future<Output = Exit>,
{
    config.transport = TransportKind::Process;
    // Whatever the process has started is not in reach.
    config.kill_group = false;
    Driver::new(config, SmolStreams::with_exit(reader, writer, Some(exit)))
}

/// Transport of [`over`] and [`over_with_exit`], with a name so that a struct can hold its `Driver`.
pub struct SmolStreams<R, W, E = Pending<Exit>> {
    /// `None` after a kill.
    reader: Option<R>,
    writer: Option<W>,
    exit: Option<Pin<Box<E>>>,
    clock: Clock,
    timer: Timer,
    pub(super) relay: WakerRelay,
}

impl<R, W> SmolStreams<R, W> {
    pub(super) fn new(reader: R, writer: W) -> Self {
        Self::with_exit(reader, writer, None)
    }
}

impl<R, W, E> SmolStreams<R, W, E> {
    fn with_exit(reader: R, writer: W, exit: Option<E>) -> Self {
        Self {
            reader: Some(reader),
            writer: Some(writer),
            exit: exit.map(Box::pin),
            clock: Clock::new(Instant::now()),
            timer: Timer::never(),
            relay: WakerRelay::new(),
        }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin, E: Future<Output = Exit>> Transport for SmolStreams<R, W, E> {
    fn now(&self) -> SessionTime {
        self.clock.time(Instant::now())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.reader {
            Some(reader) => Pin::new(reader).poll_read(&mut self.relay.context(cx), buffer),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.writer {
            Some(writer) => Pin::new(writer).poll_write(&mut self.relay.context(cx), bytes),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.writer {
            Some(writer) => Pin::new(writer).poll_flush(&mut self.relay.context(cx)),
            None => Poll::Ready(Ok(())),
        }
    }

    /// A socket is closed by `poll_close`, a pipe by its drop.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writer) = &mut self.writer else { return Poll::Ready(Ok(())) };
        let closed = ready!(Pin::new(writer).poll_close(&mut self.relay.context(cx)));
        self.writer = None;
        Poll::Ready(closed)
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let Some(exit) = &mut self.exit else { return Poll::Pending };
        let status = ready!(exit.as_mut().poll(&mut self.relay.context(cx)));
        self.exit = None;
        Poll::Ready(status)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        match self.clock.arm(at) {
            Some(Alarm::At(instant)) => self.timer.set_at(instant),
            Some(Alarm::Never) => self.timer.clear(),
            None => {}
        }
        ready!(Pin::new(&mut self.timer).poll(&mut self.relay.context(cx)));
        self.clock.fired();
        Poll::Ready(())
    }

    /// Drops both streams. The other side sees only their end.
    fn kill(&mut self) {
        (self.reader, self.writer) = (None, None);
    }
}

impl<R, W, E> fmt::Debug for SmolStreams<R, W, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolStreams").field("closed", &self.writer.is_none()).finish_non_exhaustive()
    }
}
