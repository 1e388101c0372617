//! The loop of a keeper.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdout};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;

use super::child::Child;
use super::client::Client;
use super::ending::Ending;
use super::spool::Spool;
use super::stdin::Stdin;
use crate::error::KeeperError;
use crate::place::{Place, SessionId, system};
use crate::policy::{Limits, Policy};
use crate::token::Token;

/// Memory for the newest bytes of a stream of the CLI.
const MEMORY: usize = 256 * 1024;

/// Size of the pipe of stdout, on systems where a user can set it. A large pipe needs fewer switches between the CLI and the
/// keeper.
#[cfg(target_os = "linux")]
const PIPE: usize = 256 * 1024;

/// Program and arguments of a CLI, which runs in the directory and with the environment of the keeper.
#[derive(Debug, Clone)]
pub struct Command {
    /// Program, as a path or a name to be found in `PATH`.
    pub program: OsString,
    /// Arguments.
    pub arguments: Vec<OsString>,
}

/// Settings of a keeper and its CLI.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Keep {
    /// Directory of the sessions.
    pub place: Place,
    /// Id of the session.
    pub id: SessionId,
    /// Secret that clients send to attach.
    pub token: Token,
    /// `true` if the token is written to a file in the session's directory, so that commands of the same user can attach.
    pub token_file: bool,
    /// Rules for a session without a host.
    pub policy: Policy,
    /// Limits of the output that is kept.
    pub limits: Limits,
    /// The CLI.
    pub command: Command,
}

impl Keep {
    /// Creates settings with the default policy and limits, and with a file of the token.
    #[must_use]
    pub fn new(place: Place, id: SessionId, token: Token, command: Command) -> Self {
        Self { place, id, token, token_file: true, policy: Policy::default(), limits: Limits::default(), command }
    }
}

#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) id: SessionId,
    pub(super) token: Token,
    pub(super) policy: Policy,
    pub(super) folder: PathBuf,
    pub(super) child: Child,
    pub(super) stdin: Stdin,
    pub(super) stdout: Spool,
    pub(super) stderr: Spool,
    pub(super) clients: Vec<Client>,
    pub(super) epoch: u64,
    pub(super) ending: Ending,
    /// `true` if a host has released the session.
    pub(super) released: bool,
    /// Time since which no controller is connected.
    pub(super) alone_since: Option<Instant>,
    pub(super) last_output: Instant,
}

/// Directory of the session, which is removed when the keeper ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts the CLI and keeps it until its session has ended. Blocks.
///
/// `ready` is called with the CLI's process id once clients can attach. Call this in the main thread of a process: on Linux the
/// CLI is killed when this thread ends. If the first argument of the program is `__exec`, it must pass the other arguments to
/// [`exec`](super::exec), as [`commands::main`](crate::commands::main) does: the CLI is started through it.
///
/// # Errors
/// [`KeeperError`] if the directory cannot be used, the id is taken, or the CLI cannot be started. Nothing is left behind then.
pub fn run(keep: Keep, ready: impl FnOnce(u32)) -> Result<(), KeeperError> {
    let failed = |operation| move |error: io::Error| KeeperError::System { operation, error };
    let lock = keep.place.create(&keep.id, keep.token_file.then_some(&keep.token))?;
    let folder = keep.place.session(&keep.id);
    let cleanup = Folder(folder.clone());
    let socket = keep.place.socket(&keep.id);
    let listener = UnixListener::bind(&socket).map_err(|error| system("create", &socket, error))?;
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600))
        .map_err(|error| system("protect", &socket, error))?;
    let signals = signals().map_err(failed("catch signals"))?;
    let (child, pipes) = Child::start(&keep.command, &folder)?;
    listener.set_nonblocking(true).map_err(failed("listen"))?;
    for pipe in [pipes.stdin.as_fd(), pipes.stdout.as_fd(), pipes.stderr.as_fd()] {
        ioctl_fionbio(pipe, true).map_err(|error| failed("use the CLI's pipes")(error.into()))?;
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(&pipes.stdout, PIPE);
    // Other processes of the user cannot trace the keeper, and the keeper does not keep a file system busy.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let _ = std::env::set_current_dir("/");
    let now = Instant::now();
    let mut keeper = Keeper {
        stdout: Spool::new(folder.join("out"), keep.limits.stdout.max(Limits::LEAST), MEMORY),
        stderr: Spool::new(folder.join("err"), keep.limits.stderr.max(Limits::LEAST), MEMORY),
        id: keep.id,
        token: keep.token,
        policy: keep.policy,
        folder,
        child,
        stdin: Stdin::new(pipes.stdin),
        clients: Vec::new(),
        epoch: 0,
        ending: Ending::No,
        released: false,
        alone_since: Some(now),
        last_output: now,
    };
    ready(keeper.child.pid());
    let ended = keeper.keep(&listener, &signals, (pipes.stdout, pipes.stderr));
    drop((cleanup, lock));
    ended.map_err(failed("wait"))
}

