//! Child processes on tokio.
//!
//! Open and poll sessions within a runtime whose I/O and time drivers are enabled (`enable_all`). Opening one outside of a
//! runtime is an error. Polling one there, or in a runtime without these drivers, panics, as tokio does.
//!
//! ```no_run
//! use claude_duplex::{Action, Config, Options, Seed};
//!
//! # async fn talk() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new().model("sonnet");
//! let mut claude =
//!     claude_duplex::driver::tokio::spawn(&options, Config::new(Seed::random()))?;
//! let question = claude.prompt("what is in this folder?")?;
//! while let Some(action) = claude.next().await {
//!     match action {
//!         Action::Message { message, .. } => println!("{message:?}"),
//!         Action::PromptEnded { prompt, .. } if prompt == question => claude.close(),
//!         Action::Closed(closed) => println!("{}", closed.reason),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(unix)]
mod orphaned;
#[cfg(target_os = "linux")]
mod stdin;
mod streams;

#[cfg(unix)]
pub(crate) use orphaned::Orphaned;

pub use streams::{TokioStreams, over, over_with_exit};

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;

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
/// If the options are refused, the program cannot be started, or the call is made outside of a runtime.
pub fn spawn(options: &Options, config: Config) -> Result<Driver<TokioTransport>, SpawnError> {
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
/// let claude = driver::tokio::spawn_with(&Options::new(), Config::default(), |command| {
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
) -> Result<Driver<TokioTransport>, SpawnError> {
    set_up::start(options, config, |invocation| TokioTransport::spawn_with(invocation, change))
}

/// Returns the version of the program of the options, e.g. `2.1.332`, on the current tokio runtime. The program is started
/// with only `--version`, in the directory and environment of the options. It is killed if it does not end within the limit.
/// With the version, [`Options::unsupported_flags`] checks the options before a session is started.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use claude_duplex::{Options, driver};
/// use std::time::Duration;
///
/// let options = Options::new().autocompact(100_000);
/// let version = driver::tokio::version(&options, Duration::from_secs(10)).await?;
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
    version::version(TokioTransport::spawn(&invocation)?, limit).await
}

/// Creates a session for a child that already runs, whatever started it: see [`TokioTransport::adopt`].
///
/// # Errors
/// If the child's stdin or stdout is not piped or was taken, or the child was already waited for.
pub fn adopt(child: Child, config: Config) -> io::Result<Driver<TokioTransport>> {
    Ok(set_up::driver(TokioTransport::adopt(child)?, config))
}

impl set_up::ProcessTransport for TokioTransport {
    fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// A child process that leads a process group of its own.
///
/// Dropping it before [the exit was reported](Transport::poll_exit) kills the whole group, including processes that the CLI
/// started; tokio then reaps the process as long as the runtime runs. Later, dropping it has no effect. If the host itself is
/// killed, the child only reads the end of its stdin.
pub struct TokioTransport {
    child: Child,
    process: Process,
    pipes: TokioStreams<ChildStdout, ChildStdin>,
    stderr: Option<ChildStderr>,
    #[cfg(target_os = "linux")]
    watch: Option<stdin::Watch>,
    /// Switch that is set when the runtime of the child was shut down.
    #[cfg(unix)]
    orphaned: Orphaned,
}

impl TokioTransport {
    /// Starts a program.
    ///
    /// # Errors
    /// [`SpawnError::NoRuntime`] outside of a runtime; the others if the program cannot be started.
    ///
    /// # Panics
    /// If the I/O driver of the current runtime is off.
    pub fn spawn(invocation: &Invocation) -> Result<Self, SpawnError> {
        Self::spawn_with(invocation, |_| {})
    }

    /// Starts a program with a command that the host changes first: see [`spawn_with`].
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn).
    ///
    /// # Panics
    /// If the I/O driver of the current runtime is off.
    pub fn spawn_with(
        invocation: &Invocation,
        change: impl FnOnce(&mut std::process::Command),
    ) -> Result<Self, SpawnError> {
        if Handle::try_current().is_err() {
            return Err(SpawnError::NoRuntime);
        }
        let (command, started) = spawn::command(invocation, change);
        let mut command = Command::from(command);
        command.kill_on_drop(true);
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
        // A process that was waited for has no handle; this one was not.
        if let Some(handle) = self.child.raw_handle() {
            self.process.group(handle);
        }
        self
    }

