//! Streamed answers: `stream_event` messages and the events of the Messages API in them.

use std::fmt;

use super::assistant::{AssistantMessage, StopReason};
use super::content::ContentBlock;
use super::usage::Usage;
use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::Quoted;
use crate::wire::read::{Reader, Tags, read_line};
use crate::wire::view::{FromJson, tagged, view};

view! {
    /// `stream_event` message, sent with `--include-partial-messages`. The complete `assistant` message still follows.
    pub struct StreamEvent {
        must {
            /// Event of the Messages API.
            event: StreamEventKind,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
            /// Identifier of the tool call that started the subagent; `None` in the main thread.
            parent_tool_use_id: String,
            /// Time from the request to the first token, in milliseconds; only on a `message_start`. Since 2.1.143.
            ttft_ms: f64,
            /// `uuid` of the last consumed prompt, which the turn answers. Only on the first event of a turn. Since
            /// 2.1.250.
            user_message_uuid: String,
            /// `uuid`s of the prompts that the turn answers, in the order in which the CLI consumed them; at most 64.
            /// Only on the first event of a turn. Since 2.1.329.
            user_message_uuids: Vec<String>,
            /// Reason why the turn resumes an earlier one.
            resume_reason: String,
            /// Identifier that the API assigned to the answer; on every event. Since 2.1.329.
            api_message_id: String,
            /// Form in which a host should display thinking. Since 2.1.329.
            thinking_display: String,
            /// Content blocks that the API will not complete. Since 2.1.329.
            abandoned_blocks: AbandonedBlocks,
            /// Messages that are still to come. Since 2.1.329; only an empty list was seen.
            owed_rows: Vec<Json>,
        }
    }

    /// Content blocks of an answer that the API will not complete.
    pub struct AbandonedBlocks {
        may {
            /// Identifier that the API assigned to the answer.
            api_message_id: String,
            /// Index of the first of these blocks, from 0.
            from_block_index: u64,
        }
    }

    /// Start of an answer.
    pub struct MessageStart {
        must {
            /// Answer so far. The CLI 1.0.128 and 2.0.76 send it with content.
            message: AssistantMessage,
        }
    }

    /// Start of a content block.
    pub struct BlockStart {
        must {
            /// Index of the block in the answer, from 0.
            index: u64,
            /// Block so far; usually empty.
            content_block: ContentBlock,
        }
    }

    /// Addition to a content block.
    pub struct BlockDelta {
        must {
            /// Index of the block in the answer, from 0.
            index: u64,
            /// Part that is added to the block.
            delta: ContentDelta,
        }
    }

    /// End of a content block.
    pub struct BlockStop {
        must {
            /// Index of the block in the answer, from 0.
            index: u64,
        }
    }

    /// Metadata of an answer, sent at its end.
    pub struct MessageDelta {
        must {
            /// Reason for the end of the answer.
            delta: MessageEnd,
        }
        may {
            /// Token counts so far.
            usage: Usage,
            /// Edits of the context by the API.
            context_management: Json,
        }
    }

    /// Reason for the end of an answer.
    pub struct MessageEnd {
        may {
            /// Reason why the model stopped.
            stop_reason: StopReason,
            /// Stop sequence that ended the answer.
            stop_sequence: String,
            /// Details of the stop reason.
            stop_details: Json,
            /// Container in which the API ran code.
            container: Json,
        }
    }

    /// Event without fields.
    pub struct EmptyEvent {}

    /// Error that ended the stream.
    pub struct StreamError {
        may {
            /// Error reported by the API.
            error: ApiError,
        }
    }

    /// Error of the Messages API.
    pub struct ApiError {
        may {
            /// Type of the error, e.g. `overloaded_error`, `api_error`.
            kind = "type": String,
            /// Description of the error.
            message: String,
        }
    }

    /// Part of a text block.
    pub struct TextDelta {
        must {
            /// Text that is added to the block.
            text: String,
        }
    }

    /// Part of a thinking block.
    pub struct ThinkingDelta {
        must {
            /// Text that is added to the thinking.
            thinking: String,
        }
        may {
            /// Estimated number of tokens so far.
            estimated_tokens: u64,
        }
    }

    /// Signature of a thinking block.
    pub struct SignatureDelta {
        must {
            /// Complete signature. It is not split into parts.
            signature: String,
        }
    }

    /// Part of the input of a tool call.
    pub struct InputDelta {
        must {
            /// JSON text that is added to the input; not valid JSON by itself.
            partial_json: String,
        }
    }

    /// Citation in a text block.
    pub struct CitationDelta {
        must {
            /// Citation that is added to the block.
            citation: Json,
        }
    }
}

