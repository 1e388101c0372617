//! Framing of stdout: bytes to lines.

use std::mem;
use std::sync::Arc;

use memchr::memchr;
use serde::{Deserialize, Serialize};

use crate::message::Line;
use crate::protocol::form;

/// Maximum length of a line that is copied out of its buffer, so that the buffer stays for the next line. A
/// stream of such lines needs one allocation each. The buffer of a longer line becomes the message.
const COPIED: usize = 256 * 1024;

/// Next piece of the output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'b> {
    /// A line that is complete in one chunk.
    Whole(&'b [u8]),
    /// A line that came in several chunks.
    Assembled(Line),
    /// A line that was too long, reported at its end: its start, and its length in bytes.
    Dropped { start: Box<[u8]>, length: u64 },
}

/// The line that is being received. Bytes that were searched for a line end are not searched again: 16 MiB in
/// reads of 8 KiB cost the same as in one read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lines {
    #[serde(with = "form")]
    partial: Vec<u8>,
    /// Length so far of the line that is being dropped; its start is in `partial`.
    dropped: Option<u64>,
}

impl Lines {
    /// Takes the next piece out of `bytes`. Returns `None` after all bytes were taken.
    pub(crate) fn next<'b>(&mut self, bytes: &mut &'b [u8], limit: usize, start: usize) -> Option<Piece<'b>> {
        let chunk: &'b [u8] = bytes;
        let end = memchr(b'\n', chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        *bytes = &chunk[end.map_or(chunk.len(), |end| end + 1)..];
        match self.dropped {
            Some(length) => self.dropped = Some(length + part.len() as u64),
            None if self.partial.len() + part.len() > limit => self.drop_line(part, start.min(limit)),
            None if end.is_some() && self.partial.is_empty() => return Some(Piece::Whole(trimmed(part))),
            None => self.extend(part),
        }
        end.map(|_| self.take())
    }

    /// Returns the incomplete line at the end of the output, if there is one.
    pub(crate) fn last(&mut self) -> Option<Piece<'static>> {
        (self.dropped.is_some() || !self.partial.is_empty()).then(|| self.take())
    }

    /// Releases the buffer that is kept from one line to the next.
    pub(crate) fn rest(&mut self) {
        if self.partial.is_empty() {
            self.partial = Vec::new();
        }
    }

    /// Grows the buffer by half. While it moves, the old and the new buffer are at most two and a half times the
    /// line.
    fn extend(&mut self, part: &[u8]) {
        let (length, capacity) = (self.partial.len() + part.len(), self.partial.capacity());
        if length > capacity {
            self.partial.reserve_exact(length.max(capacity + capacity / 2) - self.partial.len());
        }
        self.partial.extend_from_slice(part);
    }

    fn drop_line(&mut self, part: &[u8], start: usize) {
        self.dropped = Some((self.partial.len() + part.len()) as u64);
        let wanted = start.saturating_sub(self.partial.len()).min(part.len());
        self.partial.truncate(start);
        self.partial.extend_from_slice(&part[..wanted]);
        self.partial.shrink_to_fit();
    }

    fn take(&mut self) -> Piece<'static> {
        if let Some(length) = self.dropped.take() {
            return Piece::Dropped { start: mem::take(&mut self.partial).into(), length };
        }
        let length = trimmed(&self.partial).len();
        self.partial.truncate(length);
        if length > COPIED {
            return Piece::Assembled(Line::Assembled(Arc::new(mem::take(&mut self.partial))));
        }
        let line = Line::Copied(self.partial.as_slice().into());
        self.partial.clear();
        Piece::Assembled(line)
    }
}

/// Returns the line without the `\r` of a `\r\n`.
fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 10;

    /// Returns the lines of `chunks`; a dropped line as its length.
    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            let mut rest: &[u8] = chunk;
            while let Some(piece) = lines.next(&mut rest, LIMIT, 4) {
                seen.push(shown(piece));
            }
        }
        seen.extend(lines.last().map(shown));
        seen
    }

    fn shown(piece: Piece<'_>) -> String {
        match piece {
            Piece::Whole(line) => String::from_utf8_lossy(line).into(),
            Piece::Assembled(line) => String::from_utf8_lossy(line.as_bytes()).into(),
            Piece::Dropped { start, length } => format!("{}:{length}", String::from_utf8_lossy(&start)),
        }
    }

    #[test]
    fn any_chunks_give_the_same_lines() {
        let bytes = b"one\r\n\ntwo\n0123456789\n0123456789a\n\rthree\r";
        let expected = ["one", "", "two", "0123456789", "0123:11", "\rthree"];
        assert_eq!(lines(&[bytes]), expected);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(lines(&single), expected);
        for cut in 0..bytes.len() {
            assert_eq!(lines(&[&bytes[..cut], &bytes[cut..]]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_line_keeps_only_its_start() {
        let mut lines = Lines::default();
        for _ in 0..1000 {
            let mut rest: &[u8] = b"0123456789";
            assert_eq!(lines.next(&mut rest, LIMIT, 4), None);
        }
        assert!(lines.partial.capacity() <= LIMIT);
    }
}
