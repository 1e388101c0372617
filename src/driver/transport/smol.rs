//! Child processes on smol's reactor: `async-io` and `async-process`.
//!
//! The futures run on any executor. A program without one uses `async_io::block_on`, which also drives the reactor; with
//! another `block_on`, each wake comes from a second thread.
//!
//! ```no_run
//! use claude_duplex::{Action, Config, Options, Seed};
//!
//! async_io::block_on(async {
//!     let options = Options::new().model("sonnet");
//!     let mut claude =
//!         claude_duplex::driver::smol::spawn(&options, Config::new(Seed::random()))?;
//!     let question = claude.prompt("what is in this folder?")?;
//!     while let Some(action) = claude.next().await {
//!         match action {
//!             Action::PromptEnded { prompt, outcome, result, .. }
//!                 if prompt == question =>
//!             {
//!                 let answer = result.and_then(|result| result.result_text());
//!                 println!("{outcome}: {}", answer.unwrap_or_default());
//!                 claude.close();
//!             }
//!             Action::Closed(closed) => println!("{}", closed.reason),
//!             _ => {}
//!         }
//!     }
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })
//! .unwrap();
//! ```

mod relay;
#[cfg(target_os = "linux")]
mod stdin;
mod streams;

pub use streams::{SmolStreams, over, over_with_exit};

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use futures_lite::AsyncRead;

use super::process::Process;
use super::{SpawnError, Transport, VersionError, set_up, spawn, version};
use crate::base::time::SessionTime;
use crate::driver::Driver;
use crate::options::{Invocation, Options};
use crate::protocol::config::Config;
use crate::protocol::end::Exit;

/// Starts the CLI and creates a session for it. No I/O happens until the driver is polled.
///
/// # Errors
/// If the options are refused, or the program cannot be started.
pub fn spawn(options: &Options, config: Config) -> Result<Driver<SmolTransport>, SpawnError> {
    spawn_with(options, config, |_| {})
}

/// Starts the CLI like [`spawn`](fn@spawn), with a command that the host changes first, e.g. no console window, resource
/// limits, a `pre_exec`, or another process group.
///
/// `change` gets the command with all options, in a process group of its own. The three pipes are set afterwards. If `change`
/// removes the child from that group, a kill reaches only the process.
///
/// ```no_run
/// # #[cfg(unix)] fn example() -> Result<(), claude_duplex::SpawnError> {
/// use claude_duplex::{Config, Options, driver};
/// use std::os::unix::process::CommandExt;
///
/// let claude = driver::smol::spawn_with(&Options::new(), Config::default(), |command| {
///     command.arg0("claude-of-my-host");
/// })?;
/// # drop(claude);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As for [`spawn`](fn@spawn). Errors name the program and the directory of the changed command.
pub fn spawn_with(
    options: &Options,
    config: Config,
    change: impl FnOnce(&mut std::process::Command),
) -> Result<Driver<SmolTransport>, SpawnError> {
    set_up::start(options, config, |invocation| SmolTransport::spawn_with(invocation, change))
}

/// Returns the version of the program of the options, e.g. `2.1.332`, on the reactor of smol. The program is started
/// with only `--version`, in the directory and environment of the options. It is killed if it does not end within the limit.
/// With the version, [`Options::unsupported_flags`] checks the options before a session is started.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use claude_duplex::{Options, driver};
/// use std::time::Duration;
///
/// let options = Options::new().autocompact(100_000);
/// let version = driver::smol::version(&options, Duration::from_secs(10)).await?;
/// for (flag, support) in options.unsupported_flags(&version) {
///     eprintln!("{flag}: {support:?} by {version}");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`VersionError`] if the program cannot be started, does not end in time, fails, or writes no version.
pub async fn version(options: &Options, limit: Duration) -> Result<String, VersionError> {
    let invocation = spawn::version_invocation(options).map_err(SpawnError::from)?;
    version::version(SmolTransport::spawn(&invocation)?, limit).await
}

/// Creates a session for a child that already runs, whatever started it: see [`SmolTransport::adopt`].
///
/// # Errors
/// If the child's stdin or stdout is not piped, or was taken.
pub fn adopt(child: Child, config: Config) -> io::Result<Driver<SmolTransport>> {
    Ok(set_up::driver(SmolTransport::adopt(child)?, config))
}