tagged! {
    /// Event of the Messages API, by its `type`.
    pub enum StreamEventKind by "type" {
        /// Start of an answer.
        MessageStart(Box<MessageStart>) = "message_start",
        /// Start of a content block.
        BlockStart(Box<BlockStart>) = "content_block_start",
        /// Addition to a content block.
        BlockDelta(BlockDelta) = "content_block_delta",
        /// End of a content block.
        BlockStop(BlockStop) = "content_block_stop",
        /// Metadata of an answer, sent at its end.
        MessageDelta(Box<MessageDelta>) = "message_delta",
        /// End of an answer.
        MessageStop(EmptyEvent) = "message_stop",
        /// Sign that the connection is alive.
        Ping(EmptyEvent) = "ping",
        /// Error that ended the stream.
        Error(StreamError) = "error",
    }

    /// Addition to a content block, by its `type`.
    pub enum ContentDelta by "type" {
        /// Part of a text.
        Text(TextDelta) = "text_delta",
        /// Part of the thinking.
        Thinking(ThinkingDelta) = "thinking_delta",
        /// Signature of the thinking.
        Signature(SignatureDelta) = "signature_delta",
        /// Part of the input of a tool call.
        Input(InputDelta) = "input_json_delta",
        /// Citation in a text.
        Citation(CitationDelta) = "citations_delta",
    }
}

/// Part that a `stream_event` adds to the answer, decoded without the other fields of the message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamDelta {
    /// Part of the text.
    Text(String),
    /// Part of the thinking.
    Thinking(String),
    /// Signature of the thinking.
    Signature(String),
    /// Part of the input of a tool call, as JSON text.
    Input(String),
    /// Citation in the text.
    Citation(Json),
    /// Delta of another type, unchanged.
    Other(Json),
}

impl fmt::Debug for StreamDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, part): (_, &dyn fmt::Debug) = match self {
            Self::Text(part) => ("Text", &Quoted(part)),
            Self::Thinking(part) => ("Thinking", &Quoted(part)),
            Self::Signature(part) => ("Signature", &Quoted(part)),
            Self::Input(part) => ("Input", &Quoted(part)),
            Self::Citation(part) => ("Citation", part),
            Self::Other(part) => ("Other", part),
        };
        f.debug_tuple(name).field(part).finish()
    }
}

/// Returns the delta of a `content_block_delta`. Its text is copied once, and nothing else is copied.
pub(super) fn delta(line: &[u8]) -> Option<StreamDelta> {
    read_line(line, |reader| reader.within("event", block_delta)).ok()?
}

fn block_delta(reader: &mut Reader<'_>) -> Result<Option<StreamDelta>, DecodeError> {
    let (mut is_delta, mut delta) = (false, None);
    let mut members = reader.object(Tags::NONE)?;
    while let Some(name) = reader.member(&mut members) {
        match &*name {
            "type" => is_delta = reader.word("content_block_delta"),
            "delta" => {
                let start = reader.start();
                delta = ContentDelta::read(reader).ok().map(|part| (part, reader.since(start)));
            }
            _ => drop(reader.skip()),
        }
    }
    let Some((part, written)) = delta.filter(|_| is_delta) else { return Ok(None) };
    Ok(Some(match part {
        ContentDelta::Text(part) => StreamDelta::Text(part.text),
        ContentDelta::Thinking(part) => StreamDelta::Thinking(part.thinking),
        ContentDelta::Signature(part) => StreamDelta::Signature(part.signature),
        ContentDelta::Input(part) => StreamDelta::Input(part.partial_json),
        ContentDelta::Citation(part) => StreamDelta::Citation(part.citation),
        ContentDelta::Other(_) => StreamDelta::Other(Json::of_checked(written, false)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(delta: &str) -> Option<StreamDelta> {
        let line = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":DELTA}}"#;
        super::delta(line.replace("DELTA", delta).as_bytes())
    }

    #[test]
    fn each_type_of_delta_is_distinguished() {
        let text = |text: &str| Some(StreamDelta::Text(text.into()));
        assert_eq!(added(r#"{"type":"text_delta","text":"a\n"}"#), text("a\n"));
        assert_eq!(added(r#"{"text":"","type":"text_delta","new":1e400}"#), text(""));
        assert_eq!(added(r#"{"type":"thinking_delta","thinking":"h"}"#), Some(StreamDelta::Thinking("h".into())));
        assert_eq!(added(r#"{"type":"input_json_delta","partial_json":"{"}"#), Some(StreamDelta::Input("{".into())));
        assert_eq!(added(r#"{"type":"signature_delta","signature":"s"}"#), Some(StreamDelta::Signature("s".into())));
        let citation = Json::parse(r#"{"n":1e400}"#).unwrap();
        assert_eq!(
            added(r#"{"type":"citations_delta","citation":{"n":1e400}}"#),
            Some(StreamDelta::Citation(citation))
        );
        for odd in [r#"{"type":"new_delta","text":"a"}"#, r#"{"type":"text_delta","text":5}"#, r#"{"text":"a"}"#] {
            assert_eq!(added(odd), Some(StreamDelta::Other(Json::parse(odd).unwrap())), "{odd}");
        }
        assert_eq!(added("5"), None);
        assert_eq!(super::delta(br#"{"event":{"type":"message_delta","delta":{"stop_reason":"end_turn"}}}"#), None);
    }

    #[test]
    fn a_lone_surrogate_does_not_hide_a_delta() {
        assert_eq!(added(r#"{"type":"text_delta","text":"\ud83d"}"#), Some(StreamDelta::Text("\u{fffd}".into())));
        let line =
            b"{\"event\":{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"\xff\"}}}";
        assert_eq!(super::delta(line), Some(StreamDelta::Text("\u{fffd}".into())));
    }
}
