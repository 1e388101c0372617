//! An answer as it comes: `stream_event` lines, and the events of the Messages API in them.

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
    /// A `stream_event` line, with `--include-partial-messages`. The complete `assistant` line still follows.
    pub struct StreamEvent {
        must {
            /// The event of the Messages API.
            event: StreamEventKind,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
            /// The call of a tool whose subagent speaks; none for the main thread.
            parent_tool_use_id: String,
            /// From the request to the first token, in milliseconds; on a `message_start`. From 2.1.143.
            ttft_ms: f64,
            /// The prompt that is answered: the last one consumed. On a turn's first event only. From 2.1.250.
            user_message_uuid: String,
            /// The prompts that are answered, in the order in which they were consumed, at most 64. On a turn's first event
            /// only. From 2.1.329.
            user_message_uuids: Vec<String>,
            /// Why the turn resumes an earlier one.
            resume_reason: String,
            /// The API's id of the answer, on every event. From 2.1.329.
            api_message_id: String,
            /// How thoughts are to be shown. From 2.1.329.
            thinking_display: String,
            /// Blocks of an answer that will not be completed. From 2.1.329.
            abandoned_blocks: AbandonedBlocks,
            /// Lines that are still to come. From 2.1.329; only an empty list was seen.
            owed_rows: Vec<Json>,
        }
    }

    /// Blocks of an answer that will not be completed.
    pub struct AbandonedBlocks {
        may {
            /// The API's id of the answer.
            api_message_id: String,
            /// The first of them.
            from_block_index: u64,
        }
    }

    /// An answer begins.
    pub struct MessageStart {
        must {
            /// The answer so far; 1.0.128 and 2.0.76 have content in it.
            message: AssistantMessage,
        }
    }

    /// A block begins.
    pub struct BlockStart {
        must {
            /// Which, from 0.
            index: u64,
            /// The block so far, empty as a rule.
            content_block: ContentBlock,
        }
    }

    /// A block goes on.
    pub struct BlockDelta {
        must {
            /// Which, from 0.
            index: u64,
            /// What is added.
            delta: ContentDelta,
        }
    }

    /// A block is complete.
    pub struct BlockStop {
        must {
            /// Which, from 0.
            index: u64,
        }
    }

    /// What is known of an answer at its end.
    pub struct MessageDelta {
        must {
            /// Why it ends.
            delta: MessageEnd,
        }
        may {
            /// Tokens so far.
            usage: Usage,
            /// What was cleared from the context.
            context_management: Json,
        }
    }

    /// Why an answer ends.
    pub struct MessageEnd {
        may {
            /// Why the model stopped.
            stop_reason: StopReason,
            /// At which sequence it stopped.
            stop_sequence: String,
            /// More about why it stopped.
            stop_details: Json,
            /// The container in which code ran.
            container: Json,
        }
    }

    /// An event that says nothing more.
    pub struct EmptyEvent {}

    /// The stream broke off.
    pub struct StreamError {
        may {
            /// The API's error.
            error: ApiError,
        }
    }

    /// An error of the Messages API.
    pub struct ApiError {
        may {
            /// `overloaded_error`, `api_error`, ...
            kind = "type": String,
            /// In words.
            message: String,
        }
    }

    /// A part of a text.
    pub struct TextDelta {
        must {
            /// The part.
            text: String,
        }
    }

    /// A part of the thoughts.
    pub struct ThinkingDelta {
        must {
            /// The part.
            thinking: String,
        }
        may {
            /// How many tokens there are so far, about.
            estimated_tokens: u64,
        }
    }

    /// The signature of thoughts.
    pub struct SignatureDelta {
        must {
            /// The whole of it.
            signature: String,
        }
    }

    /// A part of a tool's input.
    pub struct InputDelta {
        must {
            /// The part, as JSON text.
            partial_json: String,
        }
    }

    /// Where a text is taken from.
    pub struct CitationDelta {
        must {
            /// One more of them.
            citation: Json,
        }
    }
}

tagged! {
    /// An event of the Messages API, by its `type`.
    pub enum StreamEventKind by "type" {
        /// An answer begins.
        MessageStart(Box<MessageStart>) = "message_start",
        /// A block begins.
        BlockStart(Box<BlockStart>) = "content_block_start",
        /// A block goes on.
        BlockDelta(BlockDelta) = "content_block_delta",
        /// A block is complete.
        BlockStop(BlockStop) = "content_block_stop",
        /// What is known of an answer at its end.
        MessageDelta(Box<MessageDelta>) = "message_delta",
        /// An answer is complete.
        MessageStop(EmptyEvent) = "message_stop",
        /// Nothing happened.
        Ping(EmptyEvent) = "ping",
        /// The stream broke off.
        Error(StreamError) = "error",
    }

    /// What is added to a block, by its `type`.
    pub enum ContentDelta by "type" {
        /// A part of a text.
        Text(TextDelta) = "text_delta",
        /// A part of the thoughts.
        Thinking(ThinkingDelta) = "thinking_delta",
        /// The signature of thoughts.
        Signature(SignatureDelta) = "signature_delta",
        /// A part of a tool's input.
        Input(InputDelta) = "input_json_delta",
        /// Where a text is taken from.
        Citation(CitationDelta) = "citations_delta",
    }
}

/// What a `stream_event` adds to the answer, read without the rest of the line.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamDelta {
    /// A part of the text.
    Text(String),
    /// A part of the thinking.
    Thinking(String),
    /// The signature of the thinking.
    Signature(String),
    /// A part of a tool's input, as JSON text.
    Input(String),
    /// Where the text is taken from.
    Citation(Json),
    /// A delta of another type, as it came.
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

/// The delta of a `content_block_delta`. Of its text there is one copy, and of nothing else any.
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
    fn every_type_of_delta_is_told_apart() {
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
    fn half_an_emoji_hides_no_delta() {
        assert_eq!(added(r#"{"type":"text_delta","text":"\ud83d"}"#), Some(StreamDelta::Text("\u{fffd}".into())));
        let line =
            b"{\"event\":{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"\xff\"}}}";
        assert_eq!(super::delta(line), Some(StreamDelta::Text("\u{fffd}".into())));
    }
}
