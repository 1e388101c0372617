//! What a turn's messages say, gathered: texts, calls of tools with their results, how it ended.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use super::content::{Content, ToolResult, ToolUse};
use super::{Message, StreamDelta, System, TurnResult};
use crate::json::Json;
use crate::text::Quoted;
use crate::wire::kind::MessageKind;

/// What an entry counts for beyond its own text.
const OVERHEAD: usize = 128;

/// What a turn's messages say, gathered as they come.
///
/// It is pure and bounded: it holds at most [`limit`](Transcript::with_limit) bytes of texts, inputs and results, drops what
/// comes after, and [says so](Transcript::dropped); the turn's result is always kept. What the CLI takes back
/// (`supersedes`, `retracted_message_uuids`) is removed.
///
/// ```
/// use claude_duplex::Message;
/// use claude_duplex::message::Transcript;
///
/// let mut transcript = Transcript::new();
/// for line in [
///     r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I look."}]}}"#,
///     r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":"ls"}}]}}"#,
///     r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"a.txt"}]}}"#,
///     r#"{"type":"assistant","message":{"content":[{"type":"text","text":"One file."}]}}"#,
///     r#"{"type":"result","subtype":"success","result":"One file.","is_error":false}"#,
/// ] {
///     transcript.add(&Message::parse(line.as_bytes())?);
/// }
/// assert_eq!(transcript.text(), "I look.\nOne file.");
/// assert_eq!(transcript.answer(), Some("One file."));
/// let call = transcript.calls().next().unwrap();
/// assert_eq!((call.name.as_str(), call.result.as_ref().unwrap().text()), ("Bash", "a.txt".into()));
/// # Ok::<(), claude_duplex::WhyRejected>(())
/// ```
#[derive(Clone)]
pub struct Transcript {
    entries: Vec<Entry>,
    /// The entries of each line that has a uuid.
    lines: HashMap<String, Range<usize>>,
    /// The last call with each id.
    calls: HashMap<String, usize>,
    partial: String,
    result: Option<Box<TurnResult>>,
    held: usize,
    limit: usize,
    dropped: Dropped,
}

#[derive(Clone)]
enum Entry {
    Text(String),
    Call(Box<ToolCall>),
    Retracted,
}

/// A call of a tool, with its result as soon as that is there.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// By which its result names it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its input.
    pub input: Option<Json>,
    /// The call of a tool whose subagent calls it; none for the main thread.
    pub parent_tool_use_id: Option<String>,
    /// What it gave; none while it runs, and where it was never answered.
    pub result: Option<ToolResult>,
}