impl set_up::ProcessTransport for SmolTransport {
    fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// A child process that leads a process group of its own.
///
/// Dropping it before [the exit was reported](Transport::poll_exit) kills the whole group, including processes that the CLI
/// started; `async-process` then reaps the process in the background. Later, dropping it has no effect. If the host itself is
/// killed, the child only reads the end of its stdin.
pub struct SmolTransport {
    child: Child,
    process: Process,
    pipes: SmolStreams<ChildStdout, ChildStdin>,
    stderr: Option<ChildStderr>,
    #[cfg(target_os = "linux")]
    watch: Option<stdin::Watch>,
    status: Pin<Box<dyn Future<Output = io::Result<ExitStatus>> + Send + Sync>>,
}

impl SmolTransport {
    /// Starts a program.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn spawn(invocation: &Invocation) -> Result<Self, SpawnError> {
        Self::spawn_with(invocation, |_| {})
    }

    /// Starts a program with a command that the host changes first: see [`spawn_with`].
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn).
    pub fn spawn_with(
        invocation: &Invocation,
        change: impl FnOnce(&mut std::process::Command),
    ) -> Result<Self, SpawnError> {
        let (command, started) = spawn::command(invocation, change);
        let mut command = Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        spawn::patiently(|| command.spawn()).and_then(Self::lead).map_err(|error| SpawnError::new(started, error))
    }

    /// Takes over a child that was started here.
    fn lead(child: Child) -> io::Result<Self> {
        let this = Self::adopt(child)?;
        #[cfg(windows)]
        let this = this.in_a_job();
        Ok(this)
    }

    /// Puts the child into its own job.
    #[cfg(windows)]
    fn in_a_job(mut self) -> Self {
        self.process.group(std::os::windows::io::AsRawHandle::as_raw_handle(&self.child));
        self
    }

    /// Takes over a child with its pipes. If stderr is not piped, its output is not part of the session.
    ///
    /// A kill reaches the group of the child if the child leads one (`process_group(0)` in
    /// [`std::os::unix::process::CommandExt`]), and otherwise only the process.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if its stdin or stdout is not piped, or was taken. The `kill_on_drop`
    /// setting of its command then decides if the child is killed.
    pub fn adopt(mut child: Child) -> io::Result<Self> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err(spawn::not_piped()) };
        // Without a watch, the next write reports it.
        #[cfg(target_os = "linux")]
        let watch = stdin::Watch::new(&stdin).ok();
        let (process, pipes) = (Process::new(child.id()), SmolStreams::new(stdout, stdin));
        // `status` closes the child's stdin, if the child still has one.
        let status = Box::pin(child.status());
        Ok(Self {
            child,
            process,
            pipes,
            stderr,
            #[cfg(target_os = "linux")]
            watch,
            status,
        })
    }

    /// Returns the process id, which is also the id of its group. Once the process has exited, the id may belong to another
    /// process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Transport for SmolTransport {
    fn now(&self) -> SessionTime {
        self.pipes.now()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.pipes.poll_read(cx, buffer)
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.stderr {
            Some(stderr) => Pin::new(stderr).poll_read(&mut self.pipes.relay.context(cx), buffer),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.pipes.poll_write(cx, bytes)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipes.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        #[cfg(target_os = "linux")]
        {
            self.watch = None;
        }
        self.pipes.poll_close(cx)
    }

    #[cfg(target_os = "linux")]
    fn poll_stdin_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(watch) = &mut self.watch else { return Poll::Pending };
        ready!(watch.poll_closed(&mut self.pipes.relay.context(cx)));
        self.watch = None;
        Poll::Ready(())
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let status = ready!(self.status.as_mut().poll(&mut self.pipes.relay.context(cx)));
        self.process.exit();
        Poll::Ready(status.map_or(Exit::Unknown, Exit::from))
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        self.pipes.poll_timer(cx, at)
    }

    fn process_id(&self) -> Option<u32> {
        Some(self.id())
    }

    /// Errors are ignored: a process that has exited needs no signal.
    fn terminate(&mut self) {
        self.process.terminate(|| drop(self.child.kill()));
    }

    fn kill(&mut self) {
        self.process.kill(|| drop(self.child.kill()));
    }
}

impl Drop for SmolTransport {
    fn drop(&mut self) {
        self.process.dropped(|| drop(self.child.kill()));
    }
}

impl fmt::Debug for SmolTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolTransport")
            .field("process", &self.process)
            .field("pipes", &self.pipes)
            .finish_non_exhaustive()
    }
}
