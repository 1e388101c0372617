//! Decoding of a message into a view, or of the part of it that a host needs.

use crate::base::error::DecodeError;
use crate::message::content::{ContentBlock, ContentBlocks};
use crate::message::stream::{self, StreamDelta, StreamEvent};
use crate::message::usage::Usage;
use crate::message::{Assistant, Message, MessageView, System, TurnResult, User};
use crate::wire::decode;
use crate::wire::from_json::FromJson;
use crate::wire::kind::MessageKind;
use crate::wire::read::{Reader, Tags, read_line};
use crate::wire::view::{View, view_of};

impl Message {
    /// Decodes the line into a type of the host. Invalid Unicode is replaced with U+FFFD.
    ///
    /// # Errors
    /// [`DecodeError`] if the line does not have the shape of `T`.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode(self.as_bytes())
    }

    /// Decodes the message, whatever its kind.
    ///
    /// # Errors
    /// [`DecodeError`] if a field that the kind requires is missing or has the wrong type. The message itself stays
    /// valid.
    pub fn view(&self) -> Result<MessageView, DecodeError> {
        match self.envelope.kind {
            MessageKind::System => self.system().map(MessageView::System),
            // The scan has read the last `type` of the line. The names of the kinds are the tags of the views.
            kind => read_line(self.as_bytes(), |reader| {
                MessageView::read_as(kind.as_str().unwrap_or_default(), reader, Tags::new("type"))
            }),
        }
    }

    /// Decodes a `result` message, which ends a turn.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is of another kind or has no `subtype`.
    pub fn result(&self) -> Result<TurnResult, DecodeError> {
        self.view_as(MessageKind::Result)
    }

    /// Returns the text of a `result` message: the answer, or the text of the error ([`TurnResult::error_text`]).
    ///
    /// Returns `None` for a message of another kind and for a result without text.
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
            // A line that the view rejects can still contain a text.
            Err(_) => self.text_field("result"),
        }
    }

    /// Decodes an `assistant` message: one content block of the answer, with its metadata.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is of another kind, or if its content is not a list of blocks.
    pub fn assistant(&self) -> Result<Assistant, DecodeError> {
        self.view_as(MessageKind::Assistant)
    }

    /// Decodes a `user` message: the result of a tool, or the echo of a prompt.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is of another kind, or if its content is neither a string nor a list of blocks.
    pub fn user(&self) -> Result<User, DecodeError> {
        self.view_as(MessageKind::User)
    }

    /// Decodes a `stream_event` message: one part of the answer, with its metadata. [`delta`](Message::delta) is
    /// cheaper and returns the added text alone.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is of another kind or has no event.
    pub fn stream_event(&self) -> Result<StreamEvent, DecodeError> {
        self.view_as(MessageKind::StreamEvent)
    }

    /// Decodes a `system` message by its subtype.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is of another kind, has no `subtype`, or lacks a field that the subtype requires.
    pub fn system(&self) -> Result<System, DecodeError> {
        self.expect(MessageKind::System)?;
        let subtype = self.subtype().ok_or_else(|| DecodeError::missing("subtype"))?;
        let tags = Tags::new("type").and("subtype");
        read_line(self.as_bytes(), |reader| System::read_as(&subtype, reader, tags))
    }

    /// Decodes the content blocks of an `assistant` or `user` message, without the other fields of the line. If the
    /// content of a `user` message is a string, returns one text block.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is of another kind, has no content, or if the content is not a list of blocks.
    pub fn content(&self) -> Result<Vec<ContentBlock>, DecodeError> {
        let blocks = match self.kind() {
            MessageKind::Assistant => |reader: &mut Reader<'_>| Vec::read(reader),
            MessageKind::User => |reader: &mut Reader<'_>| ContentBlocks::read(reader).map(Vec::from),
            _ => {
                return Err(DecodeError::other(format!(
                    "the message has the type `{}`, not `assistant` or `user`",
                    self.type_name()
                )));
            }
        };
        read_line(self.as_bytes(), |reader| reader.within("message", |reader| reader.within("content", blocks)))
    }

    /// Returns the part that a `stream_event` adds to the answer, or `None` if the message adds nothing. Decodes no
    /// other part of the line.
    #[must_use]
    pub fn delta(&self) -> Option<StreamDelta> {
        match self.envelope.kind {
            MessageKind::StreamEvent => stream::delta(self.as_bytes()),
            _ => None,
        }
    }

    /// Returns the tokens that the message reports: the start or the end of a streamed answer, a part of an answer, or the result of
    /// a turn. Returns `None` if it reports none. The other parts of the line are not decoded.
    ///
    /// The reports of one answer are cumulative: [`merge`](Usage::merge) them to display the current number. A message of a
    /// subagent ([`is_subagent`](Self::is_subagent)) reports the tokens of another context.
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
    pub fn usage(&self) -> Option<Usage> {
        let read = |path: &[&str]| {
            fn at(reader: &mut Reader<'_>, path: &[&str]) -> Result<Usage, DecodeError> {
                match path {
                    [name, rest @ ..] => reader.within(name, |reader| at(reader, rest)),
                    [] => Usage::read(reader),
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

    fn view_as<T: View>(&self, kind: MessageKind) -> Result<T, DecodeError> {
        self.expect(kind)?;
        view_of(self.as_bytes(), Tags::new("type"))
    }

    fn expect(&self, kind: MessageKind) -> Result<(), DecodeError> {
        if self.envelope.kind == kind {
            return Ok(());
        }
        Err(DecodeError::other(format!("the message has the type `{}`, not `{kind}`", self.type_name())))
    }

    pub(super) fn text_field(&self, key: &str) -> Option<String> {
        read_line(self.as_bytes(), |reader| reader.within(key, String::read)).ok()
    }
}
