//! Framing of stdout: bytes to lines.

use std::mem;
use std::sync::Arc;

use memchr::{memchr, memrchr};
use serde::{Deserialize, Serialize};

use crate::message::Line;
use crate::protocol::form;
use crate::wire::envelope::Envelope;
use crate::wire::scan::scan_line;

/// Maximum length of a line that is copied out of its buffer, so that the buffer stays for the next line. A
/// stream of such lines needs one allocation each. The buffer of a longer line becomes the message.
const COPIED: usize = 16 * 1024;

/// Maximum capacity of a buffer that is allocated for a line of unknown length, after a long line: the next is
/// probably as long. A buffer that has to grow copies its content.
const EXPECTED: usize = 256 * 1024;

/// Next piece of the output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'b> {
    /// A line that is complete in one chunk, and was scanned already: a message.
    Message(&'b [u8], Envelope),
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
    /// Capacity for the next line, after one that took its buffer.
    #[serde(skip)]
    expected: usize,
}

/// The bytes of a chunk that are not taken yet.
#[derive(Debug)]
pub(crate) struct Chunk<'b> {
    rest: &'b [u8],
    /// Number of bytes after the last line end. `None` until they are searched for.
    incomplete: Option<usize>,
}

impl<'b> Chunk<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, incomplete: None }
    }

    /// Returns `true` if the next line is complete in the chunk. Searches from the end of the chunk, once.
    fn has_line(&mut self) -> bool {
        let rest = self.rest;
        let incomplete =
            self.incomplete.get_or_insert_with(|| memrchr(b'\n', rest).map_or(rest.len(), |end| rest.len() - end - 1));
        rest.len() > *incomplete
    }

    /// Takes the next line if it is complete in the chunk, and a message of at most `limit` bytes. The scan also
    /// finds the end of the line, which saves a search.
    #[inline]
    fn message(&mut self, limit: usize) -> Option<Piece<'b>> {
        if !self.has_line() {
            return None;
        }
        let (end, envelope) = scan_line(self.rest).filter(|(end, _)| *end <= limit)?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(Piece::Message(trimmed(line), envelope))
    }
}

impl Lines {
    /// Does the same as [`next`](Self::next) for lines that are probably messages.
    #[inline]
    pub(crate) fn next_message<'b>(&mut self, chunk: &mut Chunk<'b>, limit: usize, start: usize) -> Option<Piece<'b>> {
        let begins = self.partial.is_empty() && self.dropped.is_none();
        let message = if begins { chunk.message(limit) } else { None };
        message.or_else(|| self.next(&mut chunk.rest, limit, start))
    }

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
            let wanted = if capacity == 0 { self.expected } else { capacity + capacity / 2 };
            self.partial.reserve_exact(length.max(wanted) - self.partial.len());
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
            // Somewhat more, since the next line may be somewhat longer.
            self.expected = (length + length / 8).min(EXPECTED);
            let mut line = mem::take(&mut self.partial);
            if line.capacity() - length > length / 4 {
                line.shrink_to_fit();
            }
            return Piece::Assembled(Line::Assembled(Arc::new(line)));
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
            let mut chunk = Chunk::new(chunk);
            while let Some(piece) = lines.next_message(&mut chunk, LIMIT, 4) {
                seen.push(shown(piece));
            }
        }
        seen.extend(lines.last().map(shown));
        seen
    }

    fn shown(piece: Piece<'_>) -> String {
        match piece {
            Piece::Message(line, _) | Piece::Whole(line) => String::from_utf8_lossy(line).into(),
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

    /// The scan of a complete line finds the end that a search finds: blanks around the message, a `\r`, an object that
    /// is continued in the next line, text around it, and a message over the limit.
    #[test]
    fn a_scanned_line_has_the_end_that_a_search_finds() {
        let lines = [
            r#"{"type":"a"}"#,
            r#"  {"type":"a"}  "#,
            "{\"type\":\"a\"}\r",
            r#"{"type":"a"} and text"#,
            r#"{"type":"a"}{"type":"b"}"#,
            r#"{"type":"#,
            r#""a"}"#,
            r#"[{"type":"a"}]"#,
            r#"{"type":1}"#,
            r#"{"type":"too long"}"#,
            "",
            r#"{"type":"last"}"#,
        ];
        let bytes = lines.map(|line| format!("{line}\n")).concat().into_bytes();
        for limit in [5, 16, 17, 100] {
            for cut in 0..=bytes.len() {
                let (mut scanned, mut searched) = (Vec::new(), Vec::new());
                let [mut scanning, mut searching] = [Lines::default(), Lines::default()];
                for chunk in [&bytes[..cut], &bytes[cut..]] {
                    let (mut chunk, mut rest) = (Chunk::new(chunk), chunk);
                    scanned.extend(std::iter::from_fn(|| scanning.next_message(&mut chunk, limit, 4).map(shown)));
                    searched.extend(std::iter::from_fn(|| searching.next(&mut rest, limit, 4).map(shown)));
                }
                assert_eq!(scanned, searched, "cut at {cut}, limit {limit}");
            }
        }
        let mut chunk = Chunk::new(&bytes);
        assert!(matches!(Lines::default().next_message(&mut chunk, 100, 4), Some(Piece::Message(..))));
    }

    #[test]
    fn an_endless_line_keeps_only_its_start() {
        let mut lines = Lines::default();
        for _ in 0..1000 {
            let mut chunk = Chunk::new(b"0123456789");
            assert_eq!(lines.next_message(&mut chunk, LIMIT, 4), None);
        }
        assert!(lines.partial.capacity() <= LIMIT);
    }
}
