//! What a line is, found slowly and obviously: what `Message::parse` says is judged by it.

use std::collections::BTreeMap;

use claude_duplex::{Action, Config, Message, Protocol, RejectedReason, Seed, SessionTime};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// What is to be known of a line: its `type`, `subtype` and `uuid`, and whether it is a subagent's.
pub(crate) type Verdict = Result<(String, Option<String>, Option<String>, bool), RejectedReason>;

fn parsed(line: &[u8]) -> Verdict {
    let message = Message::parse(line)?;
    let text = |text: std::borrow::Cow<'_, str>| text.into_owned();
    Ok((text(message.type_name()), message.subtype().map(text), message.uuid().map(text), message.is_subagent()))
}

/// The same, slow and obvious: by way of a map of the line's fields.
fn parsed_slowly(line: &[u8]) -> Verdict {
    let text = readable(line);
    serde_json::from_str::<IgnoredAny>(&text).map_err(|_| RejectedReason::NotJson)?;
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&text).map_err(|_| RejectedReason::NotAnObject)?;
    let name = |key: &str| fields.get(key).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let kind = name("type").ok_or(RejectedReason::NoType)?;
    let subagent = fields.get("parent_tool_use_id").is_some_and(|raw| raw.get() != "null");
    Ok((kind, name("subtype"), name("uuid"), subagent))
}

/// What a line that is not JSON contains, found slowly and obviously: how many objects, and what stands beside them. Objects
/// count that stand where a line could, with nothing but what no terminal shows around them; or one that begins as a message
/// does, behind text without quote or brace, to the end of the line, if it says whose it is. A `result` begins with any key.
pub(crate) fn damage(line: &[u8]) -> Option<(usize, Vec<u8>)> {
    if parsed_slowly(line) != Err(RejectedReason::NotJson) {
        return None;
    }
    let (mut rest, mut dropped, mut objects, mut text) = (line, Vec::new(), 0, false);
    while let Some(first) = rest.first() {
        let hidden = hidden(rest);
        if hidden > 0 {
            dropped.extend_from_slice(&rest[..hidden]);
            rest = &rest[hidden..];
        } else if *first == b'{' {
            let ends = (0..rest.len()).filter(|at| rest[*at] == b'}');
            let mut wholes =
                ends.map(|at| &rest[..=at]).filter(|part| parsed_slowly(part) != Err(RejectedReason::NotJson));
            let object = wholes.next()?;
            let is_result = parsed_slowly(object).is_ok_and(|(kind, ..)| kind == "result");
            let begins = is_result || object.starts_with(b"{\"type\":");
            if text && (objects > 0 || !begins || !says_whose(object)) {
                return None;
            }
            objects += 1;
            rest = &rest[object.len()..];
        } else if objects > 0 || b"}\"'`".contains(first) {
            return None;
        } else {
            text = true;
            dropped.push(*first);
            rest = &rest[1..];
        }
    }
    (objects > 0 || !text).then_some((objects, dropped))
}

/// How much of the start is not shown by a terminal: a byte order mark, one control sequence, one control character or blank.
fn hidden(rest: &[u8]) -> usize {
    let starts = |with: &[&[u8]]| with.iter().find(|with| rest.starts_with(with)).map(|with| with.len());
    let until = |from: usize, count: fn(&u8) -> bool| rest[from..].iter().take_while(|byte| count(byte)).count() + from;
    let and_end = |at: usize, from: u8| {
        at + usize::from(rest.get(at).is_some_and(|end| (from..=b'~').contains(end) && *end != b'{'))
    };
    if let Some(begin) = starts(&[b"\x1b[", b"\xc2\x9b"]) {
        let parameters = until(begin, |byte| (b'0'..=b'?').contains(byte));
        return and_end(until(parameters, |byte| (b' '..=b'/').contains(byte)), b'@');
    }
    let strings: [&[u8]; 10] = [
        b"\x1b]",
        b"\x1bP",
        b"\x1bX",
        b"\x1b^",
        b"\x1b_",
        b"\xc2\x90",
        b"\xc2\x98",
        b"\xc2\x9d",
        b"\xc2\x9e",
        b"\xc2\x9f",
    ];
    if let Some(begin) = starts(&strings) {
        let ends: [&[u8]; 3] = [b"\x07", b"\x1b\\", b"\xc2\x9c"];
        let end = |at: usize| ends.iter().find(|end| rest[at..].starts_with(end)).map(|end| at + end.len());
        return (begin..rest.len()).find_map(end).unwrap_or(begin);
    }
    match rest {
        [0x1b, ..] => {
            let parts = until(1, |byte| (b' '..=b'/').contains(byte));
            and_end(parts, b'0')
        }
        [0xef, 0xbb, 0xbf, ..] => 3,
        [0xc2, 0x80..=0x9f, ..] => 2,
        [0..=b' ' | 0x7f, ..] => 1,
        _ => 0,
    }
}

/// Whether an object has what every message of the CLI has.
fn says_whose(object: &[u8]) -> bool {
    let Ok((kind, ..)) = parsed_slowly(object) else { return false };
    let text = readable(object);
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
    let is_text = |key: &str| fields.get(key).is_some_and(|value| value.get().starts_with('"'));
    match &*kind {
        "control_request" | "control_cancel_request" => is_text("request_id"),
        "control_response" => fields.contains_key("response"),
        _ => is_text("uuid") && is_text("session_id"),
    }
}

/// What a session says of a damaged line, on which both agree.
pub(crate) fn agree_on_damage(line: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mut config = Config::new(Seed::from_bytes([0; 16]));
    config.limits.rejected_head = usize::MAX;
    let mut session = Protocol::new(config, SessionTime::ZERO);
    session.receive(SessionTime::ZERO, &[line, b"\n"].concat());
    let fast = std::iter::from_fn(|| session.poll_action()).find_map(|action| match action {
        Action::DamagedLine(line) => Some((line.messages, line.dropped.into_vec())),
        _ => None,
    });
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_one_line = !line.contains(&b'\n') && !line.iter().all(u8::is_ascii_whitespace);
    let slow = if is_one_line { damage(line) } else { fast.clone() };
    assert_eq!(fast, slow, "{}", line.escape_ascii());
    fast
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
