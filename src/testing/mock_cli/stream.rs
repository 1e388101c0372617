//! A message of the model: its blocks, as complete messages and as a stream.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::MockCli;
use super::state::{Block, Calls, Doing, Stream};
use crate::base::json::Json;
use crate::testing::cli_version::CliVersion;
use crate::testing::fault::Fault;
use crate::testing::lines::Line;
use crate::testing::step::{Kind, ToolStep};

/// Time until the model starts its response. An interrupt can arrive in the meantime.
const THINKS: Duration = Duration::from_millis(1);

impl MockCli {
    /// Collects the steps of the model's next message.
    pub(super) fn next_stream_step(&mut self) -> Stream {
        let id = self.writer.message_id();
        let mut stream = Stream {
            id,
            blocks: VecDeque::new(),
            parts: 0,
            muted: false,
            index: 0,
            model_called: false,
            opened: false,
            in_block: false,
            so_far: String::new(),
            at_once: None,
        };
        while let Some(step) = self.turn.as_mut().and_then(|turn| turn.steps.pop_front()) {
            match step.0 {
                Kind::Text { text, parts, every } => {
                    stream.blocks.push_back(Block::Text { parts: split(&text, parts), every });
                }
                Kind::Thinking(text) => stream.blocks.push_back(Block::Thinking(text)),
                Kind::Tools { calls, at_once } => {
                    for tool in calls {
                        stream.blocks.push_back(Block::Tool { id: self.writer.tool_id(), tool });
                    }
                    stream.at_once = Some(at_once);
                    break;
                }
                other => {
                    if let Some(turn) = &mut self.turn {
                        turn.steps.push_front(crate::testing::step::Step(other));
                    }
                    break;
                }
            }
        }
        stream
    }

    /// Writes the next part of a block, or ends the block or the message.
    pub(super) fn stream_answer(&mut self, mut stream: Stream) {
        self.muted = stream.muted;
        if !stream.model_called {
            stream.model_called = true;
            self.call_model();
            if let Some(turn) = &mut self.turn {
                turn.at = turn.at.saturating_add(THINKS);
                turn.doing = Doing::Speaking(stream);
            }
            return;
        }
        if !stream.opened {
            stream.opened = true;
            if let Some(turn) = &mut self.turn {
                turn.requests += 1;
                turn.model_called = false;
                turn.calls = Calls::new(stream.at_once.unwrap_or(false));
            }
            if self.script.partial && self.behavior.echoes_at_request {
                self.pay_echo();
            }
            let message = json!({
                "id": stream.id, "type": "message", "role": "assistant", "model": "claude-script", "content": [],
                "stop_reason": null, "stop_sequence": null,
            });
            self.stream(&json!({ "type": "message_start", "message": message }));
        }
        let Some(block) = stream.blocks.front_mut() else { return self.finish_stream(&stream) };
        if !stream.in_block {
            stream.in_block = true;
            let empty = match block {
                Block::Text { .. } => json!({ "type": "text", "text": "" }),
                Block::Thinking(_) => json!({ "type": "thinking", "thinking": "", "signature": "" }),
                Block::Tool { id, tool } => json!({ "type": "tool_use", "id": id, "name": tool.name, "input": {} }),
            };
            self.stream(&json!({ "type": "content_block_start", "index": stream.index, "content_block": empty }));
        }
        let mut wait = Duration::ZERO;
        let mut called = None;
        let whole = match block {
            Block::Text { parts, every } => match parts.pop_front() {
                Some(part) => {
                    stream.so_far.push_str(&part);
                    wait = *every;
                    self.delta(stream.index, &json!({ "type": "text_delta", "text": part }));
                    stream.parts += 1;
                    None
                }
                None => {
                    let text = std::mem::take(&mut stream.so_far);
                    if let Some(turn) = &mut self.turn {
                        turn.answer_text.clone_from(&text);
                    }
                    Some(Json::from(&json!({ "type": "text", "text": text })))
                }
            },
            Block::Thinking(text) => {
                self.delta(stream.index, &json!({ "type": "thinking_delta", "thinking": text }));
                Some(Json::from(&json!({ "type": "thinking", "thinking": text, "signature": "c2ln" })))
            }
            Block::Tool { id, tool } => {
                let ToolStep { name, input, .. } = &*tool;
                self.delta(stream.index, &json!({ "type": "input_json_delta", "partial_json": input.as_str() }));
                called = Some((id.clone(), tool.clone()));
                Some(Line::new("tool_use").put("id", &*id).put("name", name).put("input", input).object())
            }
        };
        if whole.is_none() && self.breaks_after(&stream) {
            return self.break_stream(stream);
        }
        if let Some(whole) = whole {
            self.pay_echo();
            let line = self.writer.assistant(&stream.id, &whole, None, None);
            self.write(&line);
            self.stream(&json!({ "type": "content_block_stop", "index": stream.index }));
            stream.blocks.pop_front();
            stream.index += 1;
            stream.in_block = false;
        }
        if let Some((id, tool)) = called {
            self.add_call(id, tool);
        }
        if let Some(turn) = &mut self.turn {
            turn.at = turn.at.saturating_add(wait);
        }
        self.set_doing(Doing::Speaking(stream));
    }

