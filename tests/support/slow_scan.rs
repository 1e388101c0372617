//! What a line is, found slowly and obviously: what `Message::parse` says is judged by it.

use std::collections::BTreeMap;

use claude_duplex::{Message, WhyRejected};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// What is to be known of a line: its `type`, `subtype` and `uuid`, and whether it is a subagent's.
pub(crate) type Verdict = Result<(String, Option<String>, Option<String>, bool), WhyRejected>;

fn parsed(line: &[u8]) -> Verdict {
    let message = Message::parse(line)?;
    let text = |text: std::borrow::Cow<'_, str>| text.into_owned();
    Ok((text(message.type_name()), message.subtype().map(text), message.uuid().map(text), message.is_subagent()))
}

/// The same, slow and obvious: by way of a map of the line's fields.
fn parsed_slowly(line: &[u8]) -> Verdict {
    let text = readable(line);
    serde_json::from_str::<IgnoredAny>(&text).map_err(|_| WhyRejected::NotJson)?;
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&text).map_err(|_| WhyRejected::NotAnObject)?;
    let name = |key: &str| fields.get(key).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let kind = name("type").ok_or(WhyRejected::NoType)?;
    let subagent = fields.get("parent_tool_use_id").is_some_and(|raw| raw.get() != "null");
    Ok((kind, name("subtype"), name("uuid"), subagent))
}

/// The line with all that is no good Unicode replaced by U+FFFD: bytes, and escapes of half a surrogate pair.
fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    if !text.contains("\\u") {
        return text.into_owned();
    }
    let (mut rest, mut readable) = (&*text, String::new());
    while let Some(first) = rest.chars().next() {
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                readable.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            // An escaped backslash begins no other escape.
            (None, _) if rest.starts_with("\\\\") => 2,
            (None, _) => first.len_utf8(),
        };
        let (start, end) = rest.split_at(length);
        readable.push_str(start);
        rest = end;
    }
    readable
}

/// The code unit that the text begins with, where it is written as `\uXXXX`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The verdict on a line, on which both agree.
pub(crate) fn agree(line: &[u8]) -> Verdict {
    let (fast, slow) = (parsed(line), parsed_slowly(line));
    assert_eq!(fast, slow, "{}", String::from_utf8_lossy(line));
    fast
}
