//! Typed views of messages, decoded when asked for. Open: what they do not name stays in the line.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::DecodeError;
use crate::json::Json;
use crate::text::{FewTexts, Quoted, readable};
use crate::wire::{decode, lenient, unescaped};

/// How a turn ended (wire reference, section 1.4, `result`).
#[derive(Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct TurnResult {
    /// `success`, `error_during_execution`, `error_max_turns`, ...
    pub subtype: String,
    /// Whether it is an error; `success` too can be one, when the API failed. An interrupted turn's is false up to
    /// 2.1.50.
    #[serde(default, deserialize_with = "flag")]
    pub is_error: bool,
    /// The answer's text, or the API's error text.
    #[serde(default, deserialize_with = "lenient")]
    pub result: Option<String>,
    /// What went wrong, in an error result.
    #[serde(default, deserialize_with = "lenient")]
    pub errors: Option<Vec<String>>,
    /// Why it ended, from 2.1.143 on: `completed`, `max_turns`, `aborted_streaming`, ...
    #[serde(default, deserialize_with = "lenient")]
    pub terminal_reason: Option<String>,
    /// The session.
    #[serde(default, deserialize_with = "lenient")]
    pub session_id: Option<String>,
    /// What the process has cost so far, in US dollars: cumulative, not this turn's.
    #[serde(default, deserialize_with = "lenient")]
    pub total_cost_usd: Option<f64>,
    /// The turn's duration, in milliseconds.
    #[serde(default, deserialize_with = "lenient")]
    pub duration_ms: Option<u64>,
    /// Model calls in the turn.
    #[serde(default, deserialize_with = "lenient")]
    pub num_turns: Option<u64>,
    /// Tokens, this turn's, of the main loop only.
    #[serde(default, deserialize_with = "lenient")]
    pub usage: Option<Json>,
}

/// What is no `true` is `false`.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(lenient(deserializer)?.unwrap_or(false))
}

impl TurnResult {
    /// What went wrong, as text: the errors, else the result's text, else the subtype (wire reference, section 3.8).
    #[must_use]
    pub fn error_text(&self) -> String {
        let errors = self.errors.iter().flatten().filter(|error| !error.trim().is_empty());
        let joined = errors.map(String::as_str).collect::<Vec<_>>().join("; ");
        if !joined.is_empty() {
            return joined;
        }
        match self.result.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => self.subtype.clone(),
        }
    }
}

impl fmt::Debug for TurnResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnResult")
            .field("subtype", &Quoted(&self.subtype))
            .field("is_error", &self.is_error)
            .field("result", &self.result.as_deref().map(Quoted))
            .field("errors", &self.errors.as_deref().map(FewTexts))
            .field("terminal_reason", &self.terminal_reason.as_deref().map(Quoted))
            .field("session_id", &self.session_id.as_deref().map(Quoted))
            .field("total_cost_usd", &self.total_cost_usd)
            .field("duration_ms", &self.duration_ms)
            .field("num_turns", &self.num_turns)
            .field("usage", &self.usage)
            .finish()
    }
}

/// A content block of an `assistant` or `user` message.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text(String),
    /// What the model thought.
    Thinking(String),
    /// A tool that the model calls.
    ToolUse {
        /// By which its result names it.
        id: String,
        /// The tool.
        name: String,
        /// Its input.
        input: Json,
    },
    /// A tool's result.
    ToolResult {
        /// The call that it answers.
        tool_use_id: String,
        /// Text, or blocks.
        content: Json,
        /// Whether the tool failed, or was refused.
        is_error: bool,
    },
    /// A block of another type, as it came.
    Other(Json),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&Quoted(text)).finish(),
            Self::Thinking(text) => f.debug_tuple("Thinking").field(&Quoted(text)).finish(),
            Self::ToolUse { id, name, input } => f
                .debug_struct("ToolUse")
                .field("id", &Quoted(id))
                .field("name", &Quoted(name))
                .field("input", input)
                .finish(),
            Self::ToolResult { tool_use_id, content, is_error } => f
                .debug_struct("ToolResult")
                .field("tool_use_id", &Quoted(tool_use_id))
                .field("content", content)
                .field("is_error", is_error)
                .finish(),
            Self::Other(block) => f.debug_tuple("Other").field(block).finish(),
        }
    }
}

/// What a `stream_event` adds to the answer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamDelta {
    /// A part of the text.
    Text(String),
    /// A part of the thinking.
    Thinking(String),
    /// A part of a tool's input, as JSON text.
    Input(String),
}

impl fmt::Debug for StreamDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, part) = match self {
            Self::Text(part) => ("Text", part),
            Self::Thinking(part) => ("Thinking", part),
            Self::Input(part) => ("Input", part),
        };
        f.debug_tuple(name).field(&Quoted(part)).finish()
    }
}

pub(crate) fn content(line: &[u8]) -> Result<Vec<Content>, DecodeError> {
    #[derive(Deserialize)]
    struct Body {
        message: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        content: Json,
    }
    let body: Body = decode(line)?;
    let raw = body.message.content;
    if let Some(text) = unescaped(raw.as_str()) {
        return Ok(vec![Content::Text(text)]);
    }
    let blocks: Vec<Json> = raw.decode().map_err(|_| DecodeError::expected("a list").within("message.content"))?;
    Ok(blocks.into_iter().map(block).collect())
}

fn block(raw: Json) -> Content {
    let read = |text: &str| known(&fields(text)?);
    read(raw.as_str()).or_else(|| read(&readable(raw.as_str().as_bytes()))).unwrap_or(Content::Other(raw))
}

