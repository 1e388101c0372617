//! What a line is, found slowly and obviously: the scan is judged by it.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::scan;
use crate::text::readable;
use crate::wire::envelope::{NotAMessage, Place};
use crate::wire::kind::MessageKind;
use crate::wire::unescaped;

/// What is to be known of a line, as texts.
pub(crate) type Verdict = Result<(MessageKind, Option<String>, Option<String>, bool), NotAMessage>;

fn scanned(line: &[u8]) -> Verdict {
    let envelope = scan(line)?;
    let text = |place: Place| place.text(line).map(|text| text.into_owned());
    Ok((envelope.kind, text(envelope.subtype), text(envelope.uuid), envelope.subagent))
}

/// The same, slow and obvious: by way of a map of the line's fields.
fn scanned_slowly(line: &[u8]) -> Verdict {
    let text = readable(line);
    serde_json::from_str::<IgnoredAny>(&text).map_err(|_| NotAMessage::NotJson)?;
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&text).map_err(|_| NotAMessage::NotAnObject)?;
    let name = |key: &str| fields.get(key).and_then(|raw| unescaped(raw.get()));
    let kind = name("type").ok_or(NotAMessage::NoType)?;
    let subagent = fields.get("parent_tool_use_id").is_some_and(|raw| raw.get() != "null");
    Ok((MessageKind::of(kind.as_bytes()), name("subtype"), name("uuid"), subagent))
}

/// The verdict on a line, on which both agree.
pub(crate) fn agree(line: &[u8]) -> Verdict {
    let (fast, slow) = (scanned(line), scanned_slowly(line));
    assert_eq!(fast, slow, "{}", String::from_utf8_lossy(line));
    fast
}
