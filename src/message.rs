//! A line of the CLI: owned once, cheap to clone, its kind known, its content decoded when asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::error::DecodeError;
use crate::json::Json;
use crate::text::{Cut, readable};
use crate::wire::envelope::Envelope;
use crate::wire::kind::MessageKind;
use crate::wire::views::{Content, StreamDelta, TurnResult};
use crate::wire::{self};

pub use crate::wire::fields::Fields;

/// One line of the CLI's output, as it came, without its line end.
///
/// The line is held once: a clone is another handle on it. Whatever a view below does not name is still in
/// [`as_bytes`](Message::as_bytes) and [`to_json`](Message::to_json).
#[derive(Clone)]
pub struct Message {
    line: Line,
    envelope: Envelope,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Copied once out of the chunk that it came in, or out of the buffer in which it was assembled.
    Copied(Arc<[u8]>),
    /// Long, and assembled from several chunks; the buffer became the message.
    Assembled(Arc<Vec<u8>>),
}

impl Line {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Assembled(bytes) => bytes,
        }
    }
}

impl Message {
    pub(crate) fn new(line: Line, envelope: Envelope) -> Self {
        Self { line, envelope }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        self.envelope.kind
    }

    /// Its `type`, of an unknown kind too.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        match self.envelope.kind.name() {
            Some(name) => Cow::Borrowed(name),
            None => self.text_field("type").map_or(Cow::Borrowed(""), Cow::Owned),
        }
    }

    /// Its top-level `subtype`, as a `system` or `result` message has.
    #[must_use]
    pub fn subtype(&self) -> Option<Cow<'_, str>> {
        self.envelope.subtype.text(self.as_bytes())
    }

    /// Its own `uuid`.
    #[must_use]
    pub fn uuid(&self) -> Option<Cow<'_, str>> {
        self.envelope.uuid.text(self.as_bytes())
    }

    /// The session that it speaks of.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        self.text_field("session_id")
    }

    /// Whether it is a subagent's: it has a `parent_tool_use_id`.
    #[must_use]
    pub fn is_subagent(&self) -> bool {
        self.envelope.subagent
    }

    /// The line, byte for byte as it came: JSON, but not always good UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.line.as_bytes()
    }

    /// The line as text, which is JSON and not the answer's words: bytes that are not UTF-8, and escapes of lone surrogates, are read as U+FFFD.
    #[must_use]
    pub fn line(&self) -> Cow<'_, str> {
        readable(self.as_bytes())
    }

    /// The line as a JSON value; bad Unicode is read as U+FFFD.
    #[must_use]
    pub fn to_json(&self) -> Json {
        // A message is a line that was found to be JSON, so there is always a value.
        Json::parse(&self.line()).unwrap_or_else(|_| Json::string(""))
    }

    /// Decodes the line into a type of the host's own; bad Unicode is read as U+FFFD.
    ///
    /// # Errors
    /// Where it is not of that shape.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, DecodeError> {
        wire::decode(self.as_bytes())
    }

    /// A `result` message: how a turn ended.
    ///
    /// # Errors
    /// Where it is of another kind, or its `subtype` is missing.
    pub fn result(&self) -> Result<TurnResult, DecodeError> {
        self.expect(MessageKind::Result)?;
        self.decode()
    }

    /// The content blocks of an `assistant` or `user` message.
    ///
    /// # Errors
    /// Where it is of another kind, or has no content.
    pub fn content(&self) -> Result<Vec<Content>, DecodeError> {
        match self.envelope.kind {
            MessageKind::Assistant | MessageKind::User => wire::views::content(self.as_bytes()),
            _ => Err(DecodeError::other(format!("{} has no content blocks", self.type_name()))),
        }
    }

    /// What a `stream_event` adds to the answer, if it adds text, thinking or a tool's input.
    #[must_use]
    pub fn delta(&self) -> Option<StreamDelta> {
        match self.envelope.kind {
            MessageKind::StreamEvent => wire::views::delta(self.as_bytes()),
            _ => None,
        }
    }

    fn expect(&self, kind: MessageKind) -> Result<(), DecodeError> {
        if self.envelope.kind == kind {
            return Ok(());
        }
        Err(DecodeError::other(format!("it is a {} message", self.type_name())))
    }

    fn text_field(&self, key: &str) -> Option<String> {
        wire::views::text_field(self.as_bytes(), key)
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(&Cut(self.as_bytes())).finish()
    }
}
