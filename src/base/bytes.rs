//! Bytes in a readable form: text if they are valid UTF-8, and hexadecimal digits otherwise.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that are serialized as a string, or as `{"hex": "..."}` if they are not valid UTF-8.
pub(crate) struct Bytes<'a>(pub(crate) Cow<'a, [u8]>);

#[derive(Serialize, Deserialize)]
struct Hex {
    hex: String,
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => text.serialize(serializer),
            Err(_) => Hex { hex: self.0.iter().map(|byte| format!("{byte:02x}")).collect() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "neither text nor {\"hex\":\"...\"}")]
        enum Form {
            Text(String),
            Hex(Hex),
        }
        let bytes = match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into_bytes(),
            Form::Hex(Hex { hex }) => {
                from_hex(&hex).ok_or_else(|| D::Error::custom("not pairs of hexadecimal digits"))?
            }
        };
        Ok(Self(bytes.into()))
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| Some(pair[0] << 4 | pair.get(1)?));
    pairs.collect()
}

/// Splits the bytes of one read into parts that are easy to read: lines, and incomplete characters at the ends of the read.
pub(crate) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').flat_map(without_torn_ends).filter(|part| !part.is_empty())
}

/// Splits a line into the end of a character, text, and the start of a character. If other bytes are not valid UTF-8,
/// returns the line as a single part.
fn without_torn_ends(line: &[u8]) -> [&[u8]; 3] {
    let is_inner = |byte: &&u8| matches!(byte, 0x80..=0xbf);
    let (end, rest) = line.split_at(line.iter().take(3).take_while(is_inner).count());
    match std::str::from_utf8(rest) {
        Ok(_) => [end, rest, &[]],
        Err(error) if error.error_len().is_none() => {
            let (text, start) = rest.split_at(error.valid_up_to());
            [end, text, start]
        }
        Err(_) => [line, &[], &[]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> String {
        serde_json::to_string(&Bytes(bytes.into())).unwrap()
    }

    #[test]
    fn any_bytes_survive_a_round_trip() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [&all[..], b"", b"text\n", "\u{0}\u{1f}\u{7f}\u{2028}".as_bytes(), b"\xff"] {
            let back: Bytes<'static> = serde_json::from_str(&written(bytes)).unwrap();
            assert_eq!(back.0, bytes);
        }
        assert_eq!(written(b"\xff\x0a"), r#"{"hex":"ff0a"}"#);
        for bad in ["1", r#"{"hex":"f"}"#, r#"{"hex":"+f"}"#, r#"{"hex":"\u00e9\u00e9"}"#, "{}"] {
            assert!(serde_json::from_str::<Bytes<'static>>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn chunks_split_into_lines_and_incomplete_ends() {
        let cases: [(&[u8], &[&[u8]]); 6] = [
            (b"one\n\ntwo", &[b"one\n", b"\n", b"two"]),
            (b"\x80\xa6 tail\nhead \xf0\x9f", &[b"\x80\xa6", b" tail\n", b"head ", b"\xf0\x9f"]),
            (b"a\xffb\nc\n", &[b"a\xffb\n", b"c\n"]),
            (b"\xff\n", &[b"\xff\n"]),
            (b"\x80\x80\x80\x80\n", &[b"\x80\x80\x80\x80\n"]),
            (b"", &[]),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parts(bytes).collect::<Vec<_>>(), expected);
        }
    }
}
