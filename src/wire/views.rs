//! Typed views of messages, decoded when asked for. Open: what they do not name stays in the line.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::DecodeError;
use crate::json::Json;
use crate::text::readable;
use crate::wire::{decode, lenient, unescaped};

/// How a turn ended (wire reference, section 1.4, `result`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct TurnResult {
    /// `success`, `error_during_execution`, `error_max_turns`, ...
    pub subtype: String,
    /// Whether it is an error; `success` too can be one, when the API failed. An interrupted turn's is false up to
    /// 2.1.50.
    #[serde(default)]
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

/// A content block of an `assistant` or `user` message.
#[derive(Debug, Clone, PartialEq)]
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

/// What a `stream_event` adds to the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamDelta {
    /// A part of the text.
    Text(String),
    /// A part of the thinking.
    Thinking(String),
    /// A part of a tool's input, as JSON text.
    Input(String),
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
    #[derive(Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Known {
        Text {
            text: String,
        },
        Thinking {
            thinking: String,
        },
        ToolUse {
            id: String,
            name: String,
        },
        ToolResult {
            tool_use_id: String,
            #[serde(default)]
            is_error: Option<bool>,
        },
    }
    // A tagged enum is read by way of a buffer, in which no raw value survives: the raw parts are read by themselves.
    let part = |key: &str| field(raw.as_str(), key).unwrap_or_else(|| Json::string(""));
    match raw.decode::<Known>() {
        Ok(Known::Text { text }) => Content::Text(text),
        Ok(Known::Thinking { thinking }) => Content::Thinking(thinking),
        Ok(Known::ToolUse { id, name }) => Content::ToolUse { id, name, input: part("input") },
        Ok(Known::ToolResult { tool_use_id, is_error }) => {
            Content::ToolResult { tool_use_id, content: part("content"), is_error: is_error.unwrap_or(false) }
        }
        Err(_) => Content::Other(raw),
    }
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
    let raw = field(&readable(line), key)?;
    unescaped(raw.as_str())
}

fn field(object: &str, key: &str) -> Option<Json> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(object).ok()?;
    fields.get(key).map(|raw| Json::compacted(raw))
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
}
