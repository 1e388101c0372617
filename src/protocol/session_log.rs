//! Log of a session for a display: numbered entries that are added, changed and removed.

mod entry;
mod store;

use std::fmt;

pub use self::entry::{LogChange, LogContent, LogEntry, PromptState, ToolState};

use self::store::{Key, Store};
use crate::base::ids::{IncomingId, PromptId};
use crate::incoming::{IncomingRequest, ResponseKind};
use crate::message::content::ToolUseBlock;
use crate::message::{AccumulatedBlock, Accumulator, BlockKind, Edit, ToolCall};
use crate::protocol::action::Action;

/// Log of a session for a display: prompts, texts, thinking, tool calls with their permissions and results, lines of
/// stderr, and the end. Each [`Action`] of the session becomes changes of numbered entries.
///
/// | Action | Entry |
/// |---|---|
/// | [`PromptTaken`](Action::PromptTaken), [`PromptEnded`](Action::PromptEnded) | [`PromptState`] of a prompt; [`add_prompt`](Self::add_prompt) adds its text |
/// | [`Message`](Action::Message) | texts, thinking, tool calls and their results, with the edits of an [`Accumulator`] |
/// | [`IncomingRequest`](Action::IncomingRequest), [`IncomingAnswered`](Action::IncomingAnswered), [`IncomingCancelled`](Action::IncomingCancelled) | [`ToolState`] of the tool call, for permission requests |
/// | [`StderrLine`](Action::StderrLine), [`RejectedLine`](Action::RejectedLine) | the line |
/// | [`Closed`](Action::Closed) | the end; tool calls without a result become [`Unfinished`](ToolState::Unfinished) |
///
/// A viewer that applies all changes in order has the same entries as [`entries`](Self::entries), which a viewer that comes
/// later starts with.
///
/// # Memory
///
/// The log stores at most [`LIMIT`](Self::LIMIT) bytes, in addition to those of its accumulator. Beyond the limit it
/// forgets the oldest entries. A viewer keeps what it has; forgotten entries do not change any more. A tool or a prompt
/// whose entry was forgotten gets a new entry when its state changes.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestSession};
/// use claude_duplex::{Config, LogContent, PromptState, Seed, SessionLog};
///
/// let script = Script::default().then([Step::text("three files")]);
/// let mut session = TestSession::new(Config::new(Seed::from_bytes([1; 16])), script);
/// let mut log = SessionLog::new();
/// log.add_prompt(session.prompt("what is here?"), "what is here?");
/// for action in session.run_until_idle() {
///     for change in log.add(&action) {
///         println!("{change:?}");
///     }
/// }
/// let contents: Vec<_> = log.entries().map(|entry| &entry.content).collect();
/// let [LogContent::Prompt { text, state, .. }, LogContent::Text { text: answer, .. }] =
///     contents[..]
/// else {
///     panic!("{contents:?}")
/// };
/// assert_eq!((&**text, &**answer), ("what is here?", "three files"));
/// assert!(matches!(state, PromptState::Ended { .. }));
/// ```
#[derive(Clone)]
pub struct SessionLog {
    accumulator: Accumulator,
    store: Store,
}

impl Default for SessionLog {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SessionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLog")
            .field("entries", &self.store.entries().count())
            .field("forgotten", &self.forgotten())
            .finish_non_exhaustive()
    }
}

impl SessionLog {
    /// Default limit of [`with_limit`](Self::with_limit): 16 MiB.
    pub const LIMIT: usize = 16 << 20;

