//! One connected client: its socket, the bytes received from it, and the bytes to send to it.

use std::io::{self, IoSlice, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use super::spool::{GRACE, Spool};
use crate::credentials::Peer;
use crate::frame::{FrameReader, FromKeeper, MAX_DATA, Refusal, Stream};
use crate::policy::Limits;

/// Maximum number of bytes for a client that wait in memory before another frame is added.
const WAITING: usize = 1024;

/// Size of the send buffer of a client's socket, in bytes.
const SEND_BUFFER: usize = 256 * 1024;

/// Size of one read from a client, in bytes.
const READ: usize = 16 * 1024;

/// State of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Client that must send its token before this time.
    Greeting(Instant),
    /// Client that controls the session.
    Controller,
    /// Client that only reads.
    Observer,
    /// Client that gets the bytes that wait for it, and no further ones.
    Leaving,
    /// Client whose connection has ended.
    Gone,
}

/// Progress of a client in one stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// Offset of the next byte to send.
    pub(super) offset: u64,
    /// Offset up to which the client has room.
    pub(super) window: u64,
    /// `true` if the end of the stream was sent.
    ended: bool,
}

impl Reading {
    pub(super) fn new(offset: u64, window: u64) -> Self {
        Self { offset, window: offset.saturating_add(window), ended: false }
    }

    /// Returns `true` if bytes of a stream that ends at `end` are still to be sent, or if the window of the client has no room
    /// for another frame.
    fn is_behind(&self, end: u64) -> bool {
        self.offset < end || self.window < end + MAX_DATA as u64
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
    /// Time of the last progress that the client has reported.
    pub(super) progressed: Instant,
    /// `true` if the state of stdin has changed since it was last sent.
    pub(super) stdin_changed: bool,
    pub(super) exit_sent: bool,
    trouble_sent: bool,
    waiting: Vec<u8>,
    /// Start of the bytes in `waiting` that were not written.
    start: usize,
    /// `true` if the socket is full, and is not writable yet.
    blocked: bool,
}

impl Client {
    pub(super) fn new(socket: UnixStream, peer: Peer, now: Instant) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // The larger it is, the more rarely the keeper and its client take turns. The system may give less.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER);
        Ok(Self {
            socket,
            peer,
            state: State::Greeting(now + Limits::HANDSHAKE),
            reader: FrameReader::default(),
            stdout: Reading::default(),
            stderr: Reading::default(),
            progressed: now,
            stdin_changed: false,
            exit_sent: false,
            trouble_sent: false,
            waiting: Vec::new(),
            start: 0,
            blocked: false,
        })
    }

    pub(super) fn is_admitted(&self) -> bool {
        matches!(self.state, State::Controller | State::Observer)
    }

    pub(super) fn put(&mut self, frame: &FromKeeper<'_>) {
        frame.put(&mut self.waiting);
    }

    /// Adds the last frame for the client, which is then removed.
    pub(super) fn leave_with(&mut self, frame: &FromKeeper<'_>) {
        self.put(frame);
        self.state = State::Leaving;
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.leave_with(&FromKeeper::Refused(refusal));
    }

    /// Reads once from the socket, and records the end of the connection.
    pub(super) fn receive(&mut self) {
        match self.socket.read(self.reader.space(READ)) {
            Ok(0) => self.state = State::Gone,
            Ok(_) if self.state == State::Leaving => {}
            Ok(count) => self.reader.filled(count),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.state = State::Gone,
        }
    }

    /// Returns `true` if this is the controller, and it will soon read the bytes of a stream that ends at `end`.
    pub(super) fn is_taking(&self, stream: Stream, end: u64, now: Instant) -> bool {
        let reading = if stream == Stream::Stdout { &self.stdout } else { &self.stderr };
        self.state == State::Controller && reading.is_behind(end) && now < self.progressed + GRACE
    }

    /// Records that the socket can be written again.
    pub(super) fn unblock(&mut self) {
        self.blocked = false;
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.start < self.waiting.len()
    }

