//! A line of the CLI: owned once, cheap to clone, its kind known, its content decoded when asked for.
//!
//! [`Message::view`] decodes any of them; [`result`](Message::result), [`content`](Message::content),
//! [`delta`](Message::delta) and the others decode one kind. [`Accumulator`] turns messages into edits of what is shown, and
//! [`Transcript`] gathers what a turn's messages say.
//!
//! Every view is open, for the CLI says more with each release: only what nothing can be done without is an error where it
//! is missing, a field of another type than it should be is as good as none, words that are new are `Other`, and what a
//! view does not name is in its `unknown_fields`. [`MessageView::unknown_names`] tells what that is. "From 2.1.250" at a field means that of the six
//! versions that are recorded in full (1.0.128, 2.0.76, 2.1.50, 2.1.143, 2.1.250, 2.1.329) that is the first to say it.
//!
//! A view is read in one pass over the line, and copies what it returns: strings, and as JSON text what it does not name or
//! leaves to the host. It takes at most eight times the memory of its line, or 1 MiB if that is more; a line with more list
//! items or fields than that holds is an error, and still a message.
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
//!     panic!("it is a task")
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

use crate::base::error::{DecodeError, RejectedReason};
use crate::base::json::Json;
use crate::base::text::{Cut, readable};
use crate::wire::decode;
use crate::wire::envelope::Envelope;
use crate::wire::kind::MessageKind;
use crate::wire::read::{self, Reader, Tags, read_line, view_of};
use crate::wire::scan::scan;
use crate::wire::view::FromJson;

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

