//! One connected client: its socket, what it has said and what it is still to get.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use super::spool::Spool;
use crate::credentials::Peer;
use crate::frame::{FrameReader, FromKeeper, MAX_DATA, Refusal, Stream};

/// Bytes for a client that wait in memory, at most, before a frame is added.
const WAITING: usize = MAX_DATA;

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is to show its token until then.
    Greeting(Instant),
    Controller,
    Observer,
    /// It gets what waits for it and no more.
    Leaving,
    /// Its connection is over.
    Gone,
}

/// Progress of a client in one stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// First byte that it did not get.
    pub(super) offset: u64,
    /// First byte for which it has no room.
    pub(super) window: u64,
    /// It was told that the stream has ended.
    ended: bool,
}

impl Reading {
    pub(super) fn new(offset: u64, window: u64) -> Self {
        Self { offset, window: offset.saturating_add(window), ended: false }
    }
}

#[derive(Debug)]
pub(super) struct Client {
    pub(super) socket: UnixStream,
    pub(super) peer: Peer,
    pub(super) state: State,
    pub(super) reader: FrameReader,
    pub(super) stdout: Reading,
    pub(super) stderr: Reading,
    /// The state of stdin has changed since it was told.
    pub(super) stdin_changed: bool,
    pub(super) exit_told: bool,
    trouble_told: bool,
    waiting: Vec<u8>,
    /// Begin of what was not written.
    start: usize,
}

impl Client {
    pub(super) fn new(socket: UnixStream, peer: Peer, until: Instant) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            peer,
            state: State::Greeting(until),
            reader: FrameReader::default(),
            stdout: Reading::default(),
            stderr: Reading::default(),
            stdin_changed: false,
            exit_told: false,
            trouble_told: false,
            waiting: Vec::new(),
            start: 0,
        })
    }

    pub(super) fn is_admitted(&self) -> bool {
        matches!(self.state, State::Controller | State::Observer)
    }

    pub(super) fn put(&mut self, frame: &FromKeeper<'_>) {
        frame.put(&mut self.waiting);
    }

    /// Gives the client its last frame.
    pub(super) fn leave_with(&mut self, frame: &FromKeeper<'_>) {
        self.put(frame);
        self.state = State::Leaving;
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.leave_with(&FromKeeper::Refused(refusal));
    }

    /// Reads what has come, once. At its end the connection is over.
    pub(super) fn receive(&mut self, scratch: &mut [u8]) {
        match self.socket.read(scratch) {
            Ok(0) => self.state = State::Gone,
            Ok(_) if self.state == State::Leaving => {}
            Ok(count) => self.reader.push(&scratch[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.state = State::Gone,
        }
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.start < self.waiting.len()
    }

    /// Returns whether another frame may be added now.
    pub(super) fn has_room(&self) -> bool {
        self.is_admitted() && self.waiting.len() - self.start < WAITING
    }

    /// Writes as much as the socket takes. A client that has its last frame goes.
    pub(super) fn send(&mut self) {
        while self.has_waiting() {
            match self.socket.write(&self.waiting[self.start..]) {
                Ok(count) if count > 0 => self.start += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                _ => {
                    self.state = State::Gone;
                    return;
                }
            }
        }
        self.waiting.clear();
        self.start = 0;
        if self.state == State::Leaving {
            // What it has sent and nobody reads would reset the connection, and with it the last frame.
            let _ = self.socket.shutdown(std::net::Shutdown::Write);
            self.state = if self.drained() { State::Gone } else { State::Leaving };
        }
    }

    /// Reads and drops what the client has sent. Returns whether it has closed its side.
    fn drained(&mut self) -> bool {
        let mut dropped = [0; 4096];
        loop {
            match self.socket.read(&mut dropped) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
    }

    /// Tells of trouble, and of its end.
    pub(super) fn tell_trouble(&mut self, trouble: Option<&str>) {
        if trouble.is_some() != self.trouble_told {
            self.trouble_told = trouble.is_some();
            self.put(&FromKeeper::Trouble { text: trouble.unwrap_or_default().to_owned() });
        }
    }

    /// Adds the next bytes of a stream, or its end. Returns whether there was anything.
    pub(super) fn add_output(&mut self, stream: Stream, spool: &Spool) -> bool {
        let state = spool.state();
        let reading = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        if reading.offset < state.oldest && reading.window > reading.offset {
            reading.offset = state.oldest;
            FromKeeper::Skipped { stream, to: state.oldest }.put(&mut self.waiting);
            return true;
        }
        let offset = reading.offset;
        if offset < state.oldest {
            return false;
        }
        if offset == state.end {
            let tell = state.ended && !reading.ended;
            reading.ended |= tell;
            if tell {
                FromKeeper::OutputEnd { stream, offset }.put(&mut self.waiting);
            }
            return tell;
        }
        let most = (reading.window.min(state.end).saturating_sub(offset)).min(MAX_DATA as u64);
        if most == 0 {
            return false;
        }
        // The bytes go from the spool into their frame.
        let begin = self.waiting.len();
        FromKeeper::Output { stream, offset, bytes: &[] }.put(&mut self.waiting);
        let data = self.waiting.len();
        self.waiting.resize(data + usize::try_from(most).unwrap_or(MAX_DATA), 0);
        match spool.read(offset, &mut self.waiting[data..]) {
            Ok(count) => {
                reading.offset += count as u64;
                self.waiting.truncate(data + count);
                let length = u32::try_from(data + count - begin - 4).unwrap_or(0);
                self.waiting[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
            }
            Err(error) => {
                self.waiting.truncate(begin);
                self.refuse(Refusal::Files(error.to_string()));
            }
        }
        true
    }

    /// Returns whether the client knows all of a session that has ended.
    pub(super) fn knows_all(&self) -> bool {
        !self.has_waiting() && (!self.is_admitted() || self.exit_told && self.stdout.ended && self.stderr.ended)
    }
}
