//! What a line is, found in one pass over it and in any order of keys.
//!
//! The pass checks the whole line as JSON by its structure and builds no value that nobody asked for. It makes no
//! UTF-8 pass: only the few texts below are looked at, as bytes.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::text::readable;
use crate::wire::kind::MessageKind;
use crate::wire::unescaped;

/// The keys that tell what a line is and whom it concerns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) kind: MessageKind,
    pub(crate) subtype: Name,
    pub(crate) uuid: Name,
    /// Whether `parent_tool_use_id` is there and not null: the frame is a subagent's.
    pub(crate) subagent: bool,
}

/// A text of the line: where it stands, or a copy where it is written with escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Name {
    #[default]
    Absent,
    At {
        start: u32,
        len: u32,
    },
    Copied(Box<str>),
}

impl Name {
    pub(crate) fn of<'a>(&'a self, line: &'a [u8]) -> Option<&'a str> {
        match self {
            Self::Absent => None,
            Self::At { start, len } => {
                let start = *start as usize;
                std::str::from_utf8(line.get(start..start + *len as usize)?).ok()
            }
            Self::Copied(text) => Some(text),
        }
    }
}

/// Why a line is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAMessage {
    NotJson,
    NotAnObject,
    NoType,
}

/// Reads a line's envelope. The last of several equal keys counts, as in the CLI's own language.
pub(crate) fn scan(line: &[u8]) -> Result<Envelope, NotAMessage> {
    if line.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(match serde_json::from_slice::<IgnoredAny>(line) {
            Ok(_) => NotAMessage::NotAnObject,
            Err(_) => NotAMessage::NotJson,
        });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let scanned = deserializer.deserialize_map(Scan { line });
    match scanned.and_then(|scanned| deserializer.end().map(|()| scanned)) {
        Ok(scanned) => scanned.ok_or(NotAMessage::NoType),
        Err(_) => scan_slowly(line),
    }
}

/// The same by way of a map: for a line in which a key above is not what it should be, or is no good Unicode.
fn scan_slowly(line: &[u8]) -> Result<Envelope, NotAMessage> {
    let text = readable(line);
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&text).map_err(|_| NotAMessage::NotJson)?;
    let name = |key: &str| fields.get(key).and_then(|raw| unescaped(raw.get()));
    let copied = |key: &str| name(key).map_or(Name::Absent, |text| Name::Copied(text.into()));
    let kind = name("type").ok_or(NotAMessage::NoType)?;
    Ok(Envelope {
        kind: MessageKind::of(kind.as_bytes()),
        subtype: copied("subtype"),
        uuid: copied("uuid"),
        subagent: fields.get("parent_tool_use_id").is_some_and(|raw| raw.get() != "null"),
    })
}

struct Scan<'l> {
    line: &'l [u8],
}

impl<'de> Visitor<'de> for Scan<'_> {
    /// `None` where there is no `type`.
    type Value = Option<Envelope>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        let mut typed = false;
        while let Some(key) = map.next_key_seed(Key)? {
            match key {
                Known::Type => {
                    envelope.kind = map.next_value_seed(Bytes(MessageKind::of))?;
                    typed = true;
                }
                Known::Subtype => envelope.subtype = map.next_value_seed(Text { line: self.line })?,
                Known::Uuid => envelope.uuid = map.next_value_seed(Text { line: self.line })?,
                Known::Parent => envelope.subagent = map.next_value::<Option<IgnoredAny>>()?.is_some(),
                Known::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(typed.then_some(envelope))
    }
}

enum Known {
    Type,
    Subtype,
    Uuid,
    Parent,
    Other,
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Known;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Known, D::Error> {
        deserializer.deserialize_bytes(Bytes(|key: &[u8]| match key {
            b"type" => Known::Type,
            b"subtype" => Known::Subtype,
            b"uuid" => Known::Uuid,
            b"parent_tool_use_id" => Known::Parent,
            _ => Known::Other,
        }))
    }
}

