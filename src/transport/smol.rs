//! Child processes on smol's reactor: `async-io` and `async-process`.
//!
//! The futures run on any executor. A program without one blocks on them by `async_io::block_on`, which also drives
//! the reactor; with another `block_on` every wake comes from a second thread.
//!
//! ```no_run
//! use claude_duplex::{Action, Config, Options, Seed};
//!
//! async_io::block_on(async {
//!     let options = Options::new().model("sonnet");
//!     let mut claude = claude_duplex::smol::spawn(&options, Config::new(Seed::random()))?;
//!     let question = claude.prompt("what is in this folder?")?;
//!     while let Some(action) = claude.next().await {
//!         match action {
//!             Action::PromptEnded { prompt, outcome, result, .. } if prompt == question => {
//!                 let answer = result.and_then(|result| result.result().ok()?.result);
//!                 println!("{outcome}: {}", answer.unwrap_or_default());
//!                 claude.close();
//!             }
//!             Action::Closed(closed) => println!("{}", closed.why),
//!             _ => {}
//!         }
//!     }
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! }).unwrap();
//! ```

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::Timer;
use async_process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use futures_lite::{AsyncRead, AsyncWrite};

use super::{SpawnError, Transport, group};
use crate::config::{self, Config};
use crate::driver::Driver;
use crate::end::{ChildAction, Exit};
use crate::options::{Invocation, Options};
use crate::time::Time;

/// Starts the CLI and makes a session of it. Nothing happens until the driver is polled.
///
/// # Errors
/// The options are refused, or the program cannot be started.
pub fn spawn(options: &Options, mut config: Config) -> Result<Driver<Smol>, SpawnError> {
    config.child = config::Child::Process;
    Ok(Driver::new(config, Smol::spawn(&options.invocation()?)?))
}

/// Starts the CLI, as handles: one to give commands with, and the future that makes it go. Nothing happens until that runs.
///
/// # Errors
/// The options are refused, or the program cannot be started.
#[cfg(feature = "session")]
pub fn open(options: &Options, config: Config) -> Result<(crate::Session, crate::Runner), SpawnError> {
    Ok(spawn(options, config)?.into_session())
}

/// A child process in a process group of its own.
///
/// Dropping it before [its exit was told](Transport::poll_exit) kills the whole group, with what the CLI has started;
/// `async-process` then collects the process in the background. Afterwards, dropping it does nothing. A host that is
/// itself killed drops nothing: the child then reads the end of its stdin.
pub struct Smol {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: ChildStderr,
    status: Pin<Box<dyn Future<Output = io::Result<ExitStatus>> + Send + Sync>>,
    exited: bool,
    epoch: Instant,
    timer: Timer,
    /// What the timer is set to.
    armed: Option<Time>,
}

impl Smol {
    /// Starts a program.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(invocation: &Invocation) -> Result<Self, SpawnError> {
        let mut command = invocation.to_command();
        group::own(&mut command);
        let mut command = Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| SpawnError::new(invocation, error))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            unreachable!("both were piped");
        };
        // `status` closes the child's stdin, where it still has one.
        let status = Box::pin(child.status());
        let (epoch, timer) = (Instant::now(), Timer::never());
        Ok(Self { child, stdin, stdout, stderr, status, exited: false, epoch, timer, armed: None })
    }

    /// The process's id, which is its group's too. It may be another's once the process has exited.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn terminate(&mut self) {
        if !self.exited && !group::terminate(self.id()) {
            self.kill();
        }
    }

    /// What is gone needs no signal, so a failure says nothing. The process may have left its group.
    fn kill(&mut self) {
        group::kill(self.id());
        if !self.exited {
            let _ = self.child.kill();
        }
    }
}

impl Transport for Smol {
    fn now(&self) -> Time {
        Time::from(self.epoch.elapsed())
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

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// A pipe is closed when it is dropped; its own `poll_close` only flushes.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(stdin) = &mut self.stdin {
            let flushed = ready!(Pin::new(stdin).poll_close(cx));
            self.stdin = None;
            return Poll::Ready(flushed);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let status = ready!(self.status.as_mut().poll(cx));
        self.exited = true;
        Poll::Ready(status.map_or(Exit::Unknown, Exit::from))
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: Time) -> Poll<()> {
        if self.armed != Some(at) {
            self.armed = Some(at);
            match self.epoch.checked_add(at.since(Time::ZERO)) {
                Some(instant) => self.timer.set_at(instant),
                None => self.timer.clear(),
            }
        }
        ready!(Pin::new(&mut self.timer).poll(cx));
        self.armed = None;
        Poll::Ready(())
    }

    fn process_id(&self) -> Option<u32> {
        Some(self.id())
    }

    fn signal(&mut self, action: ChildAction) {
        match action {
            ChildAction::CloseStdin => {} // comes as `poll_close`
            ChildAction::Terminate => self.terminate(),
            ChildAction::Kill => self.kill(),
        }
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        if !self.exited {
            self.kill();
        }
    }
}

impl fmt::Debug for Smol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smol").field("id", &self.id()).field("exited", &self.exited).finish_non_exhaustive()
    }
}