    /// Returns `true` if another frame may be added now.
    pub(super) fn has_room(&self) -> bool {
        self.is_admitted() && !self.blocked && self.waiting.len() - self.start < WAITING
    }

    /// Writes as many bytes as the socket accepts. A client that has received its last frame is disconnected.
    pub(super) fn send(&mut self) {
        while self.has_waiting() {
            if self.blocked || !self.write([&[], &[]]) {
                return;
            }
        }
        if self.state == State::Leaving {
            // Unread bytes of the client would reset the connection, and the client would lose its last frame.
            let _ = self.socket.shutdown(std::net::Shutdown::Write);
            self.state = if self.drained() { State::Gone } else { State::Leaving };
        }
    }

    /// Writes the waiting bytes, then `parts`, with one call. Bytes that the socket does not accept wait. Returns `true` if all
    /// bytes were written.
    fn write(&mut self, parts: [&[u8]; 2]) -> bool {
        let waiting = &self.waiting[self.start..];
        let total = waiting.len() + parts[0].len() + parts[1].len();
        let slices = [waiting, parts[0], parts[1]].map(IoSlice::new);
        let count = match self.socket.write_vectored(&slices) {
            Ok(0) => {
                self.state = State::Gone;
                return false;
            }
            Ok(count) => count,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => 0,
            Err(_) => {
                self.state = State::Gone;
                return false;
            }
        };
        self.blocked = count < total;
        let mut taken = count.saturating_sub(waiting.len());
        self.start += count - taken;
        if !self.has_waiting() {
            self.waiting.clear();
            self.start = 0;
        }
        for part in parts {
            let skipped = taken.min(part.len());
            taken -= skipped;
            self.waiting.extend_from_slice(&part[skipped..]);
        }
        !self.blocked
    }

    /// Reads and drops the bytes that the client has sent. Returns `true` if the client has closed its side.
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

    /// Reports that output cannot be saved, or that it can be saved again.
    pub(super) fn put_trouble(&mut self, trouble: Option<&str>) {
        if trouble.is_some() != self.trouble_sent {
            self.trouble_sent = trouble.is_some();
            self.put(&FromKeeper::Trouble { text: trouble.unwrap_or_default().to_owned() });
        }
    }

    /// Sends the next bytes of a stream, or adds its end. Returns `true` if there was anything to send.
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
            let is_due = state.ended && !reading.ended;
            reading.ended |= is_due;
            if is_due {
                FromKeeper::OutputEnd { stream, offset }.put(&mut self.waiting);
            }
            return is_due;
        }
        let most = (reading.window.min(state.end).saturating_sub(offset)).min(MAX_DATA as u64);
        if most == 0 {
            return false;
        }
        let length = usize::try_from(most).unwrap_or(MAX_DATA);
        let begin = self.waiting.len();
        FromKeeper::Output { stream, offset, bytes: &[] }.put(&mut self.waiting);
        let data = self.waiting.len();
        // The bytes go to the socket from where they are, or from their file into their frame.
        let in_memory = spool.in_memory(offset, offset + most);
        let read = match in_memory {
            Some(_) => Ok(length),
            None => {
                self.waiting.resize(data + length, 0);
                spool.read(offset, &mut self.waiting[data..])
            }
        };
        match read {
            Ok(count) => {
                reading.offset += count as u64;
                self.waiting.truncate(data + count);
                let length = u32::try_from(data + count - begin - 4).unwrap_or(0);
                self.waiting[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
                self.write(in_memory.unwrap_or_default());
            }
            Err(error) => {
                self.waiting.truncate(begin);
                self.refuse(Refusal::Files(error.to_string()));
            }
        }
        true
    }

    /// Returns `true` if the client has received everything of a session that has ended.
    pub(super) fn knows_all(&self) -> bool {
        !self.has_waiting() && (!self.is_admitted() || self.exit_sent && self.stdout.ended && self.stderr.ended)
    }
}