/// What a [`Transcript`] did not keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Text blocks over the limit.
    pub texts: u64,
    /// Calls over the limit.
    pub calls: u64,
    /// Results over the limit, and results of calls that are not here.
    pub results: u64,
    /// How many bytes all of these have.
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

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl Transcript {
    /// How many bytes one holds where nothing else is said: 16 MiB.
    pub const LIMIT: usize = 16 << 20;

    /// An empty one, with the usual [limit](Transcript::LIMIT).
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::LIMIT)
    }

    /// An empty one that holds at most so many bytes of texts, inputs, results and ids, and about as much again for its own
    /// order.
    #[must_use]
    pub fn with_limit(bytes: usize) -> Self {
        Self {
            entries: Vec::new(),
            lines: HashMap::new(),
            calls: HashMap::new(),
            partial: String::new(),
            result: None,
            held: 0,
            limit: bytes,
            dropped: Dropped::default(),
        }
    }

    /// Takes what a message says; messages of any kind, in the order in which they came. A message that a view cannot decode
    /// adds nothing.
    pub fn add(&mut self, message: &Message) {
        match message.kind() {
            MessageKind::StreamEvent if !message.is_subagent() => self.stream(message),
            MessageKind::Assistant => self.assistant(message),
            MessageKind::User => {
                for block in message.content().into_iter().flatten() {
                    if let Content::ToolResult(result) = block {
                        self.tool_result(result);
                    }
                }
            }
            MessageKind::System if message.subtype().as_deref() == Some("model_refusal_fallback") => {
                if let Ok(System::ModelRefusalFallback(refusal)) = message.system() {
                    self.retract(&refusal.retracted_message_uuids.unwrap_or_default());
                }
            }
            MessageKind::Result => {
                self.partial.clear();
                self.result = message.result().ok().map(Box::new);
            }
            _ => {}
        }
    }

    /// The text blocks of the main thread, in their order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The texts of the main thread, one to a line.
    #[must_use]
    pub fn text(&self) -> String {
        self.texts().collect::<Vec<_>>().join("\n")
    }

    /// What was streamed of a text block that is not complete yet, with `--include-partial-messages`; at most as long as the
    /// limit. An interrupted block may never be.
    #[must_use]
    pub fn partial(&self) -> &str {
        &self.partial
    }

    /// What the turn says at its end: the result's text, else the last text block.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        let said = self.result.as_ref().and_then(|result| result.result.as_deref());
        said.or_else(|| self.texts().last())
    }

    /// The calls of tools, those of subagents too, in their order. What the API itself runs
    /// ([`Content::ServerToolUse`]) is not among them.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Call(call) => Some(&**call),
            _ => None,
        })
    }

    /// How the turn ended: its usage, its cost, its denials, its error; none before that.
    #[must_use]
    pub fn result(&self) -> Option<&TurnResult> {
        self.result.as_deref()
    }

    /// What was not kept.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    fn stream(&mut self, message: &Message) {
        if let Some(StreamDelta::Text(text)) = message.delta() {
            if self.partial.len() + text.len() <= self.limit {
                self.partial.push_str(&text);
            }
        }
    }

    fn assistant(&mut self, message: &Message) {
        let Ok(assistant) = message.assistant() else { return };
        self.retract(&assistant.supersedes.unwrap_or_default());
        let start = self.entries.len();
        let (parent, subagent) = (assistant.parent_tool_use_id, message.is_subagent());
        for block in assistant.message.content {
            match block {
                Content::Text(text) if !subagent => {
                    self.partial.clear();
                    let size = text.text.len();
                    if self.has_room(size) {
                        self.entries.push(Entry::Text(text.text));
                    } else {
                        self.dropped.texts += 1;
                    }
                }
                Content::ToolUse(call) => self.call(call, parent.clone()),
                _ => {}
            }
        }
        let own = start..self.entries.len();
        if let Some(uuid) = assistant.uuid.filter(|_| !own.is_empty()) {
            // The line's entries are counted; its uuid is short, or else not worth keeping.
            if uuid.len() <= OVERHEAD {
                self.lines.insert(uuid, own);
            }
        }
    }

    fn call(&mut self, ToolUse { id, name, input, .. }: ToolUse, parent: Option<String>) {
        let parent_size = parent.as_ref().map_or(0, String::len);
        let input_size = input.as_ref().map_or(0, |input| input.as_str().len());
        // The id is held twice: here and in the index.
        if !self.has_room(2 * id.len() + name.len() + input_size + parent_size) {
            self.dropped.calls += 1;
            return;
        }
        self.calls.insert(id.clone(), self.entries.len());
        self.entries.push(Entry::Call(Box::new(ToolCall {
            id,
            name,
            input,
            parent_tool_use_id: parent,
            result: None,
        })));
    }

    fn tool_result(&mut self, result: ToolResult) {
        let size = result.tool_use_id.len()
            + result.content.as_ref().map_or(0, |content| content.as_str().len())
            + result.rest.iter().map(|(name, value)| name.len() + value.as_str().len()).sum::<usize>();
        let at = self.calls.get(&result.tool_use_id).copied();
        let open = at.filter(|at| matches!(&self.entries[*at], Entry::Call(call) if call.result.is_none()));
        let Some(at) = open else {
            self.dropped.results += 1;
            self.dropped.bytes += size as u64;
            return;
        };
        if !self.has_room(size) {
            self.dropped.results += 1;
        } else if let Entry::Call(call) = &mut self.entries[at] {
            call.result = Some(result);
        }
    }

    /// Removes what those lines said. Their entries stay as empty places, and count as such.
    fn retract(&mut self, uuids: &[String]) {
        for entries in uuids.iter().filter_map(|uuid| self.lines.remove(uuid)) {
            for at in entries {
                let entry = std::mem::replace(&mut self.entries[at], Entry::Retracted);
                if let Entry::Call(call) = entry {
                    if self.calls.get(&call.id) == Some(&at) {
                        self.calls.remove(&call.id);
                    }
                }
            }
        }
    }

    fn has_room(&mut self, size: usize) -> bool {
        let held = self.held.saturating_add(size).saturating_add(OVERHEAD);
        if held > self.limit {
            self.dropped.bytes += size as u64;
            return false;
        }
        self.held = held;
        true
    }
}

#[cfg(test)]
mod tests {
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
    fn what_is_taken_back_is_removed() {
        let other =
            r#"{"type":"assistant","supersedes":["u1","u2"],"message":{"content":[{"type":"text","text":"two"}]}}"#;
        let transcript = of(1000, &[TEXT, CALL, other, DONE]);
        assert_eq!((transcript.text().as_str(), transcript.calls().count()), ("two", 0));
        assert_eq!(transcript.dropped().results, 1);
        let refusal = r#"{"type":"system","subtype":"model_refusal_fallback","retracted_message_uuids":["u1"]}"#;
        assert_eq!(of(1000, &[TEXT, refusal, refusal]).texts().count(), 0);
    }

    #[test]
    fn a_subagents_text_is_not_the_turns_and_its_calls_name_it() {
        let text = TEXT.replace(r#""uuid""#, r#""parent_tool_use_id":"t","uuid""#);
        let call = CALL.replace(r#""uuid""#, r#""parent_tool_use_id":"t0","uuid""#);
        let transcript = of(1000, &[&text, &call]);
        assert_eq!(transcript.texts().count(), 0);
        assert_eq!(transcript.calls().next().unwrap().parent_tool_use_id.as_deref(), Some("t0"));
    }

    #[test]
    fn the_limit_holds_and_what_is_dropped_is_told() {
        let transcript = of(OVERHEAD + 3, &[TEXT, TEXT, CALL, DONE]);
        assert_eq!(transcript.texts().count(), 1);
        assert_eq!(transcript.dropped(), Dropped { texts: 1, calls: 1, results: 1, bytes: 3 + 8 + 30 });
        let empty = TEXT.replace("one", "");
        let many = vec![empty.as_str(); 100];
        assert_eq!(of(10 * OVERHEAD, &many).texts().count(), 10);
    }

    #[test]
    fn a_second_result_of_one_call_changes_nothing() {
        let transcript = of(1000, &[CALL, DONE, &DONE.replace("ok", "no")]);
        assert_eq!(transcript.calls().next().unwrap().result.as_ref().unwrap().text(), "ok");
    }

    #[test]
    fn a_streamed_text_is_partial_until_its_block_is_complete() {
        let delta = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"on"}}}"#;
        assert_eq!(of(1000, &[delta, delta]).partial(), "onon");
        assert_eq!(of(1000, &[delta, TEXT]).partial(), "");
        assert_eq!(of(3, &[delta, delta]).partial(), "on");
    }
}
