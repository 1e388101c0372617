//! One step of a script as the Messages API answers it: streamed or in one piece, whole or failing.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::holds::{Holds, Stopped};
use crate::http::{self, EventStream};
use crate::script::{Step, with_halves};

/// What becomes of the connection.
#[derive(Debug, PartialEq)]
pub(crate) enum After {
    Keep,
    Drop,
}

pub(crate) struct Answer<'a> {
    pub(crate) step: &'a Step,
    pub(crate) model: &'a str,
    pub(crate) holds: &'a Holds,
    pub(crate) ids: &'a AtomicU64,
}

/// A content block: how it starts, and the deltas that fill it.
struct Block {
    start: Value,
    deltas: Vec<Value>,
    /// As it stands in an answer that is not streamed.
    whole: Value,
}

impl Answer<'_> {
    pub(crate) fn send(&self, to: &mut impl Write, stream: bool) -> io::Result<After> {
        match self.try_send(to, stream) {
            // Shutting down: whatever was said so far was all.
            Err(Failure::Stopped) => Ok(After::Drop),
            Err(Failure::Io(error)) => Err(error),
            Ok(after) => Ok(after),
        }
    }

    fn try_send(&self, to: &mut impl Write, stream: bool) -> Result<After, Failure> {
        let hold = self.step.string("hold");
        if self.step.value("silent") == Some(&Value::Bool(true)) {
            if let Some(name) = hold {
                self.holds.reach(name);
            }
            return Err(self.holds.never().into());
        }
        if let Some(code) = self.step.number("status") {
            if let Some(name) = hold {
                self.holds.pass(name)?;
            }
            let body = self.step.value("body").cloned().unwrap_or_else(overloaded);
            http::json(to, u16::try_from(code).unwrap_or(500), &body.to_string())?;
            return Ok(After::Keep);
        }
        if stream {
            return self.send_events(to);
        }
        if let Some(name) = hold {
            self.holds.pass(name)?;
        }
        if self.step.number("cut").is_some() || self.step.number("breaks").is_some() {
            return Ok(After::Drop);
        }
        let blocks = self.blocks();
        let mut message = self.message(self.stop_reason());
        message["content"] = blocks.into_iter().map(|block| block.whole).collect();
        http::json(to, 200, &with_halves(&message))?;
        Ok(After::Keep)
    }

    fn send_events(&self, to: &mut impl Write) -> Result<After, Failure> {
        let cut = self.step.number("cut");
        let delay = self.step.number("delay_ms").map(Duration::from_millis);
        let mut sent = 0;
        let mut events = EventStream::start(to, &self.id("req"))?;
        events.send(&json!({ "type": "message_start", "message": self.message(Value::Null) }))?;
        if cut == Some(0) {
            return Ok(After::Drop);
        }
        for (index, block) in self.blocks().into_iter().enumerate() {
            let start = block.start;
            events.send(&json!({ "type": "content_block_start", "index": index, "content_block": start }))?;
            for delta in block.deltas {
                events.send(&json!({ "type": "content_block_delta", "index": index, "delta": delta }))?;
                sent += 1;
                match self.step.string("hold") {
                    Some(name) if sent == 1 => self.holds.pass(name)?,
                    _ => {}
                }
                if cut == Some(sent) {
                    return Ok(After::Drop);
                }
                if self.step.number("breaks") == Some(sent) {
                    events.send(&overloaded())?;
                    events.finish()?;
                    return Ok(After::Keep);
                }
                if let Some(delay) = delay {
                    self.holds.pause(delay)?;
                }
            }
            events.send(&json!({ "type": "content_block_stop", "index": index }))?;
        }
        // A cut behind the last chunk: all was said, but for the end.
        if cut.is_some() {
            return Ok(After::Drop);
        }
        events.send(&json!({
            "type": "message_delta",
            "delta": { "stop_reason": self.stop_reason(), "stop_sequence": null },
            "usage": { "output_tokens": 20 },
        }))?;
        events.send(&json!({ "type": "message_stop" }))?;
        events.finish()?;
        Ok(After::Keep)
    }

    fn message(&self, stop_reason: Value) -> Value {
        json!({
            "id": self.id("msg"), "type": "message", "role": "assistant", "model": self.model,
            "content": [], "stop_reason": stop_reason, "stop_sequence": null,
            "usage": {
                "input_tokens": 10, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": 5,
            },
        })
    }

    fn stop_reason(&self) -> Value {
        let calls = self.step.calls();
        let usual = if calls.is_empty() { "end_turn" } else { "tool_use" };
        json!(self.step.string("stop").unwrap_or(usual))
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        if let Some(thought) = self.step.string("think") {
            blocks.push(Block {
                start: json!({ "type": "thinking", "thinking": "", "signature": "" }),
                deltas: vec![
                    json!({ "type": "thinking_delta", "thinking": thought }),
                    json!({ "type": "signature_delta", "signature": "c2ln" }),
                ],
                whole: json!({ "type": "thinking", "thinking": thought, "signature": "c2ln" }),
            });
        }
        let calls = self.step.calls();
        // A step that says nothing (a bare hold, a bare cut) still has a chunk.
        let step_text = self.step.string("text");
        if let Some(text) = step_text.or_else(|| (blocks.is_empty() && calls.is_empty()).then_some("ok")) {
            let text = &*text.repeat(self.step.number("repeat").map_or(1, |count| usize::try_from(count).unwrap_or(1)));
            let chunks = self.step.number("chunks").unwrap_or(1);
            blocks.push(Block {
                start: json!({ "type": "text", "text": "" }),
                deltas: pieces(text, usize::try_from(chunks).unwrap_or(usize::MAX))
                    .into_iter()
                    .map(|piece| json!({ "type": "text_delta", "text": piece }))
                    .collect(),
                whole: json!({ "type": "text", "text": text }),
            });
        }
        for (name, input) in calls {
            let id = self.id("toolu");
            let partial = input.to_string();
            blocks.push(Block {
                start: json!({ "type": "tool_use", "id": id, "name": name, "input": {} }),
                deltas: vec![json!({ "type": "input_json_delta", "partial_json": partial })],
                whole: json!({ "type": "tool_use", "id": id, "name": name, "input": input }),
            });
        }
        blocks
    }

    fn id(&self, kind: &str) -> String {
        format!("{kind}_{:06}", self.ids.fetch_add(1, Ordering::Relaxed))
    }
}

/// At most `count` pieces of about one length; of an empty text, one.
fn pieces(text: &str, count: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    if letters.is_empty() {
        return vec![String::new()];
    }
    letters.chunks(letters.len().div_ceil(count.max(1))).map(|piece| piece.iter().collect()).collect()
}

fn overloaded() -> Value {
    json!({ "type": "error", "error": { "type": "overloaded_error", "message": "scripted" } })
}

enum Failure {
    Io(io::Error),
    Stopped,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Stopped> for Failure {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}
