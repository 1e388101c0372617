//! What a host shows while an answer comes: edits whose sum is the final content.

mod edit;
mod recent;
mod thread;

use std::fmt;
use std::mem;
use std::sync::Arc;

pub use self::edit::{AccumulatedBlock, BlockId, BlockKind, Edit};

use self::recent::Recent;
use self::thread::{Shared, Thread, Whole};
use super::assistant::Assistant;
use super::content::{ContentBlock, ToolResultBlock};
use super::result::ResultKind;
use super::stream::{ContentDelta, StreamEvent, StreamEventKind};
use super::{Message, System};
use crate::wire::kind::MessageKind;

/// Bytes that an incomplete block counts for beyond its own text.
const OVERHEAD: usize = 128;

/// Longest id that is kept, in bytes. The CLI's have at most 40.
const ID_BYTES: usize = 256;

/// Turns messages into edits such that applying all of them always yields the final content.
///
/// While an answer is streamed, its text comes in parts; the `assistant` messages that follow decide what it finally says. The
/// two differ more often than one would think, and the differences come out as edits:
///
/// | The CLI | Seen in | Edits |
/// |---|---|---|
/// | streams a block, then sends it whole | all versions | [`Append`](Edit::Append), then [`Complete`](Edit::Complete) |
/// | asks again after the stream broke, and streams the new answer | 2.1.332, cut connection | nothing as long as the new answer says the same, [`Replace`](Edit::Replace) from the first difference on |
/// | asks again without streaming: one whole message with another id | 1.0.128 to 2.1.143; 2.1.332, `error` event | `Append` of the rest, or [`Remove`](Edit::Remove) and `Append` |
/// | gives up: a message of its own about the error | 2.1.143 | `Remove` and `Append` |
/// | keeps the blocks that were whole, drops the others | 1.0.128, 2.0.76, 2.1.332 | `Remove` |
/// | streams nothing, or a part | `--include-partial-messages` is off, lost lines | `Append` |
/// | takes messages back | `supersedes`, `retracted_message_uuids` | `Remove` |
/// | sends no message, only a result with a text | local commands | `Append` |
///
/// An interrupted turn keeps the partial text: those blocks are never marked as complete. At the end of every other turn, blocks
/// that are not complete are removed.
///
/// Blocks of subagents are in threads of their own ([`AccumulatedBlock::parent_tool_use_id`]). An accumulator is fed with the messages of
/// one turn or of a whole session, in their order.
///
/// # Memory
///
/// Complete blocks are not held. The text of incomplete blocks is limited to [`LIMIT`](Self::LIMIT) bytes in total; text beyond
/// that is not shown before its block is complete. The last [`IDS`](Self::IDS) calls without a result, the last `IDS`
/// messages that can be taken back, and the last [`THREADS`](Self::THREADS) subagents are remembered, with ids of at most 256 bytes.
///
/// ```
/// use claude_duplex::Message;
/// use claude_duplex::message::{Accumulator, Edit};
///
/// let stream = |text: &str| {
///     let delta = serde_json::json!({ "type": "text_delta", "text": text });
///     let kind = "content_block_delta";
///     let event = serde_json::json!({ "type": kind, "index": 0, "delta": delta });
///     serde_json::json!({ "type": "stream_event", "event": event })
/// };
/// let whole = serde_json::json!({ "type": "assistant",
///     "message": { "content": [{ "type": "text", "text": "Hello world" }] } });
/// let retry = serde_json::json!({ "type": "system", "subtype": "api_retry" });
///
/// // The stream breaks off, so does the next attempt, then the answer comes whole.
/// let (mut accumulator, mut shown) = (Accumulator::new(), String::new());
/// for line in [stream("Hello wor"), retry, stream("Hello "), whole] {
///     for edit in accumulator.add(&Message::parse(line.to_string().as_bytes())?) {
///         match edit {
///             Edit::Append { text, .. } => shown += &text,
///             Edit::Replace { text, .. } => shown = text,
///             Edit::Remove { .. } => shown.clear(),
///             _ => {}
///         }
///     }
/// }
/// assert_eq!(shown, "Hello world");
/// # Ok::<(), claude_duplex::RejectedReason>(())
/// ```
#[derive(Clone)]
pub struct Accumulator {
    main: Thread,
    subagents: Vec<Thread>,
    shared: Shared,
    /// Calls without a result, by their id.
    calls: Recent<AccumulatedBlock>,
    /// Blocks of complete messages, by the message's uuid.
    lines: Recent<Line>,
    /// The turn has said something that is complete.
    answered: bool,
    unmatched: u64,
}

