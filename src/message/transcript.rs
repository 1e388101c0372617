//! Content of a turn, collected from its messages: texts, tool calls with their results, and the result.

mod store;

use std::fmt;

use self::store::{Entry, Kept};
use super::accumulator::{Accumulator, BlockId};
use super::assistant::AssistantError;
use super::content::ToolResultBlock;
use super::failure::Failure;
use super::rate_limit::RateLimit;
use super::{Message, MessageView, TurnResult};
use crate::base::json::Json;
use crate::base::text::Quoted;
use crate::wire::kind::MessageKind;

/// Content of a turn: texts, tool calls with their results, and the result of the turn.
///
/// A transcript applies the edits of an [`Accumulator`]: text of a stream that broke off, and messages that the CLI
/// retracts, are removed.
///
/// A transcript stores at most [`limit`](Transcript::with_limit) bytes of texts, inputs and results. Content beyond the
/// limit is dropped and counted in [`dropped`](Transcript::dropped). The result of the turn is always stored.
///
/// ```
/// use claude_duplex::Message;
/// use claude_duplex::message::Transcript;
///
/// let mut transcript = Transcript::new();
/// for line in [
///     r#"{"type":"assistant","message":{"content":[
///         {"type":"text","text":"I look."}]}}"#,
///     r#"{"type":"assistant","message":{"content":[
///         {"type":"tool_use","id":"t","name":"Bash","input":{"command":"ls"}}]}}"#,
///     r#"{"type":"user","message":{"content":[
///         {"type":"tool_result","tool_use_id":"t","content":"a.txt"}]}}"#,
///     r#"{"type":"assistant","message":{"content":[
///         {"type":"text","text":"One file."}]}}"#,
///     r#"{"type":"result","subtype":"success","result":"One file."}"#,
/// ] {
///     transcript.add(&Message::parse(line.as_bytes())?);
/// }
/// assert_eq!(transcript.text(), "I look.\nOne file.");
/// assert_eq!(transcript.final_text(), Some("One file."));
/// let call = transcript.calls().next().unwrap();
/// assert_eq!(call.name, "Bash");
/// assert_eq!(call.result.as_ref().unwrap().text(), "a.txt");
/// # Ok::<(), claude_duplex::RejectedReason>(())
/// ```
#[derive(Clone)]
pub struct Transcript {
    accumulator: Accumulator,
    /// Entries, sorted by the number of the block.
    entries: Vec<Entry>,
    /// Number of the newest block so far, whether it was stored or dropped.
    newest: Option<BlockId>,
    result: Option<Box<TurnResult>>,
    /// Error of the last message of the main thread, used to classify a failure, as is `rate_limit`.
    error: Option<AssistantError>,
    rate_limit: Option<Box<RateLimit>>,
    held: usize,
    limit: usize,
    dropped: DroppedText,
}

/// Tool call, with its result if the tool has finished.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// Identifier of the call; the result repeats it as `tool_use_id`.
    pub id: String,
    /// Name of the tool.
    pub name: String,
    /// Input of the tool, a JSON object.
    pub input: Option<Json>,
    /// Identifier of the tool call that started the subagent making this call; `None` in the main thread.
    pub parent_tool_use_id: Option<String>,
    /// Result of the tool; `None` while the tool is running, or if the CLI sent no result.
    pub result: Option<ToolResultBlock>,
}

/// Amount of content that a [`Transcript`] did not store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedText {
    /// Number of text blocks beyond the limit.
    pub texts: u64,
    /// Number of tool calls beyond the limit.
    pub calls: u64,
    /// Number of tool results that were dropped: beyond the limit, of an unknown call, or the second of a call.
    pub results: u64,
    /// Number of bytes beyond the limit.
    pub bytes: u64,
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript")
            .field("texts", &self.texts().count())
            .field("calls", &self.calls().count())
            .field("result", &self.result)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolCall")
            .field("id", &Quoted(&self.id))
            .field("name", &Quoted(&self.name))
            .field("input", &self.input)
            .field("parent_tool_use_id", &self.parent_tool_use_id.as_deref().map(Quoted))
            .field("result", &self.result)
            .finish()
    }
}

