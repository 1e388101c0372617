//! Stdin of the CLI. Offsets ensure that each byte is written once.

use std::io::{self, Write};
use std::process::ChildStdin;

use crate::policy::Limits;

/// Bytes for the CLI that were received from hosts and not yet written to its pipe.
#[derive(Debug)]
pub(super) struct Stdin<W = ChildStdin> {
    /// Pipe, or `None` after it was closed.
    pipe: Option<W>,
    unwritten: Vec<u8>,
    taken: u64,
    /// `true` if a host has ended stdin: no more bytes are accepted.
    ended: bool,
    /// `true` if the CLI has closed its stdin.
    closed: bool,
}

impl<W: Write> Stdin<W> {
    pub(super) fn new(pipe: W) -> Self {
        Self { pipe: Some(pipe), unwritten: Vec::new(), taken: 0, ended: false, closed: false }
    }

    /// Accepts bytes at an offset. Bytes that were received before are ignored.
    ///
    /// # Errors
    /// Text that describes how the host has violated the protocol.
    pub(super) fn take(&mut self, offset: u64, bytes: &[u8]) -> Result<(), String> {
        let Some(known) = self.taken.checked_sub(offset) else {
            return Err(format!("stdin continues at offset {offset}, but {} bytes were received", self.taken));
        };
        let new = bytes.get(usize::try_from(known).unwrap_or(usize::MAX)..).unwrap_or_default();
        if new.is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(format!("stdin continues at offset {offset}, but it ended at {}", self.taken));
        }
        if self.unwritten.len() + new.len() > Limits::STDIN {
            return Err(format!("more than {} bytes of stdin wait for the CLI", Limits::STDIN));
        }
        self.taken += new.len() as u64;
        if !self.closed {
            self.unwritten.extend_from_slice(new);
        }
        Ok(())
    }

    /// Ends stdin after the bytes that were received. A repeated call is not an error.
    pub(super) fn end(&mut self, offset: u64) -> Result<(), String> {
        if offset != self.taken {
            return Err(format!("stdin ends at offset {offset}, but {} bytes were received", self.taken));
        }
        self.ended = true;
        Ok(())
    }

    /// Ends stdin for a session that ends.
    pub(super) fn end_here(&mut self) {
        self.ended = true;
    }

    /// Writes as many bytes as the pipe accepts, and closes it after the last byte. Returns `true` if anything changed.
    pub(super) fn write(&mut self) -> bool {
        let mut changed = false;
        while let (Some(pipe), false) = (&mut self.pipe, self.unwritten.is_empty()) {
            match pipe.write(&self.unwritten) {
                Ok(count) if count > 0 => {
                    self.unwritten.drain(..count);
                    changed = true;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                _ => {
                    self.close();
                    return true;
                }
            }
        }
        if self.ended && self.unwritten.is_empty() {
            changed |= self.pipe.take().is_some();
        }
        changed
    }

    /// Records that the CLI has closed its stdin. Bytes that it has not read are lost, as in a pipe.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.unwritten = Vec::new();
        self.pipe = None;
    }

    pub(super) fn pipe(&self) -> Option<&W> {
        self.pipe.as_ref()
    }

    pub(super) fn wants_write(&self) -> bool {
        self.pipe.is_some() && !self.unwritten.is_empty()
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn written(&self) -> u64 {
        self.taken - self.unwritten.len() as u64
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pipe that accepts a few bytes at a time, and none while it is full.
    #[derive(Default)]
    struct Pipe {
        read: Vec<u8>,
        room: usize,
        broken: bool,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.room.min(bytes.len()) {
                _ if self.broken => Err(io::ErrorKind::BrokenPipe.into()),
                0 => Err(io::ErrorKind::WouldBlock.into()),
                count => {
                    self.room -= count;
                    self.read.extend_from_slice(&bytes[..count]);
                    Ok(count)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn repeated_bytes_are_written_once() {
        let mut stdin = Stdin::new(Pipe { room: 100, ..Pipe::default() });
        for (offset, bytes) in [(0, "abc"), (0, "abc"), (1, "bcde"), (5, "fg"), (2, "cd"), (0, "abcdefgh")] {
            stdin.take(offset, bytes.as_bytes()).unwrap();
            stdin.write();
        }
        assert_eq!((stdin.taken(), stdin.written()), (8, 8));
        assert_eq!(stdin.pipe().unwrap().read, b"abcdefgh");
        assert!(stdin.take(9, b"x").unwrap_err().contains("continues at offset 9"));
        assert!(stdin.end(9).is_err() && stdin.end(7).is_err());
        stdin.end(8).unwrap();
        stdin.end(8).unwrap();
        assert!(stdin.write() && stdin.pipe().is_none());
        stdin.take(4, b"efgh").unwrap();
        assert!(stdin.take(8, b"i").unwrap_err().contains("ended at 8"));
    }

    #[test]
    fn a_full_pipe_buffers_up_to_the_limit_and_delays_the_end() {
        let mut stdin = Stdin::new(Pipe { room: 3, ..Pipe::default() });
        stdin.take(0, &[b'x'; Limits::STDIN]).unwrap();
        assert!(stdin.write() && stdin.wants_write() && !stdin.write());
        assert_eq!((stdin.taken(), stdin.written()), (Limits::STDIN as u64, 3));
        stdin.take(Limits::STDIN as u64, b"yyy").unwrap();
        assert!(stdin.take(Limits::STDIN as u64 + 3, b"z").unwrap_err().contains("wait for the CLI"));
        stdin.end(Limits::STDIN as u64 + 3).unwrap();
        assert!(!stdin.write() && stdin.pipe().is_some());
    }

    #[test]
    fn a_broken_pipe_is_closed_and_later_bytes_are_dropped() {
        let mut stdin = Stdin::new(Pipe { broken: true, ..Pipe::default() });
        stdin.take(0, b"abc").unwrap();
        assert!(stdin.write() && stdin.is_closed());
        stdin.take(3, b"def").unwrap();
        assert_eq!((stdin.taken(), stdin.wants_write()), (6, false));
    }
}