/// Blocks of a complete message: consecutive ones of its thread.
#[derive(Clone)]
struct Line {
    from_block: AccumulatedBlock,
    to: BlockId,
}

impl Default for Accumulator {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Accumulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accumulator")
            .field("subagents", &self.subagents.len())
            .field("unmatched_results", &self.unmatched)
            .finish_non_exhaustive()
    }
}

impl Accumulator {
    /// Default limit of [`with_limit`](Self::with_limit): 16 MiB.
    pub const LIMIT: usize = 16 << 20;
    /// Number of open calls, and of messages, that are remembered: 4096 of each.
    pub const IDS: usize = 4096;
    /// Number of subagents that are remembered: 256.
    pub const THREADS: usize = 256;

    /// Creates an accumulator with the default [limit](Self::LIMIT).
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::LIMIT)
    }

    /// Creates an accumulator that holds at most that many bytes of incomplete blocks.
    #[must_use]
    pub fn with_limit(bytes: usize) -> Self {
        Self {
            main: Thread::default(),
            subagents: Vec::new(),
            shared: Shared::new(bytes),
            calls: Recent::new(Self::IDS),
            lines: Recent::new(Self::IDS),
            answered: false,
            unmatched: 0,
        }
    }

    /// Takes a message, and returns what it changes. Messages that say nothing to a reader, and messages that do not decode,
    /// change nothing.
    pub fn add(&mut self, message: &Message) -> Vec<Edit> {
        match message.kind() {
            MessageKind::StreamEvent => {
                if let Ok(streamed) = message.stream_event() {
                    self.stream(streamed);
                }
            }
            MessageKind::Assistant => {
                if let Ok(assistant) = message.assistant() {
                    self.assistant(assistant);
                }
            }
            MessageKind::User => {
                for block in message.content().into_iter().flatten() {
                    if let ContentBlock::ToolResult(result) = block {
                        self.tool_result(result);
                    }
                }
            }
            MessageKind::System => self.system(message),
            MessageKind::Result => self.result(message),
            _ => {}
        }
        mem::take(&mut self.shared.edits)
    }

    /// Returns the number of tool results that no call is known for, or whose call had a result already. They change nothing.
    #[must_use]
    pub fn unmatched_results(&self) -> u64 {
        self.unmatched
    }

    fn stream(&mut self, streamed: StreamEvent) {
        let StreamEvent { event, parent_tool_use_id, api_message_id, abandoned_blocks, .. } = streamed;
        let Some((thread, shared)) = self.thread(parent_tool_use_id) else { return };
        let id = |id: Option<String>| id.filter(|id| id.len() <= ID_BYTES);
        if !matches!(event, StreamEventKind::MessageStart(_)) {
            thread.streams(id(api_message_id).as_deref());
        }
        match event {
            StreamEventKind::MessageStart(start) => thread.start(id(start.message.id)),
            StreamEventKind::BlockStart(start) => {
                let call = match start.content_block {
                    ContentBlock::ToolUse(call) => Some(call),
                    _ => None,
                };
                thread.begin(start.index, call, shared);
            }
            StreamEventKind::BlockDelta(delta) => match delta.delta {
                ContentDelta::Text(part) => thread.say(delta.index, BlockKind::Text, part.text, shared),
                ContentDelta::Thinking(part) => thread.say(delta.index, BlockKind::Thinking, part.thinking, shared),
                ContentDelta::Input(part) => thread.say(delta.index, BlockKind::ToolCall, part.partial_json, shared),
                _ => {}
            },
            StreamEventKind::MessageStop(_) => match abandoned_blocks {
                Some(abandoned) => thread.abandon(abandoned.from_block_index.unwrap_or(0)),
                None => thread.stop(shared),
            },
            StreamEventKind::Error(_) => thread.break_off(),
            _ => {}
        }
    }

    fn assistant(&mut self, assistant: Assistant) {
        for uuid in assistant.supersedes.iter().flatten() {
            self.retract(uuid);
        }
        let (main, synthetic) = (assistant.parent_tool_use_id.is_none(), assistant.is_synthetic());
        let answer = assistant.message.id.filter(|id| id.len() <= ID_BYTES);
        let mut calls = Vec::new();
        let mut line: Option<Line> = None;
        let parent = assistant.parent_tool_use_id.clone();
        for content in assistant.message.content {
            let call = match &content {
                ContentBlock::ToolUse(call) => Some(call.id.clone()),
                _ => None,
            };
            let content = Whole { content, answer: answer.as_deref(), synthetic };
            let block = match self.thread(parent.clone()) {
                Some((thread, shared)) => thread.complete(content, shared),
                // A thread that cannot be remembered has complete messages all the same.
                None => self.shared.add(content, parent.as_deref().map(Arc::from).as_ref()),
            };
            self.answered |= main && block.kind == BlockKind::Text;
            calls.extend(call.map(|id| (id, block.clone())));
            let to = block.id;
            line.get_or_insert(Line { from_block: block, to }).to = to;
        }
        if let Some((thread, shared)) = self.thread(parent) {
            thread.settle(answer.as_deref(), shared);
        }
        for (id, block) in calls {
            self.calls.insert(id, block);
        }
        if let (Some(uuid), Some(line)) = (assistant.uuid, line) {
            self.lines.insert(uuid, line);
        }
    }

    fn tool_result(&mut self, result: ToolResultBlock) {
        if let Some(at) =
            self.subagents.iter().position(|thread| thread.parent.as_deref() == Some(&*result.tool_use_id))
        {
            self.subagents.remove(at).clear(&mut self.shared);
        }
        match self.calls.remove(&result.tool_use_id) {
            Some(block) => self.shared.edits.push(Edit::ToolResult { block, result }),
            None => self.unmatched += 1,
        }
    }

    fn system(&mut self, message: &Message) {
        match message.subtype().as_deref() {
            Some("api_retry") => self.main.break_off(),
            Some("model_refusal_fallback") => {
                if let Ok(System::ModelRefusalFallback(refusal)) = message.system() {
                    for uuid in refusal.retracted_message_uuids.iter().flatten() {
                        self.retract(uuid);
                    }
                }
            }
            _ => {}
        }
    }

    fn result(&mut self, message: &Message) {
        let result = message.result().ok();
        let broke_off = result
            .as_ref()
            .is_none_or(|result| result.subtype == ResultKind::ErrorDuringExecution || result.is_aborted());
        if broke_off {
            self.main.leave(&mut self.shared);
        } else {
            self.main.clear(&mut self.shared);
        }
        let answered = mem::take(&mut self.answered);
        let only = result.filter(|result| !answered && !broke_off && !result.is_error);
        if let Some(text) = only.and_then(|result| result.result).filter(|text| !text.is_empty()) {
            self.shared.say(text);
        }
    }

    /// Removes what a message said.
    fn retract(&mut self, uuid: &str) {
        let Some(Line { from_block, to }) = self.lines.remove(uuid) else { return };
        let edit = Edit::Remove { from_block, to };
        self.calls.retain(|call| !edit.removes(call));
        self.shared.edits.push(edit);
    }

    /// Finds or makes the thread; `None` if its name is too long to be kept.
    fn thread(&mut self, parent: Option<String>) -> Option<(&mut Thread, &mut Shared)> {
        let Some(parent) = parent else { return Some((&mut self.main, &mut self.shared)) };
        if parent.len() > ID_BYTES {
            return None;
        }
        let known = self.subagents.iter().position(|thread| thread.parent.as_deref() == Some(&*parent));
        let at = known.unwrap_or_else(|| {
            if self.subagents.len() == Self::THREADS {
                self.subagents.remove(0).clear(&mut self.shared);
            }
            self.subagents.push(Thread::new(Some(parent.into())));
            self.subagents.len() - 1
        });
        Some((&mut self.subagents[at], &mut self.shared))
    }
}
