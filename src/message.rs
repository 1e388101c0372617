//! Messages of the CLI and the views that decode them.
//!
//! A [`Message`] is one line of the CLI. The line is stored once, and clones share it. The kind of a message is known
//! at once; the content is decoded by the method that returns it.
//!
//! [`Message::view`] decodes every kind. [`result`](Message::result), [`content`](Message::content),
//! [`delta`](Message::delta) and the others decode one kind each. [`Accumulator`] turns messages into edits of the text
//! on a screen, and [`Transcript`] collects the content of a turn.
//!
//! Each release of the CLI adds fields, so views are tolerant:
//!
//! * Decoding fails only if a required field is missing or has the wrong type.
//! * An optional field of the wrong type reads as absent.
//! * An unknown value of an enumeration reads as `Other`.
//! * Fields that a view does not model are kept in `unknown_fields`. [`MessageView::unknown_names`] lists their paths.
//!
//! Six versions of the CLI are recorded in full: 1.0.128, 2.0.76, 2.1.50, 2.1.143, 2.1.250 and 2.1.329. "Since 2.1.250"
//! at a field means that 2.1.250 is the first of these whose recordings contain the field.
//!
//! A view is decoded in one pass over the line. It copies the strings that it returns. Values that it does not model
//! are copied as JSON text. A view takes at most eight times the memory of its line, or 1 MiB if that is more. Decoding
//! fails if the line has more list items or fields than fit into that memory; the message itself stays valid.
//!
//! ```
//! use claude_duplex::Message;
//! use claude_duplex::message::{MessageView, System};
//!
//! let message = Message::parse(
//!     br#"{"type":"system","subtype":"task_started","task_id":"b1","new":[1]}"#,
//! )?;
//! let view = message.view()?;
//! assert_eq!(view.unknown_names(), ["new"]);
//! let MessageView::System(System::TaskStarted(task)) = view else {
//!     panic!("not a task")
//! };
//! assert_eq!(
//!     (task.task_id.as_str(), task.unknown_fields.get("new").unwrap().as_str()),
//!     ("b1", "[1]")
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accumulator;
pub mod assistant;
pub mod content;
mod decode;
mod failure;
pub mod origin;
pub mod rate_limit;
pub mod result;
pub mod session;
pub mod stream;
pub mod system;
mod tool_input;
pub mod tools;
mod transcript;
pub mod usage;
pub mod user;
mod view;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::base::error::RejectedReason;
use crate::base::json::Json;
use crate::base::lex::one_line;
use crate::base::strings::readable;
use crate::base::text::Cut;
use crate::wire::envelope::Envelope;
use crate::wire::from_json::read;
use crate::wire::kind::MessageKind;
use crate::wire::scan::scan;

pub use self::accumulator::{AccumulatedBlock, Accumulator, BlockId, BlockKind, Edit};
pub use self::assistant::Assistant;
pub use self::content::ContentBlock;
pub use self::failure::{Failure, FailureKind, ResetTime};
pub use self::result::TurnResult;
pub use self::stream::{StreamDelta, StreamEvent};
pub use self::system::System;
pub use self::tool_input::{
    AgentInput, AllowedPrompt, BashInput, EditInput, ExitPlanModeInput, ReadInput, Todo, TodoStatus, TodoWriteInput,
    ToolInput, WriteInput,
};
pub use self::transcript::{DroppedText, ToolCall, Transcript};
pub use self::user::User;
pub use self::view::MessageView;
pub use crate::wire::fields::Fields;

