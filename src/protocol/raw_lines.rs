//! Reports unchanged lines: of stderr, and of the protocol in both directions. Off by default.

use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::line::Piece;
use crate::protocol::raw::{Direction, StderrLine, WireLine};
use crate::protocol::tail;

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
        Piece::Message(line, _) | Piece::Whole(line) => (line, line.len() as u64),
        Piece::Assembled(line) => (line.as_bytes(), line.as_bytes().len() as u64),
        Piece::Dropped { start, length } => (start, *length),
    }
}
