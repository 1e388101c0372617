//! A session in a readiness loop: non-blocking pipes, `poll(2)`, and the core.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use std::time::Instant;

use claude_duplex::driver::{ChildPipes, ChildProcess};
use claude_duplex::{Action, ChildCommand, Config, Options, Protocol, SessionTime};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How often a pipe is read before the others have their turn.
const READS: usize = 16;

pub(crate) struct Session {
    pub(crate) protocol: Protocol,
    epoch: Instant,
    pub(crate) child: ChildProcess,
    /// Ends when the child does. Gone when the exit was reported.
    exit: Option<UnixStream>,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    buffer: Box<[u8]>,
}

impl Session {
    /// Starts the CLI, with a command that the host changes first.
    pub(crate) fn start(
        options: &Options,
        config: Config,
        change: impl FnOnce(&mut Command),
    ) -> Result<Self, Box<dyn Error>> {
        let (child, pipes) = ChildProcess::spawn_with(options, &config, change)?;
        let ChildPipes { stdin, stdout, stderr } = pipes;
        let (exit, buffer) = (Some(watch(&child)?), vec![0; 64 * 1024].into());
        let (stdin, stdout, stderr) = (Some(stdin), Some(stdout), Some(stderr));
        let protocol = Protocol::new(config, SessionTime::ZERO);
        let session = Self { protocol, epoch: Instant::now(), child, exit, stdin, stdout, stderr, buffer };
        for pipe in [session.stdin_fd(), session.stdout_fd(), session.stderr_fd()].into_iter().flatten() {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(session)
    }

    pub(crate) fn now(&self) -> SessionTime {
        SessionTime::from(self.epoch.elapsed())
    }

    /// What happened next; nothing after the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Action>> {
        loop {
            self.write();
            self.obey();
            if let Some(action) = self.protocol.poll_action() {
                return Ok(Some(action));
            }
            if self.protocol.is_closed() {
                return Ok(None);
            }
            let is_stdin_closed = self.wait()?;
            self.read();
            self.read_stderr();
            self.reap();
            if is_stdin_closed && self.stdin.take().is_some() {
                self.protocol.send_failed(self.now());
            }
            // Last: what has arrived may be what was waited for.
            self.protocol.handle_timeout(self.now());
        }
    }

    /// Sleeps until something can be done. What that is, is found out by trying. Returns whether the child has closed its
    /// stdin: `poll` reports that error on the pipe although nothing is asked about it.
    fn wait(&self) -> io::Result<bool> {
        let writes = !self.protocol.poll_transmit().is_empty();
        let wanted = [
            (self.stdin_fd(), if writes { PollFlags::OUT } else { PollFlags::empty() }),
            (self.stdout_fd().filter(|_| self.protocol.wants_read()), PollFlags::IN),
            (self.stderr_fd(), PollFlags::IN),
            (self.exit.as_ref().map(AsFd::as_fd), PollFlags::IN),
        ];
        let wanted = wanted.into_iter().filter_map(|(fd, flags)| Some(PollFd::from_borrowed_fd(fd?, flags)));
        let due = self.protocol.poll_timeout().map(|(at, _)| at.saturating_duration_since(self.now()));
        // A deadline that is too far for the system is none.
        let due = due.and_then(|due| Timespec::try_from(due).ok());
        let mut wanted: Vec<_> = wanted.collect();
        match poll(&mut wanted, due.as_ref()) {
            Ok(_) => Ok(self.stdin.is_some() && wanted[0].revents().contains(PollFlags::ERR)),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn write(&mut self) {
        while let (Some(stdin), bytes @ [_, ..]) = (&mut self.stdin, self.protocol.poll_transmit()) {
            let written = stdin.write(bytes);
            let now = self.now();
            match written {
                Ok(count @ 1..) => self.protocol.sent(now, count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.stdin = None;
                    self.protocol.send_failed(now);
                }
            }
        }
    }

    fn read(&mut self) {
        for _ in 0..READS {
            let Some(stdout) = self.stdout.as_mut().filter(|_| self.protocol.wants_read()) else { return };
            let read = stdout.read(&mut self.buffer);
            let now = self.now();
            match read {
                Ok(count @ 1..) => self.protocol.receive(now, &self.buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.stdout = None;
                    self.protocol.eof(now);
                }
            }
        }
    }

    fn read_stderr(&mut self) {
        for _ in 0..READS {
            let Some(stderr) = &mut self.stderr else { return };
            let read = stderr.read(&mut self.buffer);
            let now = self.now();
            match read {
                Ok(count @ 1..) => self.protocol.stderr(now, &self.buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.stderr = None;
                    self.protocol.stderr_eof(now);
                }
            }
        }
    }

    fn reap(&mut self) {
        if let (Some(_), Some(exit)) = (&self.exit, self.child.try_wait()) {
            self.exit = None;
            self.protocol.exited(self.now(), exit);
        }
    }

    fn obey(&mut self) {
        while let Some(order) = self.protocol.poll_child_command() {
            match order {
                ChildCommand::CloseStdin => self.stdin = None,
                ChildCommand::Terminate => self.child.terminate(),
                ChildCommand::Kill => self.child.kill(),
            }
        }
    }

    fn stdin_fd(&self) -> Option<BorrowedFd<'_>> {
        self.stdin.as_ref().map(AsFd::as_fd)
    }

    fn stdout_fd(&self) -> Option<BorrowedFd<'_>> {
        self.stdout.as_ref().map(AsFd::as_fd)
    }

    fn stderr_fd(&self) -> Option<BorrowedFd<'_>> {
        self.stderr.as_ref().map(AsFd::as_fd)
    }
}

/// A thread waits for the exit and then drops its end of the pair. It leaves the process to be reaped by the loop. On Linux
/// alone, `ChildProcess::pidfd` does the same without a thread.
fn watch(child: &ChildProcess) -> io::Result<UnixStream> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a child has an id");
    let (ours, theirs) = UnixStream::pair()?;
    std::thread::spawn(move || {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), look), Err(Errno::INTR)) {}
        drop(theirs);
    });
    Ok(ours)
}