/// Returns a descriptor that becomes readable after SIGTERM, SIGINT or SIGHUP.
fn signals() -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT, signal_hook::consts::SIGHUP] {
        signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(reader)
}

/// Descriptor that is ready.
#[derive(Clone, Copy)]
enum Source {
    Stdin,
    Stdout,
    Stderr,
    Exit,
    Signals,
    Listener,
    ClientReadable(usize),
    ClientWritable(usize),
}

impl Keeper {
    fn keep(
        &mut self,
        listener: &UnixListener,
        mut signals: &UnixStream,
        (stdout, stderr): (ChildStdout, ChildStderr),
    ) -> io::Result<()> {
        let (mut stdout, mut stderr) = (Some(stdout), Some(stderr));
        loop {
            let now = Instant::now();
            if self.expire(now) {
                return Ok(());
            }
            for source in self.wait(listener, signals, (&stdout, &stderr), now)? {
                match source {
                    // A pipe that is not full or has no reader any more.
                    Source::Stdin if self.stdin.wants_write() => {
                        self.stdin.write();
                        self.stdin_changed();
                    }
                    Source::Stdin => {
                        self.stdin.close();
                        self.stdin_changed();
                    }
                    Source::Stdout => read(&mut stdout, &mut self.stdout),
                    Source::Stderr => read(&mut stderr, &mut self.stderr),
                    Source::Exit => self.child.exited(),
                    Source::Signals => {
                        let _ = signals.read(&mut [0; 64]);
                        self.hasten_end(Instant::now());
                    }
                    Source::Listener => self.accept(listener, Instant::now()),
                    Source::ClientWritable(index) => self.clients[index].unblock(),
                    Source::ClientReadable(index) => self.receive(index, Instant::now()),
                }
                if matches!(source, Source::Stdout | Source::Stderr) {
                    self.last_output = Instant::now();
                }
            }
            self.send_all(Instant::now());
        }
    }

    /// Waits until a descriptor is ready, or until a time. Returns the descriptors that are ready.
    fn wait(
        &self,
        listener: &UnixListener,
        signals: &UnixStream,
        (stdout, stderr): (&Option<ChildStdout>, &Option<ChildStderr>),
        now: Instant,
    ) -> io::Result<Vec<Source>> {
        let (read, write) = (PollFlags::IN, PollFlags::OUT);
        let mut waited: Vec<(Source, BorrowedFd<'_>, PollFlags)> =
            vec![(Source::Signals, signals.as_fd(), read), (Source::Listener, listener.as_fd(), read)];
        if let Some(pipe) = self.stdin.pipe() {
            let flags = if self.stdin.wants_write() { write } else { PollFlags::empty() };
            waited.push((Source::Stdin, pipe.as_fd(), flags));
        }
        if let (Some(pipe), true) = (stdout, self.stdout.room() > 0) {
            waited.push((Source::Stdout, pipe.as_fd(), read));
        }
        if let (Some(pipe), true) = (stderr, self.stderr.room() > 0) {
            waited.push((Source::Stderr, pipe.as_fd(), read));
        }
        if self.child.exit().is_none() {
            waited.push((Source::Exit, self.child.exits().as_fd(), read));
        }
        for (index, client) in self.clients.iter().enumerate() {
            waited.push((Source::ClientReadable(index), client.socket.as_fd(), read));
            if client.has_waiting() {
                waited.push((Source::ClientWritable(index), client.socket.as_fd(), write));
            }
        }
        let mut fds: Vec<_> = waited.iter().map(|(_, fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
        let left = self.next_time(now).map(|due| due.saturating_duration_since(now));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            polled => polled?,
        };
        let ready = waited.iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty());
        Ok(ready.map(|((source, ..), _)| *source).collect())
    }
}

/// Reads once from a pipe into its stream. At the end the pipe is closed.
fn read(pipe: &mut Option<impl Read>, spool: &mut Spool) {
    let Some(open) = pipe else { return };
    match spool.fill(open, Instant::now()) {
        Ok(count) if count > 0 => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
        _ => {
            spool.finish();
            *pipe = None;
        }
    }
}