/// A string's bytes, unescaped, given to a function.
struct Bytes<F>(F);

impl<'de, T, F: FnOnce(&[u8]) -> T> DeserializeSeed<'de> for Bytes<F> {
    type Value = T;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<T, F: FnOnce(&[u8]) -> T> Visitor<'_> for Bytes<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<T, E> {
        Ok((self.0)(bytes))
    }
}

/// A string, as the place in the line where it stands.
struct Text<'l> {
    line: &'l [u8],
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = Name;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E: serde::de::Error>(self, bytes: &'de [u8]) -> Result<Name, E> {
        let start = bytes.as_ptr() as usize - self.line.as_ptr() as usize;
        match (u32::try_from(start), u32::try_from(bytes.len())) {
            (Ok(start), Ok(len)) => Ok(Name::At { start, len }),
            _ => self.visit_bytes(bytes),
        }
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Name, E> {
        Ok(Name::Copied(String::from_utf8_lossy(bytes).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(line: &str) -> (MessageKind, Option<String>, Option<String>, bool) {
        let envelope = scan(line.as_bytes()).unwrap();
        let text = |name: &Name| name.of(line.as_bytes()).map(str::to_owned);
        (envelope.kind, text(&envelope.subtype), text(&envelope.uuid), envelope.subagent)
    }

    #[test]
    fn keys_are_found_in_any_order_and_spelling() {
        let expected = (MessageKind::Result, Some("success".to_owned()), Some("u".to_owned()), false);
        for line in [
            r#"{"type":"result","subtype":"success","uuid":"u"}"#,
            r#"{"uuid":"u","x":{"type":"user"},"subtype":"success","y":[1e999,"\ud83d"],"type":"result"}"#,
            r#" {"\u0074ype" : "res\u0075lt", "subtype":"succ\u0065ss","uuid":"u","parent_tool_use_id":null } "#,
            r#"{"type":"user","type":"result","subtype":"success","uuid":"u"}"#,
        ] {
            assert_eq!(scanned(line), expected, "{line}");
        }
    }

    #[test]
    fn a_parent_of_any_type_makes_it_a_subagents_frame() {
        assert!(scanned(r#"{"type":"user","parent_tool_use_id":"toolu_1"}"#).3);
        assert!(scanned(r#"{"type":"user","parent_tool_use_id":{}}"#).3);
        assert!(!scanned(r#"{"type":"user"}"#).3);
    }

    #[test]
    fn a_field_of_the_wrong_type_hides_no_other() {
        assert_eq!(scanned(r#"{"uuid":5,"type":"user"}"#), (MessageKind::User, None, None, false));
        assert_eq!(scanned(r#"{"subtype":null,"type":"system"}"#), (MessageKind::System, None, None, false));
    }

    #[test]
    fn what_is_no_message_is_named() {
        let cases: [(&[u8], NotAMessage); 8] = [
            (b"hello", NotAMessage::NotJson),
            (b"{\"type\":\"user\"", NotAMessage::NotJson),
            (b"{\"type\":\"user\"} x", NotAMessage::NotJson),
            (b"[1]", NotAMessage::NotAnObject),
            (b"null", NotAMessage::NotAnObject),
            (b"{}", NotAMessage::NoType),
            (b"{\"type\":7}", NotAMessage::NoType),
            (b"\xff", NotAMessage::NotJson),
        ];
        for (line, why) in cases {
            assert_eq!(scan(line), Err(why), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_hide_a_message() {
        assert_eq!(scan(b"{\"a\":\"\xff\",\"type\":\"user\"}").map(|e| e.kind), Ok(MessageKind::User));
        assert_eq!(scan(b"{\"\xff\":1,\"type\":\"user\",\"uuid\":\"\xff\"}").map(|e| e.kind), Ok(MessageKind::User));
    }
}