    fn breaks_after(&self, stream: &Stream) -> bool {
        let after = |fault: &Fault| matches!(fault, Fault::BreakStream(parts) if *parts == stream.parts);
        stream.index == 0 && !self.broke && self.script.faults.iter().any(after)
    }

    /// Breaks the stream in the middle of its first block, and calls the model again. Before 2.1.250 the response then
    /// arrives complete, as another message (`stream_cut` of each version).
    fn break_stream(&mut self, mut stream: Stream) {
        self.broke = true;
        let streams_again = self.script.generation >= CliVersion::V2_1_250;
        if streams_again && self.script.partial {
            self.stream(&json!({ "type": "content_block_stop", "index": stream.index }));
            let line = self.writer.stream_broke(&stream.id, stream.index);
            self.write(&line);
        }
        if streams_again {
            let fields = json!({ "attempt": 1, "max_retries": 10, "retry_delay_ms": 0, "error_status": null, "error": "unknown" });
            let line = self.writer.system("api_retry", &fields);
            self.write(&line);
        }
        if let Some(Block::Text { parts, .. }) = stream.blocks.front_mut() {
            // The text so far is written again.
            parts.push_front(std::mem::take(&mut stream.so_far));
        }
        stream.id = self.writer.message_id();
        (stream.opened, stream.in_block, stream.muted) = (false, false, !streams_again);
        self.set_doing(Doing::Speaking(stream));
    }

    fn finish_stream(&mut self, stream: &Stream) {
        let calls = stream.at_once.is_some();
        self.close_stream(if calls { "tool_use" } else { "end_turn" });
        if calls {
            self.set_doing(Doing::Calling);
        }
    }

    fn close_stream(&mut self, stop: &str) {
        let delta = json!({ "stop_reason": stop, "stop_sequence": null });
        self.stream(&json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 20 } }));
        self.stream(&json!({ "type": "message_stop" }));
    }

    /// Writes the closing events of an interrupted stream (2.1.329).
    pub(super) fn close_cut_stream(&mut self) {
        self.stream(&json!({ "type": "content_block_stop", "index": 0 }));
        self.close_stream("end_turn");
    }

    /// Writes the text so far of an interrupted message.
    pub(super) fn write_partial(&mut self, stream: &Stream) {
        if self.behavior.writes_partial_text && !stream.so_far.is_empty() {
            let block = Json::from(&json!({ "type": "text", "text": stream.so_far }));
            let line = self.writer.assistant(&stream.id, &block, None, None);
            self.write(&line);
        }
    }

    fn delta(&mut self, index: usize, delta: &Value) {
        self.stream(&json!({ "type": "content_block_delta", "index": index, "delta": delta }));
    }

    fn stream(&mut self, event: &Value) {
        if self.script.partial && !self.muted {
            let line = self.writer.stream(event);
            self.write(&line);
        }
    }
}

/// Splits a text into at most `parts` parts of about the same length.
fn split(text: &str, parts: usize) -> VecDeque<String> {
    let characters: Vec<char> = text.chars().collect();
    let size = characters.len().div_ceil(parts).max(1);
    characters.chunks(size).map(|part| part.iter().collect()).collect()
}
