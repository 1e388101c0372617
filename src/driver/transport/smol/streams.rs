//! Two byte streams, a clock and a timer: a session without a process, and the pipes of one with it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::Timer;
use futures_lite::{AsyncRead, AsyncWrite};

use super::relay::Relay;
use crate::base::time::SessionTime;
use crate::driver::Driver;
use crate::driver::transport::Transport;
use crate::driver::transport::clock::{Alarm, Clock};
use crate::protocol::config::{Config, TransportKind};

/// Creates a session over two byte streams, e.g. a socket, the attached pipes of a container, or a channel of an SSH library.
/// No I/O happens until the driver is polled.
///
/// The end of `reader` is the end of the session. There is no exit status, no stderr, and no process for signals. At the end
/// of the session `writer` is closed and dropped, and the other side has to see the end. A socket of `async-net` shows it;
/// one in an `async_io::Async` only flushes, and the end then takes its [grace periods](crate::ShutdownTimeouts).
/// [Split](futures_lite::io::split) a stream that is both reader and writer first:
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

/// Transport of [`over`], with a name so that a struct can hold its `Driver`.
pub struct SmolStreams<R, W> {
    reader: R,
    writer: Option<W>,
    clock: Clock,
    timer: Timer,
    pub(super) relay: Relay,
}

impl<R, W> SmolStreams<R, W> {
    pub(super) fn new(reader: R, writer: W) -> Self {
        let clock = Clock::new(Instant::now());
        Self { reader, writer: Some(writer), clock, timer: Timer::never(), relay: Relay::new() }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport for SmolStreams<R, W> {
    fn now(&self) -> SessionTime {
        self.clock.time(Instant::now())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(&mut self.relay.context(cx), buffer)
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

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        match self.clock.arm(at) {
            Some(Alarm::At(instant)) => self.timer.set_at(instant),
            Some(Alarm::Never) => self.timer.clear(),
            None => {}
        }
        ready!(Pin::new(&mut self.timer).poll(&mut self.relay.context(cx)));
        self.clock.rang();
        Poll::Ready(())
    }
}

impl<R, W> fmt::Debug for SmolStreams<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolStreams").field("closed", &self.writer.is_none()).finish_non_exhaustive()
    }
}
