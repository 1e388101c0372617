//! Lines as they are on the pipes: stderr, and both directions of the protocol. Off by default.

use std::fmt;
use std::sync::Arc;

use crate::base::text::{Cut, Quoted};
use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::line::Piece;
use crate::protocol::tail;

/// A line that the CLI wrote to stderr, reported with [`Config::stderr_lines`](crate::Config::stderr_lines).
///
/// ```
/// use claude_duplex::{Action, Config, Protocol, Seed, SessionTime};
///
/// let mut config = Config::new(Seed::from_bytes([1; 16]));
/// config.stderr_lines = true;
/// let mut protocol = Protocol::new(config, SessionTime::ZERO);
/// protocol.stderr(SessionTime::ZERO, b"warning: no \xff\nand");
/// let Some(Action::StderrLine(line)) = protocol.poll_action() else {
///     panic!("the line is whole")
/// };
/// assert_eq!((&*line.text, line.omitted), ("warning: no \u{fffd}", 0));
/// assert_eq!(protocol.poll_action(), None, "the other is not");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StderrLine {
    /// Text without the line end, at most the first [`Limits::stderr_line`](crate::Limits::stderr_line) bytes.
    /// Invalid UTF-8 is replaced by U+FFFD. A line in UTF-16, which `wsl.exe` writes, is decoded.
    pub text: Box<str>,
    /// Number of bytes of the line that are missing in `text`. 0 unless the line is longer than the limit.
    pub omitted: u64,
}

impl fmt::Debug for StderrLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StderrLine").field("text", &Quoted(&self.text)).field("omitted", &self.omitted).finish()
    }
}

/// A line of the protocol in either direction, reported with [`Config::wire_lines`](crate::Config::wire_lines).
///
/// The line is as private as the session: it may contain prompts, file contents, and the environment of MCP
/// servers.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WireLine {
    /// Direction of the line.
    pub direction: Direction,
    /// Bytes without the line end. For a line that is longer than [`Limits::line`](crate::Limits::line), only its
    /// start.
    pub bytes: Arc<[u8]>,
    /// Length of the line in bytes, without the line end.
    pub length: u64,
}

impl fmt::Debug for WireLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireLine")
            .field("direction", &self.direction)
            .field("bytes", &Cut(&self.bytes))
            .field("length", &self.length)
            .finish()
    }
}

/// Direction of a [`WireLine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The CLI wrote the line to stdout.
    Received,
    /// The session passed the line to the host, for the CLI's stdin.
    Sent,
}

impl Protocol {
    /// Receives bytes of stderr: keeps the last ones for the end of the session, and reports lines to the host.
    pub(super) fn take_stderr(&mut self, bytes: &[u8]) {
        self.stderr.push(bytes, self.config.limits.stderr_tail);
        if !self.config.stderr_lines || self.shutdown.is_stderr_eof() {
            return;
        }
        let (mut rest, limit) = (bytes, self.config.limits.stderr_line);
        while let Some(piece) = self.stderr_lines.next(&mut rest, limit, limit) {
            self.actions.push(stderr_line(piece));
        }
    }

    /// Reports the last line of stderr, if it has no line end. Nothing follows it.
    pub(super) fn end_stderr(&mut self) {
        if let Some(piece) = self.stderr_lines.last() {
            self.actions.push(stderr_line(piece));
        }
    }

    /// Reports a line of stdout, before its other effects.
    pub(super) fn received(&mut self, piece: &Piece<'_>) {
        if self.config.wire_lines {
            let (bytes, length) = content(piece);
            self.actions.push(wire_line(Direction::Received, bytes, length));
        }
    }

    /// Queues a line for stdin.
    pub(super) fn send(&mut self, line: &[u8]) {
        self.output.push(line);
        if self.config.wire_lines {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            self.actions.push(wire_line(Direction::Sent, line, line.len() as u64));
        }
    }
}

fn stderr_line(piece: Piece<'_>) -> Action {
    let (bytes, length) = content(&piece);
    let omitted = length - bytes.len() as u64;
    Action::StderrLine(StderrLine { text: tail::line(bytes).into(), omitted })
}

fn wire_line(direction: Direction, bytes: &[u8], length: u64) -> Action {
    Action::WireLine(WireLine { direction, bytes: bytes.into(), length })
}

/// Returns the kept bytes of a line, and the length of the line.
fn content<'p>(piece: &'p Piece<'_>) -> (&'p [u8], u64) {
    match piece {
        Piece::Whole(line) => (line, line.len() as u64),
        Piece::Assembled(line) => (line.as_bytes(), line.as_bytes().len() as u64),
        Piece::Dropped { start, length } => (start, *length),
    }
}
