//! Kept sessions as [transports](claude_duplex::Transport) of the crate `claude-duplex`.
//!
//! A host starts a session once, and attaches to it at the start and after each restart:
//!
//! * first: [`Launch::from_options`](crate::Launch::from_options), `start`, `attach`, `Driver::new`;
//! * after a restart: `JournalFile::open`, [`Attach::resume`], `attach`, `Driver::resume`.
//!
//! **A lost connection** is not the end of the session, so the transport does not report an end of stdout. It stops, and
//! [`Kept::lost`] returns the reason. The host then drops the driver and attaches again.
//!
//! **The end.** A session whose CLI has exited stays until a host [releases](crate::Attached::release) it or the policy ends it.

mod inbox;
mod link;
mod lost;
#[cfg(feature = "smol")]
pub mod smol;
#[cfg(feature = "tokio")]
pub mod tokio;
mod wake;

pub use lost::{Lost, LostReason};

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use claude_duplex::{Exit, Offsets, SessionTime, Transport};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::attach::{Attach, READ};
use crate::error::AttachError;
use crate::frame::{FrameReader, FromKeeper, Hello, Signal, Start, ToKeeper, Welcome};
use link::Link;
use wake::Relay;

/// Maximum number of reads and writes in one poll, before other tasks run.
const ROUNDS: usize = 16;

