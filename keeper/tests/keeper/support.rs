//! A session in a directory of its own, which is gone afterwards with all that it has started.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use claude_duplex_keeper::frame::{Exit, FromKeeper, Refusal, Stream, ToKeeper, Welcome};
use claude_duplex_keeper::{Attach, AttachError, Attached, Launch, Launched, Limits, Place, Policy, SessionId};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Name, whether this machine can run it, and the test.
pub(crate) type Trials = Vec<(&'static str, bool, fn())>;

/// Longest time that a test waits for an event.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const KEEPER: &str = env!("CARGO_BIN_EXE_claude-duplex-keeper");

/// Directory for sessions, which is removed when it is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keeper-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        Self(path)
    }

    pub(crate) fn place(&self) -> Place {
        Place::new(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A kept session.
pub(crate) struct Session {
    pub(crate) folder: Folder,
    pub(crate) launched: Launched,
}

pub(crate) fn policy(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    change(&mut policy);
    policy
}

impl Session {
    /// Starts a shell script as the CLI.
    pub(crate) fn start(script: &str) -> Self {
        Self::start_with(script, |launch| launch)
    }

    pub(crate) fn start_with(script: &str, change: impl FnOnce(Launch) -> Launch) -> Self {
        let folder = Folder::new();
        let launch = Launch::new(folder.place(), "/bin/sh").args(["-c", script]).keeper(KEEPER);
        let launch = launch.id(SessionId::parse("it").unwrap());
        let launched = change(launch).start().unwrap();
        Self { folder, launched }
    }

    /// Limits both streams to the least.
    pub(crate) fn small(launch: Launch) -> Launch {
        let mut limits = Limits::default();
        (limits.stdout, limits.stderr) = (Limits::LEAST, Limits::LEAST);
        launch.limits(limits)
    }

    pub(crate) fn attach(&self, attach: &Attach) -> Result<Attached, AttachError> {
        attach.connect(&self.folder.place(), &self.launched.id)
    }

    pub(crate) fn control(&self) -> Host {
        Host::new(self.attach(&Attach::controller()).unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.place().session(&self.launched.id)
    }

    /// Waits until the keeper has removed the directory of the session.
    pub(crate) fn wait_gone(&self, keeper: &Process) {
        keeper.wait();
        assert!(!self.path().exists(), "{} is left", self.path().display());
    }

    /// Returns the keeper's process: it is the parent of the CLI.
    pub(crate) fn keeper(&self, cli: u32) -> Process {
        let status = fs::read_to_string(format!("/proc/{cli}/status")).unwrap();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
        Process::new(parent.trim().parse().unwrap())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let arguments = ["stop", "--dir", self.folder.0.to_str().unwrap(), "it"];
        let _ = Command::new(KEEPER).args(arguments).output();
    }
}

/// Runs the program.
pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(KEEPER).args(arguments).output().unwrap()
}

/// Process that is not a child of this one. Its number is held by a descriptor.
pub(crate) struct Process {
    pub(crate) pid: u32,
    handle: std::os::fd::OwnedFd,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        let number = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        Self { pid, handle: pidfd_open(number, PidfdFlags::empty()).unwrap() }
    }

    pub(crate) fn kill(&self) {
        rustix::process::pidfd_send_signal(&self.handle, rustix::process::Signal::KILL).unwrap();
    }

    pub(crate) fn terminate(&self) {
        rustix::process::pidfd_send_signal(&self.handle, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&self) {
        let mut fds = [PollFd::new(&self.handle, PollFlags::IN)];
        let patience = rustix::event::Timespec::try_from(PATIENCE).unwrap();
        assert_eq!(poll(&mut fds, Some(&patience)).unwrap(), 1, "process {} did not end", self.pid);
    }

    /// Resident memory in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

/// Frame that a host has received, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostEvent {
    Output,
    End(Stream),
    Skipped(u64),
    Stdin {
        taken: u64,
        written: u64,
        closed: bool,
    },
    Exit(Exit),
    Replaced {
        epoch: u64,
        pid: u32,
    },
    Trouble(String),
    Refused(Refusal),
    /// The connection has ended.
    Closed,
}

/// Client that keeps what it gets and checks the offsets.
pub(crate) struct Host {
    pub(crate) attached: Attached,
    pub(crate) welcome: Welcome,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    next: [Option<u64>; 2],
    exit: Option<Exit>,
    ended: [bool; 2],
}

impl Host {
    pub(crate) fn new(attached: Attached) -> Self {
        attached.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let welcome = attached.welcome.clone();
        let (exit, ended) = (welcome.exit, [false; 2]);
        Self { attached, welcome, stdout: Vec::new(), stderr: Vec::new(), next: [None; 2], exit, ended }
    }

    pub(crate) fn send(&mut self, frame: &ToKeeper<'_>) {
        self.attached.send(frame).unwrap();
    }

    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) {
        self.send(&ToKeeper::Stdin { offset, bytes });
    }

    /// Opens the window and acknowledges.
    pub(crate) fn progress(&mut self, kept: u64, window: u64) {
        self.send(&ToKeeper::Progress {
            stdout_kept: kept,
            stderr_kept: kept,
            stdout_window: window,
            stderr_window: window,
        });
    }

    /// Waits for the next frame.
    pub(crate) fn next(&mut self) -> HostEvent {
        let (stdout, stderr, next) = (&mut self.stdout, &mut self.stderr, &mut self.next);
        let event = self.attached.receive(|frame| match frame {
            FromKeeper::Output { stream, offset, bytes } => {
                let next = &mut next[stream as usize];
                assert!(next.is_none_or(|next| next == offset), "{stream:?} goes on at {offset}, not at {next:?}");
                *next = Some(offset + bytes.len() as u64);
                if stream == Stream::Stdout { stdout } else { stderr }.extend_from_slice(bytes);
                HostEvent::Output
            }
            FromKeeper::OutputEnd { stream, .. } => HostEvent::End(stream),
            FromKeeper::Skipped { stream, to } => {
                next[stream as usize] = Some(to);
                HostEvent::Skipped(to)
            }
            FromKeeper::Stdin { taken, written, closed } => HostEvent::Stdin { taken, written, closed },
            FromKeeper::Exit(exit) => HostEvent::Exit(exit),
            FromKeeper::Replaced { epoch, pid } => HostEvent::Replaced { epoch, pid },
            FromKeeper::Trouble { text } => HostEvent::Trouble(text),
            FromKeeper::Refused(refusal) => HostEvent::Refused(refusal),
            other => panic!("{other:?}"),
        });
        match event {
            Ok(event) => {
                match event {
                    Some(HostEvent::Exit(exit)) => self.exit = Some(exit),
                    Some(HostEvent::End(stream)) => self.ended[stream as usize] = true,
                    _ => {}
                }
                event.unwrap_or(HostEvent::Closed)
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => HostEvent::Closed,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for something.
    pub(crate) fn until(&mut self, wanted: impl Fn(&HostEvent) -> bool) -> HostEvent {
        loop {
            let event = self.next();
            if wanted(&event) {
                return event;
            }
            assert_ne!(event, HostEvent::Closed, "the connection has ended");
        }
    }

    /// Waits for the exit and the end of both streams, in whatever order they come.
    pub(crate) fn until_over(&mut self) -> Exit {
        loop {
            match self.exit {
                Some(exit) if self.ended == [true; 2] => return exit,
                _ => assert_ne!(self.next(), HostEvent::Closed, "the connection has ended"),
            }
        }
    }

    pub(crate) fn until_stdout(&mut self, wanted: impl Fn(&[u8]) -> bool) {
        while !wanted(&self.stdout) {
            assert_ne!(self.next(), HostEvent::Closed, "the connection has ended; stdout: {:?}", self.text());
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Waits for a state that no event reports.
pub(crate) fn until(is_so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it did not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether this process may act as another user.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether `path` becomes a program that can be started.
pub(crate) fn has_program(path: &str) -> bool {
    Path::new(path).exists()
}