    /// Creates an empty log with the default [limit](Self::LIMIT).
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::LIMIT)
    }

    /// Creates an empty log that stores at most `bytes` bytes of entries. Blocks that are still streamed take at most the
    /// same amount in addition.
    #[must_use]
    pub fn with_limit(bytes: usize) -> Self {
        Self { accumulator: Accumulator::with_limit(bytes), store: Store::new(bytes) }
    }

    /// Adds a prompt that the host has sent. The prompt may have been reported by an action before: its entry then gets
    /// the text.
    pub fn add_prompt(&mut self, prompt: PromptId, text: impl Into<String>) -> Vec<LogChange> {
        self.prompt(prompt, |shown, _| *shown = text.into());
        self.store.take_changes()
    }

    /// Adds a note of the host, e.g. that actions were missed.
    pub fn add_note(&mut self, text: impl Into<String>) -> Vec<LogChange> {
        self.store.add([], LogContent::Note { text: text.into() });
        self.store.take_changes()
    }

    /// Adds an action of the session, and returns the changes that follow from it. Pass all actions in order.
    pub fn add(&mut self, action: &Action) -> Vec<LogChange> {
        match action {
            Action::Message { message, .. } => {
                for edit in self.accumulator.add(message) {
                    self.edit(edit);
                }
            }
            Action::PromptTaken { prompt, .. } => {
                self.prompt(*prompt, |_, state| *state = PromptState::Running);
            }
            Action::PromptEnded { prompt, outcome, result, .. } => {
                let result = result.as_ref().and_then(|result| result.result().ok());
                let total_cost_usd = result.and_then(|result| result.total_cost_usd);
                self.prompt(*prompt, |_, state| *state = PromptState::Ended { outcome: *outcome, total_cost_usd });
            }
            Action::IncomingRequest(request) => self.permission(request),
            Action::IncomingAnswered { id, response, .. } => {
                let allowed = *response == ResponseKind::Allowed;
                self.decided(*id, if allowed { ToolState::Running } else { ToolState::Refused });
            }
            Action::IncomingCancelled { id, .. } => self.decided(*id, ToolState::Refused),
            Action::StderrLine(line) => {
                self.store.add([], LogContent::Stderr { text: line.text.to_string() });
            }
            Action::RejectedLine(line) => {
                let text = String::from_utf8_lossy(&line.head).into_owned();
                self.store.add([], LogContent::RejectedLine { text });
            }
            Action::Closed(closed) => {
                self.store.change_all(|content| match content {
                    LogContent::ToolCall { state, .. } if !state.is_final() => *state = ToolState::Unfinished,
                    _ => {}
                });
                self.store.add([], LogContent::Closed { end: Box::new(closed.clone()) });
            }
            _ => {}
        }
        self.store.take_changes()
    }

    /// Returns the stored entries in the order of their numbers.
    pub fn entries(&self) -> impl Iterator<Item = &LogEntry> {
        self.store.entries()
    }

    /// Returns the number of entries that were forgotten because of the limit.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.store.forgotten
    }

    fn prompt(&mut self, prompt: PromptId, change: impl FnOnce(&mut String, &mut PromptState)) {
        let number = self.store.find(&Key::Prompt(prompt)).unwrap_or_else(|| {
            let content = LogContent::Prompt { prompt, text: String::new(), state: PromptState::Waiting };
            self.store.add([Key::Prompt(prompt)], content)
        });
        self.store.change(number, |content| {
            if let LogContent::Prompt { text, state, .. } = content {
                change(text, state);
            }
        });
    }

    /// Shows that a tool call waits for a permission. The call is added if no message has announced it.
    fn permission(&mut self, request: &IncomingRequest) {
        let Ok(permission) = request.permission() else { return };
        let waits = ToolState::AwaitingPermission { incoming: request.id(), request_id: request.request_id() };
        let (name, input) = (permission.tool_name, Some(permission.input));
        let known = match &permission.tool_use_id {
            Some(id) => self.store.find(&Key::Call(id.clone())),
            // 1.0.128 does not name the call.
            None => self
                .store
                .find_call(|call, state| *state == ToolState::Running && call.name == name && call.input == input),
        };
        let number = known.unwrap_or_else(|| {
            let id = permission.tool_use_id.unwrap_or_else(|| request.request_id());
            let call = Box::new(ToolCall { id: id.clone(), name, input, parent_tool_use_id: None, result: None });
            self.store.add([Key::Call(id)], LogContent::ToolCall { call, state: ToolState::Running })
        });
        self.store.name(number, Key::Request(request.id()));
        self.store.change_tool(number, |_, state| *state = waits);
    }

    fn decided(&mut self, request: IncomingId, decision: ToolState) {
        if let Some(number) = self.store.find(&Key::Request(request)) {
            self.store.change_tool(number, |_, state| *state = decision);
        }
    }

    fn edit(&mut self, edit: Edit) {
        match edit {
            // The input of a call is shown when it is complete.
            Edit::Append { block, .. } | Edit::Replace { block, .. } if block.kind == BlockKind::ToolCall => {}
            Edit::Append { block, text } => match self.store.find(&Key::Block(block.id)) {
                Some(number) => self.store.append(number, &text),
                None => self.add_block(block, |block| text_of(block, text)),
            },
            Edit::Replace { block, text } => {
                if let Some(number) = self.store.find(&Key::Block(block.id)) {
                    self.store.change(number, |content| *content = text_of(&block, text));
                }
            }
            Edit::ToolCall { block, call } => self.call(block, call),
            Edit::ToolResult { result, .. } => {
                if let Some(number) = self.store.find(&Key::Call(result.tool_use_id.clone())) {
                    let end = if result.is_error { ToolState::Failed } else { ToolState::Succeeded };
                    self.store.change_tool(number, |call, state| {
                        // The result of a refused call only repeats the refusal.
                        if *state != ToolState::Refused {
                            *state = end;
                        }
                        call.result = Some(result);
                    });
                }
            }
            Edit::Remove { .. } => self.store.remove(|block| edit.removes(block)),
            Edit::Content { .. } | Edit::Complete { .. } => {}
        }
    }

    fn call(&mut self, block: AccumulatedBlock, call: ToolUseBlock) {
        let ToolUseBlock { id, name, input, .. } = call;
        let known = self.store.find(&Key::Call(id.clone()));
        let parent_tool_use_id = block.parent_tool_use_id.as_deref().map(str::to_owned);
        match known {
            Some(number) => {
                self.store.set_block(number, block);
                self.store.change_tool(number, |call, _| {
                    call.parent_tool_use_id = parent_tool_use_id;
                    call.input = input.or(call.input.take());
                });
            }
            None => self.add_block(block, |_| {
                let call = Box::new(ToolCall { id, name, input, parent_tool_use_id, result: None });
                LogContent::ToolCall { call, state: ToolState::Running }
            }),
        }
    }

    /// Adds the entry of a block, unless the entry existed and was forgotten.
    fn add_block(&mut self, block: AccumulatedBlock, content: impl FnOnce(&AccumulatedBlock) -> LogContent) {
        if self.store.is_new(&block) {
            let content = content(&block);
            let call = match &content {
                LogContent::ToolCall { call, .. } => Some(Key::Call(call.id.clone())),
                _ => None,
            };
            let number = self.store.add(call, content);
            self.store.set_block(number, block);
        }
    }
}

fn text_of(block: &AccumulatedBlock, text: String) -> LogContent {
    let parent_tool_use_id = block.parent_tool_use_id.as_deref().map(str::to_owned);
    match block.kind {
        BlockKind::Thinking => LogContent::Thinking { text, parent_tool_use_id },
        _ => LogContent::Text { text, parent_tool_use_id },
    }
}