    /// Takes over a child with its pipes. If stderr is not piped, its output is not part of the session.
    ///
    /// A kill reaches the group of the child if the child leads one (`process_group(0)` in
    /// [`std::os::unix::process::CommandExt`]), and otherwise only the process.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if its stdin or stdout is not piped or was taken, or if it was already
    /// waited for. [`Other`](io::ErrorKind::Other) outside of a runtime. The `kill_on_drop` setting of its command then
    /// decides if the child is killed.
    pub fn adopt(mut child: Child) -> io::Result<Self> {
        Handle::try_current().map_err(io::Error::other)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err(spawn::not_piped()) };
        let id = child.id().ok_or_else(spawn::has_exited)?;
        Ok(Self {
            child,
            process: Process::new(id),
            // Without a watch, the next write reports it.
            #[cfg(target_os = "linux")]
            watch: stdin::Watch::new(&stdin).ok(),
            pipes: TokioStreams::new(stdout, stdin),
            stderr,
            #[cfg(unix)]
            orphaned: Orphaned::default(),
        })
    }

    /// Returns the switch that lets the child be driven after its runtime.
    #[cfg(all(unix, feature = "session"))]
    pub(crate) fn orphaned(&self) -> Orphaned {
        self.orphaned.clone()
    }

    /// Returns the process id, which is also the id of its group. Once the process has exited, the id may belong to another
    /// process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Transport for TokioTransport {
    fn now(&self) -> SessionTime {
        self.pipes.now()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        #[cfg(unix)]
        if let Some(stdout) = self.pipes.reader().filter(|_| self.orphaned.is_set()) {
            return orphaned::read(stdout, buffer);
        }
        self.pipes.poll_read(cx, buffer)
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.stderr {
            #[cfg(unix)]
            Some(stderr) if self.orphaned.is_set() => orphaned::read(stderr, buffer),
            Some(stderr) => streams::read(stderr, cx, buffer),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        #[cfg(unix)]
        if let Some(stdin) = self.pipes.writer().filter(|_| self.orphaned.is_set()) {
            return orphaned::write(stdin, bytes);
        }
        self.pipes.poll_write(cx, bytes)
    }

    /// A pipe has nothing to flush.
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
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
        if self.orphaned.is_set() {
            return Poll::Pending;
        }
        ready!(watch.poll_closed(cx));
        self.watch = None;
        Poll::Ready(())
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        #[cfg(unix)]
        if self.orphaned.is_set() {
            let exit = match self.child.try_wait() {
                Ok(None) => return Poll::Pending,
                Ok(Some(status)) => Exit::from(status),
                Err(_) => Exit::Unknown,
            };
            self.process.exit();
            return Poll::Ready(exit);
        }
        // The child keeps the state of the wait, so a new future each time loses nothing. Its stdin was taken from it.
        let status = ready!(pin!(self.child.wait()).poll(cx));
        self.process.exit();
        Poll::Ready(status.map_or(Exit::Unknown, Exit::from))
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        #[cfg(unix)]
        if self.orphaned.is_set() {
            return if at <= self.now() { Poll::Ready(()) } else { Poll::Pending };
        }
        self.pipes.poll_timer(cx, at)
    }

    fn process_id(&self) -> Option<u32> {
        Some(self.id())
    }

    /// Errors are ignored: a process that has exited needs no signal.
    fn terminate(&mut self) {
        self.process.terminate(|| drop(self.child.start_kill()));
    }

    fn kill(&mut self) {
        self.process.kill(|| drop(self.child.start_kill()));
    }
}

impl Drop for TokioTransport {
    fn drop(&mut self) {
        self.process.dropped(|| drop(self.child.start_kill()));
    }
}

impl fmt::Debug for TokioTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioTransport")
            .field("process", &self.process)
            .field("pipes", &self.pipes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;
    use crate::base::ids::Seed;
    use crate::session::Session;

    #[test]
    fn opening_outside_of_a_runtime_is_an_error() {
        let config = || Config::new(Seed::from_bytes([1; 16]));
        // This program lists its tests, and exits.
        let this = std::env::current_exe().expect("a test has a path");
        let options = Options::new().program(&this);
        let opened = Session::builder().options(options).open_tokio().map(drop);
        assert!(matches!(opened, Err(SpawnError::NoRuntime)), "{opened:?}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let child = runtime.block_on(async {
            Command::new(&this)
                .arg("--list")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts")
        });
        assert_eq!(adopt(child, config()).map(drop).unwrap_err().kind(), io::ErrorKind::Other);
    }
}
