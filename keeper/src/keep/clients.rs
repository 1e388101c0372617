//! Clients of a keeper: accepting them, reading from them, sending to them, and removing them.

use std::io;
use std::os::unix::net::UnixListener;
use std::time::Instant;

use super::client::{Client, State};
use super::keeper::Keeper;
use crate::credentials;
use crate::frame::{FromKeeper, Refusal, Stream};
use crate::policy::Limits;

impl Keeper {
    /// Accepts waiting clients, up to the maximum number.
    pub(super) fn accept(&mut self, listener: &UnixListener, now: Instant) {
        loop {
            let socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let peer = credentials::peer(&socket);
            let Ok(mut client) = Client::new(socket, peer, now) else { continue };
            let owner = credentials::user();
            match peer.user {
                Some(user) if user != owner => client.refuse(Refusal::User { client: user, owner }),
                _ if !self.make_room() => {
                    client.refuse(Refusal::Unavailable(format!(
                        "it has {} clients, which is the maximum",
                        Limits::CLIENTS
                    )));
                }
                _ => {}
            }
            self.clients.push(client);
        }
    }

    /// Makes room for another client. Disconnects a client that only has to read its last frame, or else one that has not sent
    /// its token.
    fn make_room(&mut self) -> bool {
        if self.clients.len() < Limits::CLIENTS {
            return true;
        }
        let leaving = |client: &Client| client.state == State::Leaving;
        let greeting = |client: &Client| matches!(client.state, State::Greeting(_));
        let index = self.clients.iter().position(leaving).or_else(|| self.clients.iter().position(greeting));
        index.map(|index| self.clients.remove(index)).is_some()
    }

    /// Reads the frames of one client, and handles them.
    pub(super) fn receive(&mut self, index: usize, now: Instant) {
        self.clients[index].receive();
        loop {
            let client = &mut self.clients[index];
            let mut reader = std::mem::take(&mut client.reader);
            let frame = reader.next_frame();
            // The frame is a part of the reader, and the client is served with it.
            let more = match frame {
                Ok(Some(frame)) => {
                    self.serve(index, frame, now);
                    true
                }
                Ok(None) => false,
                Err(error) => {
                    client.refuse(Refusal::unknown(&error));
                    false
                }
            };
            self.clients[index].reader = reader;
            if !more || matches!(self.clients[index].state, State::Leaving) {
                return;
            }
        }
    }

    /// Sends the pending frames to every client, and removes clients whose connection has ended.
    pub(super) fn send_all(&mut self, now: Instant) {
        let trouble = self.trouble();
        for client in &mut self.clients {
            loop {
                // Bytes that waited may have left no room for more, and are written now.
                let mut more = client.has_waiting();
                if client.has_room() {
                    client.put_trouble(trouble.as_deref());
                    if std::mem::take(&mut client.stdin_changed) {
                        let (taken, written) = (self.stdin.taken(), self.stdin.written());
                        client.put(&FromKeeper::Stdin { taken, written, closed: self.stdin.is_closed() });
                    }
                    if let (Some(exit), false) = (self.child.exit(), client.exit_sent) {
                        client.exit_sent = true;
                        client.put(&FromKeeper::Exit(exit));
                    }
                    more |= client.add_output(Stream::Stderr, &self.stderr);
                    more |= client.has_room() && client.add_output(Stream::Stdout, &self.stdout);
                }
                client.send();
                if !more || client.has_waiting() || client.state == State::Gone {
                    break;
                }
            }
            if matches!(client.state, State::Greeting(until) if until <= now) {
                client.refuse(Refusal::Protocol(format!("no hello within {} seconds", Limits::HANDSHAKE.as_secs())));
                client.send();
            }
        }
        self.clients.retain(|client| client.state != State::Gone);
        match self.is_controlled() {
            true => self.alone_since = None,
            false => self.alone_since = self.alone_since.or(Some(now)),
        }
    }

    pub(super) fn is_controlled(&self) -> bool {
        self.clients.iter().any(|client| client.state == State::Controller)
    }

    /// Returns the reason why output cannot be kept, if there is one.
    fn trouble(&self) -> Option<String> {
        let of = |name, error: &io::Error| {
            format!(
                "{name} cannot be written to {}: {error}; the CLI waits until the disk has space, or a host acknowledges output",
                self.folder.display()
            )
        };
        let stdout = self.stdout.trouble().map(|error| of("stdout", error));
        stdout.or_else(|| self.stderr.trouble().map(|error| of("stderr", error)))
    }
}