/// One line of the CLI's output, as it came, without its line end.
///
/// The line is held once: a clone is another handle on it. Whatever a view below does not name is still in
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
///         MessageKind::Assistant => message.assistant().ok()?.message.content.into_iter().find_map(|block| match block {
///             ContentBlock::ToolUse(call) => Some(format!("[{}]", call.name)),
///             _ => None,
///         }),
///         MessageKind::Result => Some(message.result().ok()?.subtype.as_str().to_owned()),
///         _ => None, // kinds that came later too: nothing is an error because it is new
///     }
/// }
///
/// let lines = [
///     r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}}"#,
///     r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}]}}"#,
///     r#"{"type":"of_next_year"}"#,
///     r#"{"type":"result","subtype":"success"}"#,
/// ];
/// let shown: Vec<_> = lines.iter().filter_map(|line| show(&Message::parse(line.as_bytes()).ok()?)).collect();
/// assert_eq!(shown, ["Hi", "[Bash]", "success"]);
/// ```
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

    /// Reads one line, for a host that has it from elsewhere than a session; a line end does no harm.
    ///
    /// ```
    /// use claude_duplex::{Message, MessageKind};
    ///
    /// let message = Message::parse(b"{\"type\":\"keep_alive\"}\n")?;
    /// assert_eq!(message.kind(), MessageKind::KeepAlive);
    /// # Ok::<(), claude_duplex::RejectedReason>(())
    /// ```
    ///
    /// # Errors
    /// Where it is no JSON object with a `type`.
    pub fn parse(line: &[u8]) -> Result<Self, RejectedReason> {
        // What JSON takes for blank, and no more.
        let end = line.iter().rposition(|byte| !b" \t\r\n".contains(byte)).map_or(0, |last| last + 1);
        let line = &line[..end];
        let envelope = scan(line)?;
        Ok(Self::new(Line::Copied(line.into()), envelope))
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        self.envelope.kind
    }

    /// Its `type`, of an unknown kind too.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        match self.envelope.kind.as_str() {
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

    /// The line as text, which is JSON and not the answer's words: bytes that are not UTF-8, and escapes of lone surrogates,
    /// are read as U+FFFD.
    #[must_use]
    pub fn line(&self) -> Cow<'_, str> {
        readable(self.as_bytes())
    }

    /// The line as a JSON value; bad Unicode is read as U+FFFD.
    #[must_use]
    pub fn to_json(&self) -> Json {
        // A message is a line that was found to be JSON.
        read::read(&self.line()).unwrap_or_else(|_| Json::from_text(""))
    }

    /// Decodes the line into a type of the host's own; bad Unicode is read as U+FFFD.
    ///
    /// # Errors
    /// Where it is not of that shape.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode(self.as_bytes())
    }

    /// What it says, whatever its kind.
    ///
    /// # Errors
    /// Where it lacks what its kind needs. The line itself is unharmed.
    pub fn view(&self) -> Result<MessageView, DecodeError> {
        match self.envelope.kind {
            MessageKind::System => self.system().map(MessageView::System),
            // The scan has read the last `type`, and the kinds are the words of the views.
            kind => read_line(self.as_bytes(), |reader| {
                MessageView::read_as(kind.as_str().unwrap_or_default(), reader, Tags::new("type"))
            }),
        }
    }

    /// A `result` message: how a turn ended.
    ///
    /// # Errors
    /// Where it is of another kind, or its `subtype` is missing.
    pub fn result(&self) -> Result<TurnResult, DecodeError> {
        self.view_as(MessageKind::Result)
    }

    /// Returns the text of a `result` message: the answer, or the text of the error ([`TurnResult::error_text`]). `None` for a
    /// message of another kind, and for a result without text.
    ///
    /// ```
    /// use claude_duplex::Message;
    ///
    /// let line = br#"{"type":"result","subtype":"success","result":"three files"}"#;
    /// assert_eq!(Message::parse(line)?.result_text().as_deref(), Some("three files"));
    /// let line = br#"{"type":"result","subtype":"error_max_turns","is_error":true}"#;
    /// assert_eq!(Message::parse(line)?.result_text().as_deref(), Some("error_max_turns"));
    /// # Ok::<(), claude_duplex::RejectedReason>(())
    /// ```
    #[must_use]
    pub fn result_text(&self) -> Option<String> {
        self.expect(MessageKind::Result).ok()?;
        match self.result() {
            Ok(result) if result.is_error => Some(result.error_text()),
            Ok(result) => result.result,
            // A line that lacks what the view needs may have a text all the same.
            Err(_) => self.text_field("result"),
        }
    }

    /// An `assistant` message: a block of the answer, with all that is said about it.
    ///
    /// # Errors
    /// Where it is of another kind, or its content is missing or no list of blocks.
    pub fn assistant(&self) -> Result<Assistant, DecodeError> {
        self.view_as(MessageKind::Assistant)
    }

    /// A `user` message: a tool's result, or the echo of a prompt.
    ///
    /// # Errors
    /// Where it is of another kind, or its content is missing or neither text nor blocks.
    pub fn user(&self) -> Result<User, DecodeError> {
        self.view_as(MessageKind::User)
    }

    /// A `stream_event` message: a part of the answer, with all that is said about it. [`delta`](Message::delta) costs less.
    ///
    /// # Errors
    /// Where it is of another kind, or its event is missing.
    pub fn stream_event(&self) -> Result<StreamEvent, DecodeError> {
        self.view_as(MessageKind::StreamEvent)
    }

    /// A `system` message, by its subtype.
    ///
    /// # Errors
    /// Where it is of another kind, has no `subtype`, or lacks what its subtype needs.
    pub fn system(&self) -> Result<System, DecodeError> {
        self.expect(MessageKind::System)?;
        let subtype = self.subtype().ok_or_else(|| DecodeError::missing("subtype"))?;
        let tags = Tags::new("type").and("subtype");
        read_line(self.as_bytes(), |reader| System::read_as(&subtype, reader, tags))
    }

    /// The content blocks of an `assistant` or `user` message, without the rest of the line.
    ///
    /// # Errors
    /// Where it is of another kind, has no content, or its content is no list of blocks. A user's may be a text, which is one
    /// text block.
    pub fn content(&self) -> Result<Vec<ContentBlock>, DecodeError> {
        let blocks = match self.kind() {
            MessageKind::Assistant => |reader: &mut Reader<'_>| Vec::read(reader),
            MessageKind::User => |reader: &mut Reader<'_>| content::ContentBlocks::read(reader).map(Vec::from),
            _ => return Err(DecodeError::other(format!("{} has no content blocks", self.type_name()))),
        };
        read_line(self.as_bytes(), |reader| reader.within("message", |reader| reader.within("content", blocks)))
    }

    /// What a `stream_event` adds to the answer; `None` where it adds nothing. No more of the line is decoded.
    #[must_use]
    pub fn delta(&self) -> Option<StreamDelta> {
        match self.envelope.kind {
            MessageKind::StreamEvent => stream::delta(self.as_bytes()),
            _ => None,
        }
    }

    /// Returns the tokens that the message reports: the start or the end of a streamed answer, a part of an answer, or the result of
    /// a turn. `None` if it reports none. No more of the line is decoded.
    ///
    /// The reports of one answer are cumulative: [`merge`](usage::Usage::merge) them for a gauge. Those of subagents are about
    /// another context ([`is_subagent`](Self::is_subagent)).
    ///
    /// ```
    /// use claude_duplex::Message;
    ///
    /// let event = r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":20}}"#;
    /// let line = format!(r#"{{"type":"stream_event","event":{event}}}"#);
    /// let usage = Message::parse(line.as_bytes())?.usage().unwrap();
    /// assert_eq!((usage.output_tokens, usage.input_tokens), (Some(20), None));
    /// # Ok::<(), claude_duplex::RejectedReason>(())
    /// ```
    #[must_use]
    pub fn usage(&self) -> Option<usage::Usage> {
        let read = |path: &[&str]| {
            fn at(reader: &mut Reader<'_>, path: &[&str]) -> Result<usage::Usage, DecodeError> {
                match path {
                    [name, rest @ ..] => reader.within(name, |reader| at(reader, rest)),
                    [] => usage::Usage::read(reader),
                }
            }
            read_line(self.as_bytes(), |reader| at(reader, path)).ok()
        };
        match self.kind() {
            MessageKind::StreamEvent => read(&["event", "usage"]).or_else(|| read(&["event", "message", "usage"])),
            MessageKind::Assistant => read(&["message", "usage"]),
            MessageKind::Result => read(&["usage"]),
            _ => None,
        }
    }

    fn view_as<T: crate::wire::view::View>(&self, kind: MessageKind) -> Result<T, DecodeError> {
        self.expect(kind)?;
        view_of(self.as_bytes(), Tags::new("type"))
    }

    fn expect(&self, kind: MessageKind) -> Result<(), DecodeError> {
        if self.envelope.kind == kind {
            return Ok(());
        }
        Err(DecodeError::other(format!("the message is of the type {}", self.type_name())))
    }

    fn text_field(&self, key: &str) -> Option<String> {
        read_line(self.as_bytes(), |reader| reader.within(key, String::read)).ok()
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