impl ToolCall {
    /// Returns the size of the texts in bytes.
    pub(crate) fn size(&self) -> usize {
        let parent = self.parent_tool_use_id.as_ref().map_or(0, String::len);
        let input = self.input.as_ref().map_or(0, |input| input.as_str().len());
        self.id.len() + self.name.len() + input + parent + self.result.as_ref().map_or(0, store::result_size)
    }
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl Transcript {
    /// Default limit of [`with_limit`](Self::with_limit): 16 MiB.
    pub const LIMIT: usize = 16 << 20;

    /// Creates an empty transcript with the default [limit](Transcript::LIMIT).
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::LIMIT)
    }

    /// Creates an empty transcript that stores at most `bytes` bytes of texts, inputs, results and ids. Blocks that are
    /// still streamed take at most the same amount in addition.
    #[must_use]
    pub fn with_limit(bytes: usize) -> Self {
        Self {
            accumulator: Accumulator::with_limit(bytes),
            entries: Vec::new(),
            newest: None,
            result: None,
            error: None,
            rate_limit: None,
            held: 0,
            limit: bytes,
            dropped: DroppedText::default(),
        }
    }

    /// Adds a message of any kind. Pass messages in the order in which they arrived. A message that cannot be decoded
    /// is ignored.
    pub fn add(&mut self, message: &Message) {
        let unmatched = self.accumulator.unmatched_results();
        for edit in self.accumulator.add(message) {
            self.apply(edit);
        }
        self.dropped.results += self.accumulator.unmatched_results() - unmatched;
        match message.kind() {
            MessageKind::Result => self.result = message.result().ok().map(Box::new),
            MessageKind::Assistant if !message.is_subagent() => {
                self.error = message.assistant().ok().and_then(|assistant| assistant.error);
            }
            MessageKind::RateLimitEvent => {
                if let Ok(MessageView::RateLimit(event)) = message.view() {
                    self.rate_limit = Some(Box::new(event.rate_limit_info));
                }
            }
            _ => {}
        }
    }

    /// Returns the complete text blocks of the main thread, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match &entry.content {
            Kept::Text(text) if entry.complete => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns the complete text blocks of the main thread, joined by line breaks.
    #[must_use]
    pub fn text(&self) -> String {
        self.texts().collect::<Vec<_>>().join("\n")
    }

    /// Returns the streamed text of the last text block if that block is incomplete, or else an empty string.
    ///
    /// Text is streamed with `--include-partial-messages`. In an interrupted turn the block can stay incomplete.
    #[must_use]
    pub fn partial_text(&self) -> &str {
        let texts = self.entries.iter().rev().filter_map(|entry| match &entry.content {
            Kept::Text(text) => Some((text, entry.complete)),
            _ => None,
        });
        match texts.take(1).next() {
            Some((text, false)) => text,
            _ => "",
        }
    }

    /// Returns the answer to the prompt: the text of the result, or else the [partial text](Self::partial_text), or
    /// else the last complete text block.
    #[must_use]
    pub fn final_text(&self) -> Option<&str> {
        let result_text = self.result.as_ref().and_then(|result| result.result.as_deref());
        let partial = Some(self.partial_text()).filter(|partial| !partial.is_empty());
        result_text.or(partial).or_else(|| self.texts().last())
    }

    /// Returns the complete tool calls in order, including those of subagents. Calls of tools that the API runs
    /// ([`ContentBlock::ServerToolUse`](super::ContentBlock::ServerToolUse)) are not included.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.entries.iter().filter_map(|entry| match &entry.content {
            Kept::Call(call) if entry.complete => Some(&**call),
            _ => None,
        })
    }

    /// Returns the result of the turn, with its usage, cost, denials and error, or `None` if the turn has not ended.
    #[must_use]
    pub fn result(&self) -> Option<&TurnResult> {
        self.result.as_deref()
    }

    /// Returns the cause if the turn failed or was interrupted. Returns `None` if the turn succeeded or has not ended.
    ///
    /// The cause is derived from the result, the error of the last message, and the last `rate_limit_event`.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        Failure::classify(self.result.as_deref()?, self.error.as_ref(), self.rate_limit.as_deref())
    }

    /// Returns `true` if the main thread has text, and the CLI wrote all of it: no model answered. See
    /// [`Assistant::is_synthetic`](super::Assistant::is_synthetic).
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        let mut texts = self.entries.iter().filter(|entry| matches!(entry.content, Kept::Text(_))).peekable();
        texts.peek().is_some() && texts.all(|entry| entry.synthetic)
    }

    /// Returns the amount of content that was not stored.
    #[must_use]
    pub fn dropped(&self) -> DroppedText {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::store::OVERHEAD;
    use super::*;

    fn of(limit: usize, lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::with_limit(limit);
        for line in lines {
            transcript.add(&Message::parse(line.as_bytes()).unwrap());
        }
        transcript
    }

    const TEXT: &str = r#"{"type":"assistant","uuid":"u1","message":{"content":[{"type":"text","text":"one"}]}}"#;
    const CALL: &str = r#"{"type":"assistant","uuid":"u2","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}]}}"#;
    const DONE: &str = r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"ok"}]}]}}"#;

    #[test]
    fn retracted_text_is_removed() {
        let other =
            r#"{"type":"assistant","supersedes":["u1","u2"],"message":{"content":[{"type":"text","text":"two"}]}}"#;
        let transcript = of(1000, &[TEXT, CALL, other, DONE]);
        assert_eq!((transcript.text().as_str(), transcript.calls().count()), ("two", 0));
        assert_eq!(transcript.dropped().results, 1);
        let refusal = r#"{"type":"system","subtype":"model_refusal_fallback","retracted_message_uuids":["u1"]}"#;
        assert_eq!(of(1000, &[TEXT, refusal, refusal]).texts().count(), 0);
    }

    #[test]
    fn the_text_of_a_subagent_is_separate_from_the_turn() {
        let text = TEXT.replace(r#""uuid""#, r#""parent_tool_use_id":"t","uuid""#);
        let call = CALL.replace(r#""uuid""#, r#""parent_tool_use_id":"t0","uuid""#);
        let transcript = of(1000, &[&text, &call]);
        assert_eq!(transcript.texts().count(), 0);
        assert_eq!(transcript.calls().next().unwrap().parent_tool_use_id.as_deref(), Some("t0"));
    }

    #[test]
    fn a_transcript_keeps_its_limit_and_reports_what_it_dropped() {
        let transcript = of(OVERHEAD + 3, &[TEXT, TEXT, CALL, DONE]);
        assert_eq!(transcript.texts().count(), 1);
        assert_eq!(transcript.dropped(), DroppedText { texts: 1, calls: 1, results: 1, bytes: 3 + 7 + 30 });
        let empty = TEXT.replace("one", "");
        let many = vec![empty.as_str(); 100];
        assert_eq!(of(10 * OVERHEAD, &many).texts().count(), 10);
    }

    #[test]
    fn a_second_result_of_a_tool_call_is_ignored() {
        let transcript = of(1000, &[CALL, DONE, &DONE.replace("ok", "no")]);
        assert_eq!(transcript.calls().next().unwrap().result.as_ref().unwrap().text(), "ok");
    }

    #[test]
    fn a_streamed_text_is_partial_until_its_block_is_complete() {
        let delta = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"on"}}}"#;
        assert_eq!(of(1000, &[delta, delta]).partial_text(), "onon");
        assert_eq!(of(1000, &[delta, TEXT]).partial_text(), "");
        assert_eq!(of(OVERHEAD + 3, &[delta, delta]).partial_text(), "on");
        // Text beyond the limit is added with the whole block, or the block is dropped.
        assert_eq!(of(OVERHEAD + 3, &[delta, delta, TEXT]).texts().collect::<Vec<_>>(), ["one"]);
        let long = TEXT.replace("one", "on and on");
        let transcript = of(OVERHEAD + 3, &[delta, delta, &long]);
        assert_eq!((transcript.texts().count(), transcript.dropped().texts, transcript.dropped().bytes), (0, 1, 9));
    }
}
