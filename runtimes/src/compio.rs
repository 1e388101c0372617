//! Child processes on `compio`, whose operations own their buffers until they complete.
//!
//! A read is in flight as long as the driver wants output, and its bytes are copied out when it has completed. A write takes a
//! copy of the bytes and reports them as written at once, like a pipe with a buffer: `poll_flush` waits for the rest.

mod pipes;

use std::future::Future;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::process::{ChildStderr, ChildStdout, Command};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use ::compio::driver::DriverType;
use ::compio::runtime::Runtime;
use ::compio::runtime::fd::PollFd;
use ::compio::time::sleep_until;
use claude_duplex::driver::{ChildPipes, ChildProcess};
use claude_duplex::{Config, Driver, Exit, Options, SessionTime, SpawnError, Transport, TransportKind};

use crate::not_watched;
use pipes::{Reader, Writer};

/// Operation in flight, which owns everything that it uses.
type Operation<T> = Pin<Box<dyn Future<Output = T>>>;

/// Starts the CLI and creates a session for it. No I/O happens until the driver is polled, which this runtime has to do.
///
/// # Errors
/// If the options are refused, the program cannot be started, or the system has no pidfd (before Linux 5.3).
///
/// # Panics
/// Outside of a runtime of `compio`.
pub fn spawn(options: &Options, config: Config) -> Result<Driver<CompioTransport>, SpawnError> {
    spawn_with(options, config, |_| {})
}

/// Starts the CLI like [`spawn`], with a command that the host changes first.
///
/// # Errors
/// As for [`spawn`].
///
/// # Panics
/// Outside of a runtime of `compio`.
pub fn spawn_with(
    options: &Options,
    mut config: Config,
    change: impl FnOnce(&mut Command),
) -> Result<Driver<CompioTransport>, SpawnError> {
    config.transport = TransportKind::Process;
    let (process, pipes) = ChildProcess::spawn_with(options, &config, change)?;
    let transport = CompioTransport::new(process, pipes).map_err(|error| not_watched(options, error))?;
    Ok(Driver::new(config, transport))
}

/// Child process on the `compio` runtime of this thread.
#[derive(Debug)]
pub struct CompioTransport {
    process: ChildProcess,
    /// Readable once the process has exited.
    exit: PollFd<OwnedFd>,
    stdin: Option<Writer>,
    /// Second descriptor of stdin. On Linux the writing end of a pipe reports an error, and nothing else, to a reader.
    stdin_closed: Option<PollFd<OwnedFd>>,
    stdout: Reader<ChildStdout>,
    stderr: Reader<ChildStderr>,
    epoch: Instant,
    timer: Timer,
}

impl CompioTransport {
    fn new(process: ChildProcess, ChildPipes { stdin, stdout, stderr }: ChildPipes) -> io::Result<Self> {
        // By readiness, a write of more than the pipe has room for would block the thread. By completion, on the other hand,
        // the system does not wait for a descriptor that is not blocking.
        if Runtime::with_current(Runtime::driver_type) == DriverType::Poll {
            rustix::io::ioctl_fionbio(&stdin, true)?;
        }
        Ok(Self {
            exit: PollFd::new(process.pidfd()?)?,
            process,
            stdin_closed: Some(PollFd::new(stdin.as_fd().try_clone_to_owned()?)?),
            stdin: Some(Writer::new(stdin)?),
            stdout: Reader::new(stdout)?,
            stderr: Reader::new(stderr)?,
            epoch: Instant::now(),
            timer: Timer::default(),
        })
    }

    /// Returns the process id. Once the process has exited, the id may belong to another process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Transport for CompioTransport {
    fn now(&self) -> SessionTime {
        SessionTime::from(self.epoch.elapsed())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.stdout.poll_read(cx, buffer)
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.stderr.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stdin {
            Some(stdin) => stdin.poll_write(cx, bytes),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stdin {
            Some(stdin) => stdin.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(self.poll_flush(cx));
        (self.stdin, self.stdin_closed) = (None, None);
        Poll::Ready(flushed)
    }

    fn poll_stdin_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(closed) = &self.stdin_closed else { return Poll::Pending };
        let is_closed = ready!(closed.poll_read_ready(cx)).is_ok();
        self.stdin_closed = None;
        // Without the watch, the next write reports it.
        if is_closed { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        loop {
            let polled = ready!(self.exit.poll_read_ready(cx));
            match (self.process.try_wait(), polled) {
                (Some(exit), _) => return Poll::Ready(exit),
                (None, Ok(())) => {}
                (None, Err(_)) => return Poll::Ready(Exit::Unknown),
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

/// The one timer of the transport.
#[derive(Default)]
struct Timer(Option<(Instant, Operation<()>)>);

impl Timer {
    fn poll(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        if self.0.as_ref().is_none_or(|(set, _)| *set != at) {
            self.0 = Some((at, Box::pin(sleep_until(at))));
        }
        if let Some((_, sleep)) = &mut self.0 {
            ready!(sleep.as_mut().poll(cx));
        }
        self.0 = None;
        Poll::Ready(())
    }
}

impl std::fmt::Debug for Timer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Timer").field(&self.0.as_ref().map(|(at, _)| at)).finish()
    }
}