/// Line of the CLI's output, unchanged, without its line ending.
///
/// The line is stored once: a clone shares it. Fields that no view models are available through
/// [`as_bytes`](Message::as_bytes) and [`to_json`](Message::to_json).
///
/// ```
/// use claude_duplex::{ContentBlock, Message, MessageKind, StreamDelta};
///
/// fn show(message: &Message) -> Option<String> {
///     match message.kind() {
///         MessageKind::StreamEvent => match message.delta()? {
///             StreamDelta::Text(part) => Some(part),
///             _ => None,
///         },
///         MessageKind::Assistant => {
///             let blocks = message.content().ok()?;
///             blocks.into_iter().find_map(|block| match block {
///                 ContentBlock::ToolUse(call) => Some(format!("[{}]", call.name)),
///                 _ => None,
///             })
///         }
///         MessageKind::Result => Some(message.result().ok()?.subtype.as_str().to_owned()),
///         _ => None, // other kinds, and kinds that a later CLI adds
///     }
/// }
///
/// let lines = [
///     r#"{"type":"stream_event","event":{"type":"content_block_delta",
///         "index":0,"delta":{"type":"text_delta","text":"Hi"}}}"#,
///     r#"{"type":"assistant","message":{"content":[
///         {"type":"tool_use","id":"t","name":"Bash","input":{}}]}}"#,
///     r#"{"type":"kind_of_a_later_version"}"#,
///     r#"{"type":"result","subtype":"success"}"#,
/// ];
/// let messages = lines.iter().filter_map(|line| Message::parse(line.as_bytes()).ok());
/// let shown: Vec<_> = messages.filter_map(|message| show(&message)).collect();
/// assert_eq!(shown, ["Hi", "[Bash]", "success"]);
/// ```
#[derive(Clone)]
pub struct Message {
    line: Line,
    envelope: Envelope,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Line that was copied once, from the chunk that contained it or from the buffer in which it was assembled.
    Copied(Arc<[u8]>),
    /// Long line that was assembled from several chunks; the message took over the buffer.
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

    /// Parses one line that was obtained outside a session. Trailing blanks and a line ending are removed. Line ends
    /// between tokens become spaces, so that a message is always one line.
    ///
    /// ```
    /// use claude_duplex::{Message, MessageKind};
    ///
    /// let message = Message::parse(b"{\"type\":\"keep_alive\"}\n")?;
    /// assert_eq!(message.kind(), MessageKind::KeepAlive);
    /// let message = Message::parse(b"{\n \"type\": \"keep_alive\"\n}")?;
    /// assert_eq!(message.as_bytes(), b"{  \"type\": \"keep_alive\" }");
    /// # Ok::<(), claude_duplex::RejectedReason>(())
    /// ```
    ///
    /// # Errors
    /// [`RejectedReason`] if the line is not a JSON object with a `type`.
    pub fn parse(line: &[u8]) -> Result<Self, RejectedReason> {
        // Removes the blanks of JSON; other whitespace is an error.
        let end = line.iter().rposition(|byte| !b" \t\r\n".contains(byte)).map_or(0, |last| last + 1);
        let line = one_line(&line[..end]);
        let envelope = scan(&line)?;
        Ok(Self::new(Line::Copied((&*line).into()), envelope))
    }

    /// Returns the kind of the message.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        self.envelope.kind
    }

    /// Returns the `type` of the line, also for an unknown kind.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        match self.envelope.kind.as_str() {
            Some(name) => Cow::Borrowed(name),
            None => self.text_field("type").map_or(Cow::Borrowed(""), Cow::Owned),
        }
    }

    /// Returns the top-level `subtype` of the line; `system` and `result` messages have one.
    #[must_use]
    pub fn subtype(&self) -> Option<Cow<'_, str>> {
        self.envelope.subtype.text(self.as_bytes())
    }

    /// Returns the top-level `uuid`, the id of the line itself.
    #[must_use]
    pub fn uuid(&self) -> Option<Cow<'_, str>> {
        self.envelope.uuid.text(self.as_bytes())
    }

    /// Returns the top-level `session_id`.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        self.text_field("session_id")
    }

    /// Returns `true` if the message belongs to a subagent: its `parent_tool_use_id` is set.
    #[must_use]
    pub fn is_subagent(&self) -> bool {
        self.envelope.subagent
    }

    /// Returns the bytes of the line, unchanged. They are JSON, but not always valid UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.line.as_bytes()
    }

    /// Returns the line as text, which is JSON and not the text of the answer. Bytes that are not UTF-8 and escapes of
    /// lone surrogates are replaced with U+FFFD.
    #[must_use]
    pub fn line(&self) -> Cow<'_, str> {
        readable(self.as_bytes())
    }

    /// Returns the line as a JSON value. Invalid Unicode is replaced with U+FFFD.
    #[must_use]
    pub fn to_json(&self) -> Json {
        // The scan accepts only JSON, so the fallback is never used.
        read(&self.line()).unwrap_or_else(|_| Json::from_text(""))
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