/// Timer of a runtime.
pub trait Timer {
    /// Waits until `at`. A call with another time replaces the former one.
    fn poll_at(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()>;
}

/// Session that a keeper keeps, as a transport.
///
/// Dropping it detaches from the session, and the CLI continues. The stream leads to the keeper's socket, directly or through a
/// bridge (`claude-duplex-keeper attach`).
pub struct Kept<S, T> {
    stream: S,
    timer: T,
    epoch: Instant,
    welcome: Welcome,
    link: Link,
    relay: Relay,
}

impl<S: AsyncRead + AsyncWrite + Unpin, T: Timer> Kept<S, T> {
    /// Attaches over a stream on which no frame was sent or received yet. [`Attach::hello`] creates the hello.
    ///
    /// # Errors
    /// [`AttachError`] if the keeper refuses, speaks another protocol, or the stream ends.
    pub async fn over(mut stream: S, timer: T, hello: Hello) -> Result<Self, AttachError> {
        let mut bytes = Vec::new();
        ToKeeper::Hello(hello.clone()).put(&mut bytes);
        // A keeper that refuses before it has read the hello sends its reason first.
        let sent = match stream.write_all(&bytes).await {
            Ok(()) => stream.flush().await,
            failed => failed,
        };
        let mut reader = FrameReader::default();
        while !reader.has_frame()? {
            match stream.read(reader.space(READ)).await? {
                0 => return Err(sent.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()).into()),
                count => reader.filled(count),
            }
        }
        let welcome = match FromKeeper::read(reader.next_frame()?.unwrap_or_default())? {
            FromKeeper::Welcome(welcome) => welcome,
            FromKeeper::Refused(refusal) => return Err(refusal.into()),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "the first frame is not a welcome").into()),
        };
        let link = Link::new(&hello, &welcome, reader);
        Ok(Self { stream, timer, epoch: Instant::now(), welcome, link, relay: Relay::new() })
    }

    /// Acknowledges bytes as soon as the driver has read them. This is for a host without a journal, which loses these bytes if
    /// it restarts. By default, bytes are acknowledged when they are in the required journal of the driver.
    #[must_use]
    pub fn without_journal(mut self) -> Self {
        self.link.acknowledges_reads = true;
        self
    }

    /// Returns a future that completes with the reason for the end of the connection. It can be cloned, and awaited while the
    /// driver runs.
    #[must_use]
    pub fn lost(&self) -> Lost {
        self.link.lost.clone()
    }

    /// Returns the state of the session when this transport was attached.
    #[must_use]
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Reads and writes as far as possible without waiting.
    fn pump(&mut self, cx: &Context<'_>) {
        let Some(waker) = self.relay.begin(cx, self.link.has_output()) else { return };
        let cx = &mut Context::from_waker(&waker);
        for _ in 0..ROUNDS {
            let written = self.write(cx);
            let read = self.read(cx);
            if !written && !read || self.link.lost.is_lost() {
                return;
            }
        }
        // There may be more.
        self.relay.again();
    }

    /// Writes once. Returns `false` if nothing can be written now.
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.link.has_output() || self.link.lost.is_lost() {
            return false;
        }
        match Pin::new(&mut self.stream).poll_write(cx, self.link.output()) {
            Poll::Pending => false,
            Poll::Ready(Ok(count)) if count > 0 => {
                self.link.written(count);
                // What is held back in the stream is not there.
                let flushed = Pin::new(&mut self.stream).poll_flush(cx);
                !matches!(flushed, Poll::Ready(Err(_)))
            }
            // The reason for which the keeper has closed the connection can still be read.
            Poll::Ready(_) => {
                self.link.drop_output();
                true
            }
        }
    }

    /// Reads once. Returns `false` if nothing can be read now.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        match Pin::new(&mut self.stream).poll_read(cx, self.link.space()) {
            Poll::Pending => false,
            Poll::Ready(Ok(0)) => {
                self.link.lost.set(LostReason::Closed);
                false
            }
            Poll::Ready(Ok(count)) => {
                self.link.receive(count);
                true
            }
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => true,
            Poll::Ready(Err(error)) => {
                self.link.lost.set(LostReason::Failed(error.to_string()));
                false
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, T: Timer> Transport for Kept<S, T> {
    fn now(&self) -> SessionTime {
        SessionTime::from(self.epoch.elapsed())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.link.stdout.has_any() {
            self.pump(cx);
        }
        let read = self.link.stdout.read(buffer);
        self.link.read();
        self.pump(cx);
        read.map(Ok)
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.link.stderr.has_any() {
            self.pump(cx);
        }
        let read = self.link.stderr.read(buffer);
        self.link.read();
        self.pump(cx);
        read.map(Ok)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.link.forward(bytes);
        self.pump(cx);
        match self.link.report(bytes.len()) {
            0 if self.link.stdin_closed => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            0 => Poll::Pending,
            count => Poll::Ready(Ok(count)),
        }
    }

    /// Completes at once: the transport has no write buffer.
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.end_stdin();
        self.pump(cx);
        // While it is not written, a crash would leave a stdin that is open.
        if self.link.has_output() && !self.link.lost.is_lost() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn poll_stdin_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pump(cx);
        if self.link.stdin_closed { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        self.pump(cx);
        self.link.exit().map_or(Poll::Pending, Poll::Ready)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        let since = at.saturating_duration_since(SessionTime::ZERO);
        let Some(at) = self.epoch.checked_add(since) else { return Poll::Pending };
        ready!(self.timer.poll_at(cx, at));
        Poll::Ready(())
    }

    fn stdin_taken(&self) -> Option<u64> {
        Some(self.link.taken())
    }

    fn acknowledge(&mut self, offsets: Offsets) {
        self.link.acknowledge(offsets.stdout, offsets.stderr);
    }

    fn process_id(&self) -> Option<u32> {
        Some(self.welcome.cli)
    }

    fn terminate(&mut self) {
        self.link.signal(Signal::Terminate);
    }

    fn kill(&mut self) {
        self.link.signal(Signal::Kill);
    }
}

impl<S, T> fmt::Debug for Kept<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("session", &self.welcome.session)
            .field("epoch", &self.welcome.epoch)
            .field("lost", &self.link.lost.reason())
            .finish_non_exhaustive()
    }
}

impl Attach {
    /// Attaches as the controller of a restored session. Reads from the offsets of stdout and stderr up to which the session
    /// has received them.
    #[must_use]
    pub fn resume(offsets: Offsets) -> Self {
        Self::controller().from(Start::At(offsets.stdout), Start::At(offsets.stderr))
    }
}
