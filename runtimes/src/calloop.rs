//! Child processes in a `calloop` event loop.
//!
//! [`CalloopTransport`] does the I/O in the loop, for a `Driver` in any executor of the thread. [`CalloopDriver`] is a driver that
//! needs no executor: it calls back with each action.

mod driver;
mod timer;

pub use driver::CalloopDriver;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::{Pin, pin};
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use ::calloop::LoopHandle;
use ::calloop::io::Async;
use claude_duplex::driver::{ChildPipes, ChildProcess};
use claude_duplex::{Config, Driver, Exit, Options, SessionTime, SpawnError, Transport, TransportKind};
use futures_io::{AsyncRead, AsyncWrite};

use crate::not_watched;
use timer::Timer;

/// Starts the CLI and creates a session for it, whose I/O is done by this loop. No I/O happens until the driver is polled.
///
/// # Errors
/// If the options are refused, the program cannot be started, or the system has no pidfd (before Linux 5.3).
pub fn spawn<D>(
    handle: &LoopHandle<'static, D>,
    options: &Options,
    config: Config,
) -> Result<Driver<CalloopTransport<D>>, SpawnError> {
    spawn_with(handle, options, config, |_| {})
}

/// Starts the CLI like [`spawn`], with a command that the host changes first.
///
/// # Errors
/// As for [`spawn`].
pub fn spawn_with<D>(
    handle: &LoopHandle<'static, D>,
    options: &Options,
    mut config: Config,
    change: impl FnOnce(&mut Command),
) -> Result<Driver<CalloopTransport<D>>, SpawnError> {
    config.transport = TransportKind::Process;
    let (process, pipes) = ChildProcess::spawn_with(options, &config, change)?;
    let transport = CalloopTransport::new(handle, process, pipes).map_err(|error| not_watched(options, error))?;
    Ok(Driver::new(config, transport))
}

/// Child process whose pipes, exit and timer are sources of an event loop.
///
/// It must not be owned by another source of the loop: `calloop` drops a source while it is changing the list of sources.
pub struct CalloopTransport<D: 'static> {
    process: ChildProcess,
    /// Readable once the process has exited.
    exit: Async<'static, OwnedFd>,
    stdin: Option<Async<'static, ChildStdin>>,
    /// Second descriptor of stdin. On Linux the writing end of a pipe reports an error, and nothing else, to a reader.
    stdin_closed: Option<Async<'static, OwnedFd>>,
    stdout: Async<'static, ChildStdout>,
    stderr: Async<'static, ChildStderr>,
    epoch: Instant,
    timer: Timer<D>,
}

impl<D> CalloopTransport<D> {
    fn new(
        handle: &LoopHandle<'static, D>,
        process: ChildProcess,
        ChildPipes { stdin, stdout, stderr }: ChildPipes,
    ) -> io::Result<Self> {
        let stdin_closed = stdin.as_fd().try_clone_to_owned()?;
        Ok(Self {
            exit: handle.adapt_io(process.pidfd()?)?,
            process,
            // The first of the two makes the pipe non-blocking. The other, which is dropped first, leaves it so.
            stdin: Some(handle.adapt_io(stdin)?),
            stdin_closed: Some(handle.adapt_io(stdin_closed)?),
            stdout: handle.adapt_io(stdout)?,
            stderr: handle.adapt_io(stderr)?,
            epoch: Instant::now(),
            timer: Timer::new(handle.clone()),
        })
    }

    /// Returns the process id. Once the process has exited, the id may belong to another process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl<D> Transport for CalloopTransport<D> {
    fn now(&self) -> SessionTime {
        SessionTime::from(self.epoch.elapsed())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdout).poll_read(cx, buffer)
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stderr).poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_write(cx, bytes),
            None => Poll::Ready(Ok(0)),
        }
    }

    /// A pipe has nothing to flush.
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stdin_closed = None;
        self.stdin = None;
        Poll::Ready(Ok(()))
    }

    fn poll_stdin_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(closed) = &mut self.stdin_closed else { return Poll::Pending };
        ready!(pin!(closed.readable()).poll(cx));
        self.stdin_closed = None;
        Poll::Ready(())
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        loop {
            ready!(pin!(self.exit.readable()).poll(cx));
            if let Some(exit) = self.process.try_wait() {
                return Poll::Ready(exit);
            }
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        let since = at.saturating_duration_since(SessionTime::ZERO);
        match self.epoch.checked_add(since) {
            Some(instant) => self.timer.poll(cx, instant),
            None => Poll::Pending,
        }
    }

    fn process_id(&self) -> Option<u32> {
        Some(self.id())
    }

    fn terminate(&mut self) {
        self.process.terminate();
    }

    fn kill(&mut self) {
        self.process.kill();
    }
}

impl<D> fmt::Debug for CalloopTransport<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalloopTransport").field("process", &self.process).finish_non_exhaustive()
    }
}
