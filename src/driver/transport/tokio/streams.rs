//! Two byte streams, a clock and a timer: a session without a process, and the pipes of one with it.

use std::fmt;
use std::future::Future;
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

/// Creates a session over two byte streams, e.g. a socket, the attached pipes of a container, or a channel of an SSH library.
/// No I/O happens until the driver is polled.
///
/// The end of `reader` is the end of the session. There is no exit status, no stderr, and no process for signals. At the end
/// of the session `writer` is shut down and dropped. Split a stream that is both reader and writer first, with
/// `tokio::io::split`:
///
/// ```
/// use claude_duplex::{Action, CloseReason, Config, Seed};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (ours, theirs) = tokio::io::duplex(64 * 1024);
/// let (reader, writer) = tokio::io::split(ours);
/// let mut claude = claude_duplex::driver::tokio::over(reader, writer, Config::new(Seed::random()));
/// drop(theirs);
/// let Some(Action::Closed(closed)) = claude.next().await else { panic!("the other end is gone") };
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

/// Transport of [`over`], with a name so that a struct can hold its `Driver`.
///
/// The clock is that of tokio: if a test pauses it, the deadlines of the session pause too.
pub struct TokioStreams<R, W> {
    reader: R,
    writer: Option<W>,
    clock: Clock,
    /// `None` before the first deadline, because creating a timer needs a runtime, and for a deadline that cannot be
    /// represented.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<R, W> TokioStreams<R, W> {
    pub(super) fn new(reader: R, writer: W) -> Self {
        Self { reader, writer: Some(writer), clock: Clock::new(Instant::now().into_std()), timer: None }
    }

    #[cfg(unix)]
    pub(super) fn reader(&self) -> &R {
        &self.reader
    }

    #[cfg(unix)]
    pub(super) fn writer(&self) -> Option<&W> {
        self.writer.as_ref()
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

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Transport for TokioStreams<R, W> {
    fn now(&self) -> SessionTime {
        self.clock.time(Instant::now().into_std())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        read(&mut self.reader, cx, buffer)
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

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        match (self.clock.arm(at), &mut self.timer) {
            (Some(Alarm::At(instant)), Some(timer)) => timer.as_mut().reset(instant.into()),
            (Some(Alarm::At(instant)), timer) => *timer = Some(Box::pin(sleep_until(instant.into()))),
            (Some(Alarm::Never), timer) => *timer = None,
            (None, _) => {}
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        ready!(timer.as_mut().poll(cx));
        self.clock.rang();
        Poll::Ready(())
    }
}

impl<R, W> fmt::Debug for TokioStreams<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioStreams").field("closed", &self.writer.is_none()).finish_non_exhaustive()
    }
}
