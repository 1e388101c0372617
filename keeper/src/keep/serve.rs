//! Handling of the frames that a client sends.

use std::time::Instant;

use super::client::{Reading, State};
use super::keeper::Keeper;
use super::spool::Spool;
use crate::frame::{FromKeeper, Hello, Refusal, Role, Start, Stream, ToKeeper, VERSION, Welcome};
use crate::policy::Limits;

impl Keeper {
    pub(super) fn serve(&mut self, index: usize, frame: &[u8], now: Instant) {
        let state = self.clients[index].state;
        let served = match (state, ToKeeper::read(frame)) {
            (State::Leaving | State::Gone, _) => Ok(()),
            (_, Err(error)) => Err(Refusal::unknown(&error)),
            (State::Greeting(_), Ok(ToKeeper::Hello(hello))) => self.welcome(index, &hello),
            (State::Greeting(_), Ok(_)) => Err(Refusal::Protocol("the first frame is not a hello".to_owned())),
            (_, Ok(ToKeeper::Hello(_))) => Err(Refusal::Protocol("a second hello".to_owned())),
            (_, Ok(ToKeeper::Progress { stdout_kept, stderr_kept, stdout_window, stderr_window })) => {
                let client = &mut self.clients[index];
                client.progressed = now;
                client.stdout.window = client.stdout.window.max(stdout_window);
                client.stderr.window = client.stderr.window.max(stderr_window);
                if state == State::Controller {
                    self.stdout.acknowledge(stdout_kept, now);
                    self.stderr.acknowledge(stderr_kept, now);
                }
                Ok(())
            }
            (State::Observer, Ok(_)) => Err(Refusal::Protocol("an observer cannot write".to_owned())),
            (State::Controller, Ok(frame)) => self.control(&frame, now).map_err(Refusal::Protocol),
        };
        if let Err(refusal) = served {
            self.clients[index].refuse(refusal);
        }
    }

    fn control(&mut self, frame: &ToKeeper<'_>, now: Instant) -> Result<(), String> {
        match *frame {
            ToKeeper::Stdin { offset, bytes } => {
                self.stdin.take(offset, bytes)?;
                self.stdin.write();
                self.stdin_changed();
            }
            ToKeeper::StdinEnd { offset } => {
                self.stdin.end(offset)?;
                self.stdin.write();
                self.stdin_changed();
            }
            ToKeeper::Signal(signal) => self.child.send(signal),
            ToKeeper::Stop => self.begin_end(now),
            ToKeeper::Release if self.child.exit().is_none() => {
                return Err("the CLI is still running and cannot be released".to_owned());
            }
            ToKeeper::Release => self.released = true,
            ToKeeper::Hello(_) | ToKeeper::Progress { .. } => {}
        }
        Ok(())
    }

    /// Marks the state of stdin to be sent to every client, with its next frames.
    pub(super) fn stdin_changed(&mut self) {
        self.clients.iter_mut().for_each(|client| client.stdin_changed = true);
    }

    fn welcome(&mut self, index: usize, hello: &Hello) -> Result<(), Refusal> {
        if hello.version != VERSION {
            return Err(Refusal::Version { client: hello.version, keeper: VERSION });
        }
        if !self.token.matches(&hello.token) {
            return Err(Refusal::Token);
        }
        let stdout = start(hello.stdout, Stream::Stdout, hello.role, &self.stdout)?;
        let stderr = start(hello.stderr, Stream::Stderr, hello.role, &self.stderr)?;
        let controller = self.clients.iter().position(|client| client.state == State::Controller);
        if hello.role == Role::Controller {
            if let (Some(controller), true) = (controller, hello.only_if_free) {
                return Err(Refusal::Busy { pid: self.clients[controller].peer.pid });
            }
            self.epoch = match hello.epoch {
                0 => self.epoch + 1,
                requested if requested > self.epoch => requested,
                requested => return Err(Refusal::Epoch { requested, current: self.epoch }),
            };
            let replaced = FromKeeper::Replaced { epoch: self.epoch, pid: self.clients[index].peer.pid };
            if let Some(controller) = controller {
                self.clients[controller].leave_with(&replaced);
            }
        }
        let welcome = self.state(controller.is_some());
        let client = &mut self.clients[index];
        client.state = if hello.role == Role::Controller { State::Controller } else { State::Observer };
        client.stdout = Reading::new(stdout, hello.window);
        client.stderr = Reading::new(stderr, hello.window);
        client.exit_sent = welcome.exit.is_some();
        client.put(&FromKeeper::Welcome(welcome));
        Ok(())
    }

    fn state(&self, controlled: bool) -> Welcome {
        Welcome {
            version: VERSION,
            session: self.id.to_string(),
            epoch: self.epoch,
            controlled,
            cli: self.child.pid(),
            stdout: self.stdout.state(),
            stderr: self.stderr.state(),
            stdin_taken: self.stdin.taken(),
            stdin_written: self.stdin.written(),
            stdin_ended: self.stdin.is_ended(),
            stdin_closed: self.stdin.is_closed(),
            stdin_window: u32::try_from(Limits::STDIN).unwrap_or(u32::MAX),
            signal: self.child.signal(),
            exit: self.child.exit(),
        }
    }
}

/// Returns the offset at which a client begins to read.
fn start(start: Start, stream: Stream, role: Role, spool: &Spool) -> Result<u64, Refusal> {
    let state = spool.state();
    match start {
        Start::Newest => Ok(state.end),
        Start::Oldest => Ok(state.oldest),
        Start::At(requested) if requested > state.end || requested < state.oldest && role == Role::Controller => {
            let stream = if stream == Stream::Stdout { "stdout" } else { "stderr" }.to_owned();
            Err(Refusal::Offset { stream, requested, oldest: state.oldest, end: state.end })
        }
        Start::At(requested) => Ok(requested),
    }
}
