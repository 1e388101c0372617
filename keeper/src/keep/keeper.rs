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
use crate::frame::MAX_DATA;
use crate::place::{Place, SessionId, system};
use crate::policy::{Limits, Policy};
use crate::token::Token;

/// Program and arguments of a CLI, which runs in the directory and with the environment of the keeper.
#[derive(Debug, Clone)]
pub struct Command {
    /// Program, as a path or a name to be found in `PATH`.
    pub program: OsString,
    /// Arguments.
    pub arguments: Vec<OsString>,
}

/// All that a keeper is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Keep {
    /// Directory of the sessions.
    pub place: Place,
    /// Id of the session.
    pub id: SessionId,
    /// Secret that clients show.
    pub token: Token,
    /// Whether the token is written to a file in the session's directory, so that the commands of the same user can attach.
    pub token_file: bool,
    /// When the session ends without a host.
    pub policy: Policy,
    /// How much is kept.
    pub limits: Limits,
    /// The CLI.
    pub command: Command,
}

impl Keep {
    /// Describes a session with the default policy and limits, and with a file of its token.
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
    /// A host needs nothing more.
    pub(super) released: bool,
    /// No controller is connected since then.
    pub(super) alone_since: Option<Instant>,
    pub(super) last_output: Instant,
}

/// Removes the directory of the session when the keeper ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts the CLI and keeps it until its session has ended. Blocks.
///
/// `ready` is called with the CLI's process id once clients can attach. Call this in the main thread of a process: on Linux the
/// CLI is killed when this thread ends. The program must hand the arguments behind a first argument `__exec` to [`exec`](super::exec), as
/// [`commands::main`](crate::commands::main) does: the CLI is started through it.
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
    // Neither another process of the user nor a file system that is to be unmounted has a hold on the keeper.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let _ = std::env::set_current_dir("/");
    let now = Instant::now();
    let mut keeper = Keeper {
        stdout: Spool::new(folder.join("out"), keep.limits.stdout.max(Limits::LEAST)),
        stderr: Spool::new(folder.join("err"), keep.limits.stderr.max(Limits::LEAST)),
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

/// Returns a descriptor that is readable after SIGTERM, SIGINT or SIGHUP.
fn signals() -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT, signal_hook::consts::SIGHUP] {
        signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(reader)
}

/// Descriptor that was waited for.
#[derive(Clone, Copy)]
enum Source {
    Stdin,
    Stdout,
    Stderr,
    Exit,
    Signals,
    Listener,
    Client(usize),
}

impl Keeper {
    fn keep(
        &mut self,
        listener: &UnixListener,
        mut signals: &UnixStream,
        (stdout, stderr): (ChildStdout, ChildStderr),
    ) -> io::Result<()> {
        let (mut stdout, mut stderr) = (Some(stdout), Some(stderr));
        let mut scratch = vec![0; MAX_DATA];
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
                    Source::Stdout => read(&mut stdout, &mut self.stdout, &mut scratch),
                    Source::Stderr => read(&mut stderr, &mut self.stderr, &mut scratch),
                    Source::Exit => self.child.exited(),
                    Source::Signals => {
                        let _ = signals.read(&mut scratch);
                        self.hasten_end(Instant::now());
                    }
                    Source::Listener => self.accept(listener, Instant::now()),
                    Source::Client(index) => self.hear(index, &mut scratch, Instant::now()),
                }
                if matches!(source, Source::Stdout | Source::Stderr) {
                    self.last_output = Instant::now();
                }
            }
            self.send_all(Instant::now());
        }
    }

    /// Waits until something can be done, and says what.
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
            let flags = if client.has_waiting() { read | write } else { read };
            waited.push((Source::Client(index), client.socket.as_fd(), flags));
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
fn read(pipe: &mut Option<impl Read>, spool: &mut Spool, scratch: &mut [u8]) {
    let Some(open) = pipe else { return };
    let room = spool.room().min(scratch.len());
    match open.read(&mut scratch[..room]) {
        Ok(0) if room > 0 => {
            spool.finish();
            *pipe = None;
        }
        Ok(count) => spool.push(&scratch[..count]),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
        Err(_) => {
            spool.finish();
            *pipe = None;
        }
    }
}
