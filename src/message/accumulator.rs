//! Edits for the display of an answer while it is streamed. Their sum is the final content.

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

/// Bytes that an incomplete block counts towards the limit, in addition to its text.
const OVERHEAD: usize = 128;

/// Length of the longest id that is stored, in bytes. The ids of the CLI have at most 40.
const ID_BYTES: usize = 256;

/// Turns messages into edits. Applying all edits in order always yields the final content.
///
/// While an answer is streamed, its text arrives in parts. The `assistant` messages that follow contain the final
/// content, which can differ from the streamed text. The accumulator emits edits for the differences:
///
/// | The CLI | Seen in | Edits |
/// |---|---|---|
/// | streams a block, then sends it whole | all versions | [`Append`](Edit::Append), then [`Complete`](Edit::Complete) |
/// | repeats the request after the stream broke, and streams the new answer | 2.1.332, broken connection | none while the new answer equals the old one; [`Replace`](Edit::Replace) from the first difference on |
/// | repeats the request without streaming, and sends one whole message with another id | 1.0.128 to 2.1.143; 2.1.332, `error` event | `Append` of the rest, or [`Remove`](Edit::Remove) and `Append` |
/// | gives up, and sends a message about the error | 2.1.143 | `Remove` and `Append` |
/// | keeps the complete blocks, and drops the others | 1.0.128, 2.0.76, 2.1.332 | `Remove` |
/// | streams only a part of the answer, or nothing | `--include-partial-messages` is off; lost lines | `Append` |
/// | retracts messages | `supersedes`, `retracted_message_uuids` | `Remove` |
/// | sends no message, only a result with a text | local commands | `Append` |
///
/// An interrupted turn keeps its partial text; those blocks never get a `Complete`. At the end of every other turn,
/// incomplete blocks are removed.
///
/// Blocks of subagents are in threads of their own ([`AccumulatedBlock::parent_tool_use_id`]). Pass the messages of one
/// turn, or of a whole session, in the order in which they arrived.
///
/// # Memory
///
/// Complete blocks are not stored. The text of incomplete blocks is limited to [`LIMIT`](Self::LIMIT) bytes in total.
/// Text beyond the limit appears when its block is complete. The accumulator also stores ids of at most 256 bytes:
///
/// * the last [`IDS`](Self::IDS) tool calls without a result
/// * the last `IDS` messages that can be retracted
/// * the last [`THREADS`](Self::THREADS) subagents
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
/// // The stream breaks off twice, then the answer arrives whole.
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
    /// Tool calls without a result, by id.
    calls: Recent<AccumulatedBlock>,
    /// Blocks of complete messages, by the `uuid` of the message.
    lines: Recent<Line>,
    /// `true` if the turn has sent a complete text in the main thread.
    answered: bool,
    unmatched: u64,
}

/// Consecutive blocks of a thread that belong to one complete message.
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
    /// Maximum number of stored calls without a result, and of stored messages: 4,096 each.
    pub const IDS: usize = 4096;
    /// Maximum number of stored subagents: 256.
    pub const THREADS: usize = 256;

    /// Creates an accumulator with the default [limit](Self::LIMIT).
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::LIMIT)
    }

    /// Creates an accumulator that stores at most `bytes` bytes of incomplete blocks.
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

    /// Adds a message and returns the resulting edits. Messages without visible content and messages that cannot be
    /// decoded produce no edits.
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

    /// Returns the number of tool results whose call is unknown or already had a result. Such results produce no edits.
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
                // Complete messages are added even if the id of the thread is too long to be stored.
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

    /// Removes the blocks of a retracted message.
    fn retract(&mut self, uuid: &str) {
        let Some(Line { from_block, to }) = self.lines.remove(uuid) else { return };
        let edit = Edit::Remove { from_block, to };
        self.calls.retain(|call| !edit.removes(call));
        self.shared.edits.push(edit);
    }

    /// Finds or creates the thread. Returns `None` if its id is too long to be stored.
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
