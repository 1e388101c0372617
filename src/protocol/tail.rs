//! Last bytes of a child's stream, kept for the end of the session.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::protocol::form;

/// Keeps the last bytes of a stream.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tail {
    #[serde(with = "form")]
    bytes: Vec<u8>,
}

impl Tail {
    pub(crate) fn push(&mut self, bytes: &[u8], limit: usize) {
        let bytes = &bytes[bytes.len().saturating_sub(limit)..];
        let excess = (self.bytes.len() + bytes.len()).saturating_sub(limit);
        self.bytes.drain(..excess.min(self.bytes.len()));
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the text: each line in UTF-8, or in UTF-16 if it contains zero bytes.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (at, part) in self.bytes.split(|byte| *byte == b'\n').enumerate() {
            if at > 0 {
                text.push('\n');
            }
            text.push_str(&line(part));
        }
        text
    }
}

/// Returns the text of a line, which is in UTF-8, or in UTF-16 if it contains zero bytes.
pub(crate) fn line(line: &[u8]) -> Cow<'_, str> {
    match line.contains(&0) {
        true => utf16(line).filter(|character| *character != '\r').collect(),
        false => String::from_utf8_lossy(line),
    }
}

/// Reads a line of UTF-16LE. The line end was split: its second byte is the first one of the next line.
fn utf16(line: &[u8]) -> impl Iterator<Item = char> {
    let line = line.strip_prefix(b"\0").unwrap_or(line);
    let line = line.strip_prefix(b"\xff\xfe").unwrap_or(line);
    let units = line.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_bytes_are_kept() {
        let mut tail = Tail::default();
        for part in ["ab", "cdef", "", "g", "0123456789"] {
            tail.push(part.as_bytes(), 5);
            assert!(tail.bytes.len() <= 5);
        }
        assert_eq!(tail.text(), "56789");
    }

    #[test]
    fn utf16_output_is_decoded() {
        let text = "\u{feff}The file was not found: f\u{fc}r \u{1f980}.\r\nError code: 1\r\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut tail = Tail::default();
        tail.push(b"first \xff\n", 1000);
        tail.push(&bytes, 1000);
        let expected = "first \u{fffd}\nThe file was not found: f\u{fc}r \u{1f980}.\nError code: 1\n";
        assert_eq!(tail.text(), expected);
    }
}