/// A block of a type that has a name here, and has what that type must have. Each field is read by itself, so that no
/// other can hide it, and a tool's input is not read at all.
fn known(fields: &RawFields<'_>) -> Option<Content> {
    let text = |key: &str| unescaped(fields.get(key)?.get());
    let json = |key: &str| fields.get(key).map_or_else(|| Json::string(""), |raw| Json::compacted(raw));
    Some(match text("type")?.as_str() {
        "text" => Content::Text(text("text")?),
        "thinking" => Content::Thinking(text("thinking")?),
        "tool_use" => Content::ToolUse { id: text("id")?, name: text("name")?, input: json("input") },
        "tool_result" => Content::ToolResult {
            tool_use_id: text("tool_use_id")?,
            content: json("content"),
            is_error: fields.get("is_error").is_some_and(|raw| raw.get() == "true"),
        },
        _ => return None,
    })
}

pub(crate) fn delta(line: &[u8]) -> Option<StreamDelta> {
    #[derive(Deserialize)]
    struct Body {
        event: Event,
    }
    #[derive(Deserialize)]
    struct Event {
        delta: Delta,
    }
    #[derive(Deserialize)]
    struct Delta {
        #[serde(default, deserialize_with = "lenient")]
        text: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        thinking: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        partial_json: Option<String>,
    }
    let delta = decode::<Body>(line).ok()?.event.delta;
    delta
        .text
        .map(StreamDelta::Text)
        .or(delta.thinking.map(StreamDelta::Thinking))
        .or(delta.partial_json.map(StreamDelta::Input))
}

/// The text of a top-level field.
pub(crate) fn text_field(line: &[u8], key: &str) -> Option<String> {
    unescaped(fields(&readable(line))?.get(key)?.get())
}

/// An object's fields as they are written; the last of several equal keys counts, as in the CLI's own language.
type RawFields<'t> = BTreeMap<String, &'t RawValue>;

fn fields(object: &str) -> Option<RawFields<'_>> {
    serde_json::from_str(object).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `unicode_output` of 2.1.329: half an emoji in an answer.
    #[test]
    fn half_an_emoji_hides_no_text() {
        let result: TurnResult = decode(br#"{"subtype":"success","result":"a \ud83d b","is_error":false}"#).unwrap();
        assert_eq!(result.result.as_deref(), Some("a \u{fffd} b"));
        let line = br#"{"message":{"content":[{"type":"text","text":"\udd80"},{"type":"tool_result","tool_use_id":"t","content":"\ud83d"}]}}"#;
        let blocks = content(line).unwrap();
        assert_eq!(blocks[0], Content::Text("\u{fffd}".into()));
        assert!(matches!(&blocks[1], Content::ToolResult { tool_use_id, .. } if tool_use_id == "t"));
        assert_eq!(delta(br#"{"event":{"delta":{"text":"\ud83d"}}}"#), Some(StreamDelta::Text("\u{fffd}".into())));
    }

    #[test]
    fn a_field_of_another_type_hides_no_other() {
        let result: TurnResult = decode(br#"{"subtype":"success","result":7,"errors":"x","duration_ms":-1}"#).unwrap();
        assert_eq!((result.result, result.errors, result.duration_ms), (None, None, None));
    }

    /// What a block says must not depend on what the rest of it holds: numbers that no `f64` can hold, half an emoji, a key
    /// that comes twice.
    #[test]
    fn a_block_is_read_field_by_field() {
        let block = |json: &str| {
            let line = format!(r#"{{"message":{{"content":[{json}]}}}}"#);
            content(line.as_bytes()).unwrap().remove(0)
        };
        for input in [r#"{"n":1e400}"#, r#"{"s":"\ud83d"}"#, r#"{"\ud83d":-1e999}"#, "7", "null", r#"{"a":1,"a":2}"#] {
            for rest in ["", r#","caller":{"n":1e400}"#, r#","x":"\ud83d""#, r#","\ud83d":1e400"#, r#","x":1,"x":2"#] {
                let json = format!(r#"{{"type":"tool_use","id":"t","name":"Bash","input":{input}{rest}}}"#);
                let Content::ToolUse { id, name, input: read } = block(&json) else { panic!("{json} is hidden") };
                assert_eq!((&*id, &*name), ("t", "Bash"), "{json}");
                let bad_key = rest.contains("\"\\ud83d\":");
                assert_eq!(
                    read.as_str(),
                    if bad_key { input.replace("d83d", "fffd") } else { input.to_owned() },
                    "{json}"
                );
            }
        }
        let result = r#"{"type":"tool_result","tool_use_id":"t","content":[{"n":1e400}],"is_error":1}"#;
        let expected = Json::parse(r#"[{"n":1e400}]"#).unwrap();
        assert_eq!(block(result), Content::ToolResult { tool_use_id: "t".into(), content: expected, is_error: false });
        let text = r#"{"type":"text","text":"a \ud83d","citations":[1e400],"type":"text"}"#;
        assert_eq!(block(text), Content::Text("a \u{fffd}".into()));
        let strange = r#"{"type":"tool_use","id":7,"name":"Bash"}"#;
        assert_eq!(block(strange), Content::Other(Json::parse(strange).unwrap()));
    }

    #[test]
    fn a_result_is_read_field_by_field() {
        for odd in [r#""is_error":null"#, r#""is_error":"no""#, r#""usage":{"n":1e400,"s":"\ud83d"}"#] {
            let line = format!(r#"{{"subtype":"success",{odd},"total_cost_usd":1e400,"result":"hi"}}"#);
            let result: TurnResult = decode(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!((result.is_error, result.result.as_deref()), (false, Some("hi")), "{line}");
        }
    }
}
