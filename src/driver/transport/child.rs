//! A child process without I/O, for transports on other runtimes.

#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use std::{fmt, io};

use super::process::Process;
use super::spawn::{self, SpawnError};
use crate::options::Options;
use crate::protocol::config::Config;
use crate::protocol::end::Exit;

/// Child process of a custom [`Transport`](crate::Transport): its start, its exit, and signals to it. This part is the same
/// on every runtime. The pipes and the wait for the exit are the transport's.
///
/// The child leads a process group of its own, so that a kill reaches the processes that the CLI has started. On Windows it
/// has a job and no console window.
///
/// Dropping it before [`try_wait`](Self::try_wait) has returned the exit kills the process and its group. A short-lived
/// thread then reaps the process. If the host itself is killed, the child only reads the end of its stdin.
///
/// ```no_run
/// # struct Pipe;
/// # impl Pipe { fn register<T>(_: T) -> Self { Self } }
/// use claude_duplex::driver::{ChildPipes, ChildProcess};
/// use claude_duplex::{Config, Options, SpawnError};
///
/// /// Fields of a `Transport`. `terminate`, `kill` and `process_id` call `process`.
/// struct Child {
///     process: ChildProcess,
///     stdin: Option<Pipe>, // dropped by `poll_close`
///     stdout: Pipe,
///     stderr: Pipe,
/// }
///
/// fn start(options: &Options, config: &Config) -> Result<Child, SpawnError> {
///     let (process, pipes) = ChildProcess::spawn(options, config)?;
///     let ChildPipes { stdin, stdout, stderr } = pipes;
///     Ok(Child {
///         process,
///         stdin: Some(Pipe::register(stdin)),
///         stdout: Pipe::register(stdout),
///         stderr: Pipe::register(stderr),
///     })
/// }
/// ```
pub struct ChildProcess {
    child: Child,
    process: Process,
    exit: Option<Exit>,
}

/// Pipes of a [`ChildProcess`]. They are blocking until the host changes that.
#[derive(Debug)]
pub struct ChildPipes {
    /// Writing end: dropping it is the end of the child's stdin.
    pub stdin: ChildStdin,
    /// Reading end of stdout, with the messages.
    pub stdout: ChildStdout,
    /// Reading end of stderr. The CLI blocks when this pipe is full, so read it.
    pub stderr: ChildStderr,
}

impl ChildProcess {
    /// Starts the CLI with these options, and checks first if they fit the settings.
    ///
    /// # Errors
    /// If the options are refused, or the program cannot be started.
    pub fn spawn(options: &Options, config: &Config) -> Result<(Self, ChildPipes), SpawnError> {
        Self::spawn_with(options, config, |_| {})
    }

    /// Starts the CLI like [`spawn`](Self::spawn), with a command that the host changes first. The three pipes are set
    /// afterwards. If `change` removes the child from its group, a kill reaches only the process.
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn). Errors name the program and the directory of the changed command.
    pub fn spawn_with(
        options: &Options,
        config: &Config,
        change: impl FnOnce(&mut Command),
    ) -> Result<(Self, ChildPipes), SpawnError> {
        options.check(config)?;
        let (mut command, started) = spawn::command(&spawn::invocation(options)?, change);
        let (mut this, pipes) = spawn::patiently(|| command.spawn())
            .and_then(Self::lead)
            .map_err(|error| SpawnError::new(started, error))?;
        if !config.kill_group {
            this.process.keep_group();
        }
        Ok((this, pipes))
    }

    /// Takes over a child that was started here.
    fn lead(mut child: Child) -> io::Result<(Self, ChildPipes)> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else { return Err(spawn::not_piped()) };
        let this = Self { process: Process::new(child.id()), child, exit: None };
        #[cfg(windows)]
        let this = this.in_a_job();
        Ok((this, ChildPipes { stdin, stdout, stderr }))
    }

    /// Puts the child into its own job.
    #[cfg(windows)]
    fn in_a_job(mut self) -> Self {
        self.process.group(std::os::windows::io::AsRawHandle::as_raw_handle(&self.child));
        self
    }

    /// Returns the process id, which is also the id of its group. Once the process has exited, the id may belong to another
    /// process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the exit if the process has exited, and reaps the process. Never blocks.
    ///
    /// The transport learns from the system when to call it. On Linux a [`pidfd`](Self::pidfd) becomes readable. On other
    /// unix systems a thread can wait for the [`id`](Self::id) with `waitid` and `WNOWAIT`, which does not reap the process.
    pub fn try_wait(&mut self) -> Option<Exit> {
        if self.exit.is_none() {
            let exit = match self.child.try_wait() {
                Ok(None) => return None,
                Ok(Some(status)) => Exit::from(status),
                Err(_) => Exit::Unknown,
            };
            self.process.exit();
            self.exit = Some(exit);
        }
        self.exit
    }

    /// Opens a descriptor that becomes readable when the process has exited, for the poller of a runtime.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) after [`try_wait`](Self::try_wait) has returned the exit, or an error
    /// of the system: these descriptors exist since Linux 5.3.
    #[cfg(target_os = "linux")]
    pub fn pidfd(&self) -> io::Result<OwnedFd> {
        match self.exit {
            None => super::process::pidfd(self.id()),
            Some(_) => Err(spawn::has_exited()),
        }
    }

    /// Asks the process to end, as [`Transport::terminate`](crate::Transport::terminate) does. Windows has no such request:
    /// there it is killed.
    pub fn terminate(&mut self) {
        self.process.terminate(|| drop(self.child.kill()));
    }

    /// Kills the process and its group, as [`Transport::kill`](crate::Transport::kill) does. After the exit it kills what is
    /// left of the group, once, if [`Config::kill_group`](crate::Config::kill_group) is set.
    pub fn kill(&mut self) {
        self.process.kill(|| drop(self.child.kill()));
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.process.dropped(|| drop(self.child.kill()));
        if self.try_wait().is_none() {
            self.process.reap();
        }
    }
}

impl fmt::Debug for ChildProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildProcess").field("id", &self.id()).field("exit", &self.exit).finish_non_exhaustive()
    }
}
