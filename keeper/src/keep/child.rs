//! The CLI as a process: its start, its signals, its exit.

use std::env;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal as SystemSignal, WaitId, WaitIdOptions};

use super::exec::EXEC;
use crate::error::KeeperError;
use crate::frame::{Exit, Signal};
use crate::place::system;

/// Timeout of the step that becomes the CLI.
const START: Duration = Duration::from_secs(30);

/// Process of the CLI. The keeper never reaps it, so its process id is not reused while the keeper lives, and signals reach
/// only the CLI and its group.
#[derive(Debug)]
pub(super) struct Child {
    pid: Pid,
    /// Readable once the CLI has exited.
    exits: UnixStream,
    exit: Option<Exit>,
    signal: Option<Signal>,
}

/// Pipes of a CLI.
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

impl Child {
    /// Starts the CLI, in a session and process group of its own.
    pub(super) fn start(command: &super::Command, folder: &Path) -> Result<(Self, Pipes), KeeperError> {
        let program = command.program.to_string_lossy().into_owned();
        let failed = |reason: String| KeeperError::Program { program: program.clone(), reason };
        let path = folder.join("start");
        let listener = UnixListener::bind(&path).map_err(|error| system("create", &path, error))?;
        // The image of this process, even if its file was replaced.
        let this = if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { env::current_exe() };
        let this = this.map_err(|error| KeeperError::System { operation: "find its program", error })?;
        let mut step = Command::new(this);
        step.arg(EXEC).arg(&path).arg(std::process::id().to_string()).arg(&command.program).args(&command.arguments);
        step.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = step.spawn();
        let mut child = spawned.map_err(|error| KeeperError::System { operation: "start the CLI", error })?;
        let pid = Pid::from_child(&child);
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("it has no pipes".to_owned()));
        };
        let exits = watch(pid).map_err(|error| KeeperError::System { operation: "watch the CLI", error })?;
        let started = started(&listener, &exits);
        let _ = std::fs::remove_file(&path);
        started.map_err(failed)?;
        let this = Self { pid, exits, exit: None, signal: None };
        Ok((this, Pipes { stdin, stdout, stderr }))
    }

    pub(super) fn pid(&self) -> u32 {
        u32::try_from(self.pid.as_raw_nonzero().get()).unwrap_or(0)
    }

    /// Returns the descriptor that is readable once the CLI has exited.
    pub(super) fn exits(&self) -> &UnixStream {
        &self.exits
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        self.exit
    }

    pub(super) fn signal(&self) -> Option<Signal> {
        self.signal
    }

    /// Reads the exit status, if the CLI has exited.
    pub(super) fn exited(&mut self) {
        let mut status = [0; 5];
        let read = self.exits.read_exact(&mut status);
        let number = i32::from_le_bytes([status[1], status[2], status[3], status[4]]);
        self.exit = Some(match status[0] {
            _ if read.is_err() => Exit::Unknown,
            0 => Exit::Code(number),
            1 => Exit::Signal(number),
            _ => Exit::Unknown,
        });
    }

    /// Sends a signal, unless it or a stronger one was sent before. A kill is sent to the process group, which may outlive the
    /// CLI.
    pub(super) fn send(&mut self, signal: Signal) {
        if self.signal >= Some(signal) {
            return;
        }
        self.signal = Some(signal);
        // What is gone needs no signal.
        let _ = match signal {
            Signal::Terminate if self.exit.is_some() => Ok(()),
            Signal::Terminate => rustix::process::kill_process(self.pid, SystemSignal::TERM),
            Signal::Kill => rustix::process::kill_process_group(self.pid, SystemSignal::KILL),
        };
    }
}

/// Starts a thread that waits for the exit of the CLI, without reaping it, and sends the status over a socket.
fn watch(pid: Pid) -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    let wait = move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = loop {
            match rustix::process::waitid(WaitId::Pid(pid), options) {
                Err(rustix::io::Errno::INTR) => {}
                status => break status.ok().flatten(),
            }
        };
        let code = status.as_ref().and_then(|status| status.exit_status()).map(|code| (0, code));
        let signal = || status.as_ref().and_then(|status| status.terminating_signal()).map(|signal| (1, signal));
        let (kind, number) = code.or_else(signal).unwrap_or((2, 0));
        let [a, b, c, d] = number.to_le_bytes();
        let _ = io::Write::write_all(&mut &writer, &[kind, a, b, c, d]);
    };
    thread::Builder::new().name("exit".into()).stack_size(32 * 1024).spawn(wait)?;
    Ok(reader)
}

/// Waits until the step has become the CLI, which closes the step's socket, or has sent the reason of its failure.
fn started(listener: &UnixListener, exits: &UnixStream) -> Result<(), String> {
    let deadline = Instant::now() + START;
    if !wait(listener.as_fd(), exits.as_fd(), deadline)? {
        return Err("it exited before it started the CLI".to_owned());
    }
    let mut reason = String::new();
    let read = listener.accept().and_then(|(mut step, _)| {
        step.set_read_timeout(Some(START))?;
        step.read_to_string(&mut reason)
    });
    match read {
        Ok(0) => Ok(()),
        Ok(_) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}

/// Waits until a descriptor is readable. Returns `true` for the first, and `false` for the second.
fn wait(first: BorrowedFd<'_>, second: BorrowedFd<'_>, deadline: Instant) -> Result<bool, String> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(format!("it was not started within {} seconds", START.as_secs()));
        }
        let mut fds = [PollFd::new(&first, PollFlags::IN), PollFd::new(&second, PollFlags::IN)];
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut fds, timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.to_string()),
            Ok(_) if !fds[0].revents().is_empty() => return Ok(true),
            Ok(_) if !fds[1].revents().is_empty() => return Ok(false),
            Ok(_) => {}
        }
    }
}
