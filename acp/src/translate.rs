//! Messages of the CLI as updates of the client.

mod calls;
mod plan;
mod texts;
mod usage;

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    AvailableCommand, AvailableCommandInput, AvailableCommandsUpdate, ContentBlock, ContentChunk, MessageId, Meta,
    SessionInfoUpdate, SessionUpdate, StopReason, TextContent, ToolCall, ToolCallStatus, ToolCallUpdate,
    ToolCallUpdateFields, UnstructuredCommandInput,
};
use claude_duplex::message::content::ToolResultBlock;
use claude_duplex::message::{AccumulatedBlock, Accumulator, BlockKind, Edit, System};
use claude_duplex::request::response::SlashCommand;
use claude_duplex::{Json, Message, MessageKind, Seed, TurnOrigin};
use serde_json::json;

use self::calls::Calls;
use self::plan::Tasks;
use self::texts::Texts;
use self::usage::ContextUsage;
use crate::tool;

/// Translator of messages into updates, with the state of the view that the client has.
#[derive(Debug)]
pub(crate) struct Translator {
    accumulator: Accumulator,
    texts: Texts,
    calls: Calls,
    tasks: Tasks,
    usage: ContextUsage,
    /// Number of the CLI, counted from a random start. It makes ids unique, because each CLI numbers its blocks from 1.
    run: u64,
    /// Number of ids that were made for texts without an id.
    notes: u64,
    /// `true` if text or a call was shown in this turn.
    has_output: bool,
}

/// Origin of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageOrigin {
    /// In a turn for a prompt of the client, or between turns.
    Foreground,
    /// In a turn that the CLI began by itself.
    Background,
    /// In the history of a session that is loaded.
    History,
}

impl MessageOrigin {
    /// Returns the origin of the messages of a turn.
    pub(crate) fn from_turn(origin: &TurnOrigin) -> Self {
        if let TurnOrigin::Own(_) = origin { Self::Background } else { Self::Foreground }
    }
}

impl Translator {
    /// Creates a translator for a client that was shown nothing.
    pub(crate) fn new() -> Self {
        let [first, second, third, fourth, ..] = *Seed::random().as_bytes();
        Self {
            accumulator: Accumulator::new(),
            texts: Texts::default(),
            calls: Calls::default(),
            tasks: Tasks::default(),
            usage: ContextUsage::default(),
            run: u32::from_be_bytes([first, second, third, fourth]).into(),
            notes: 0,
            has_output: false,
        }
    }

    /// Returns the updates for a message.
    pub(crate) fn message(&mut self, message: &Message, origin: MessageOrigin) -> Vec<SessionUpdate> {
        let mut updates = Vec::new();
        if origin == MessageOrigin::History && message.kind() == MessageKind::User {
            let id = message.uuid().map_or_else(|| self.new_id(), |id| MessageId::new(&*id));
            updates.extend(prompt_chunks(message, &id));
        }
        for edit in self.accumulator.add(message) {
            self.edit(edit, origin, &mut updates);
        }
        match message.kind() {
            MessageKind::Assistant => self.usage.assistant(message),
            MessageKind::Result => updates.extend(self.usage.result(message)),
            MessageKind::System => updates.extend(system(message)),
            _ => {}
        }
        updates
    }

    /// Returns the update for a call that waits for a permission, unless the call was shown before.
    pub(crate) fn announce(&mut self, id: &str, name: &str, input: &Json) -> Option<SessionUpdate> {
        if plan::is_plan(name) || self.calls.is_announced(id) {
            return None;
        }
        self.calls.begin(id, name, Some(input));
        Some(SessionUpdate::ToolCall(announced(id, name, Some(input)).meta(meta(
            name,
            None,
            MessageOrigin::Foreground,
        ))))
    }

    /// Forgets the incomplete blocks of a CLI that has ended.
    pub(crate) fn restart(&mut self) {
        (self.accumulator, self.texts) = (Accumulator::new(), Texts::default());
        self.run += 1;
    }

    /// Begins a turn.
    pub(crate) fn begin(&mut self) {
        self.has_output = false;
    }

    /// Returns `true` if text or a call was shown in this turn, or in the last turn if none runs.
    pub(crate) fn has_output(&self) -> bool {
        self.has_output
    }

    /// Returns an update with a text that is not from a message.
    pub(crate) fn note(&mut self, text: String) -> SessionUpdate {
        let chunk = ContentChunk::new(ContentBlock::Text(TextContent::new(text)));
        SessionUpdate::AgentMessageChunk(chunk.message_id(self.new_id()))
    }

    /// Returns an id for a message of the client that has none.
    fn new_id(&mut self) -> MessageId {
        self.notes += 1;
        MessageId::new(format!("{:x}.note.{}", self.run, self.notes))
    }

    fn edit(&mut self, edit: Edit, origin: MessageOrigin, updates: &mut Vec<SessionUpdate>) {
        match edit {
            Edit::Append { block, text, .. } if is_shown(&block) => {
                self.texts.append(block.id, &text);
                updates.push(self.chunk(&block, text, origin));
            }
            Edit::Replace { block, text, .. } if is_shown(&block) => {
                let text = self.texts.replace(block.id, text);
                updates.extend(text.map(|text| self.chunk(&block, text, origin)));
            }
            Edit::Remove { from_block, to, .. } => self.texts.remove(from_block.id, to),
            Edit::Complete { block, .. } => self.texts.complete(block.id),
            Edit::ToolCall { block, call, .. } => {
                self.has_output = true;
                let parent = block.parent_tool_use_id.as_deref();
                let update = self.tool_call(&call.id, &call.name, call.input.as_ref(), parent, origin);
                updates.extend(update);
            }
            Edit::ToolResult { result, .. } => updates.extend(self.tool_result(&result, origin)),
            _ => {}
        }
    }

    fn chunk(&mut self, block: &AccumulatedBlock, text: String, origin: MessageOrigin) -> SessionUpdate {
        self.has_output = true;
        let chunk = ContentChunk::new(ContentBlock::Text(TextContent::new(text))).message_id(MessageId::new(format!(
            "{:x}.{}",
            self.run,
            block.id.get()
        )));
        let chunk = match origin {
            MessageOrigin::Background => chunk.meta(background(Meta::new())),
            _ => chunk,
        };
        match block.kind {
            BlockKind::Thinking => SessionUpdate::AgentThoughtChunk(chunk),
            _ => SessionUpdate::AgentMessageChunk(chunk),
        }
    }

    fn tool_call(
        &mut self,
        id: &str,
        name: &str,
        input: Option<&Json>,
        parent: Option<&str>,
        origin: MessageOrigin,
    ) -> Option<SessionUpdate> {
        let again = self.calls.is_announced(id);
        self.calls.begin(id, name, input);
        if plan::is_plan(name) {
            return self.tasks.called(name, input?).map(SessionUpdate::Plan);
        }
        let meta = meta(name, parent, origin);
        if !again {
            return Some(SessionUpdate::ToolCall(announced(id, name, input).meta(meta)));
        }
        let input = input?;
        let fields = tool::describe(name, Some(input)).fields(input);
        Some(SessionUpdate::ToolCallUpdate(ToolCallUpdate::new(id.to_owned(), fields).meta(meta)))
    }

    fn tool_result(&mut self, result: &ToolResultBlock, origin: MessageOrigin) -> Option<SessionUpdate> {
        let call = self.calls.end(&result.tool_use_id)?;
        let name = &*call.name;
        if plan::is_plan(name) {
            let plan = call.input.as_ref().filter(|_| !result.is_error);
            return plan.and_then(|input| self.tasks.succeeded(name, input, &result.text())).map(SessionUpdate::Plan);
        }
        let status = if result.is_error { ToolCallStatus::Failed } else { ToolCallStatus::Completed };
        let mut fields = ToolCallUpdateFields::new().status(status);
        if result.is_error || !call.keeps_content {
            fields = fields.content(tool::result(name, result));
        }
        let update = ToolCallUpdate::new(result.tool_use_id.clone(), fields).meta(meta(name, None, origin));
        Some(SessionUpdate::ToolCallUpdate(update))
    }
}

/// Returns `true` if the text of a block is shown. Inputs of tools and texts of subagents are not shown.
fn is_shown(block: &AccumulatedBlock) -> bool {
    block.parent_tool_use_id.is_none() && matches!(block.kind, BlockKind::Text | BlockKind::Thinking)
}

fn announced(id: &str, name: &str, input: Option<&Json>) -> ToolCall {
    let call = tool::describe(name, input);
    ToolCall::new(id.to_owned(), call.title)
        .name(name.to_owned())
        .kind(call.kind)
        .status(ToolCallStatus::Pending)
        .content(call.content)
        .locations(call.locations)
        .raw_input(input.and_then(tool::raw))
}

/// Returns the `_meta` fields that other agents for Claude send, too. Clients read them.
fn meta(tool: &str, parent: Option<&str>, origin: MessageOrigin) -> Meta {
    let mut fields = json!({ "toolName": tool });
    if let Some(parent) = parent {
        fields["parentToolUseId"] = parent.into();
    }
    let meta = Meta::from_iter([("claudeCode".to_owned(), fields)]);
    if origin == MessageOrigin::Background { background(meta) } else { meta }
}

/// Marks an update as part of a turn that has no prompt.
fn background(mut meta: Meta) -> Meta {
    meta.insert("claudeDuplex".to_owned(), json!({ "turn": "background" }));
    meta
}

/// Returns the chunks of a prompt in a history.
fn prompt_chunks(message: &Message, id: &MessageId) -> Vec<SessionUpdate> {
    let Ok(user) = message.user() else { return Vec::new() };
    let texts = user.message.content.into_iter().filter_map(|block| match block {
        claude_duplex::message::ContentBlock::Text(text) => Some(text.text),
        _ => None,
    });
    let chunk = |text| {
        let chunk = ContentChunk::new(ContentBlock::Text(TextContent::new(text)));
        SessionUpdate::UserMessageChunk(chunk.message_id(id.clone()))
    };
    texts.map(chunk).collect()
}

fn system(message: &Message) -> Option<SessionUpdate> {
    match message.system().ok()? {
        System::CommandsChanged(changed) => Some(commands(changed.commands)),
        System::SessionTitleChanged(changed) => {
            Some(SessionUpdate::SessionInfoUpdate(SessionInfoUpdate::new().title(changed.title)))
        }
        _ => None,
    }
}

/// Returns the update for the end of a prompt that another client has sent. The reason is in `_meta`, because the protocol has
/// no field for it.
pub(crate) fn turn_ended(stop: Result<StopReason, Error>) -> SessionUpdate {
    let fields = match stop {
        Ok(reason) => json!({ "turn": "ended", "stopReason": reason }),
        Err(error) => json!({ "turn": "ended", "error": error.message }),
    };
    let meta = Meta::from_iter([("claudeDuplex".to_owned(), fields)]);
    SessionUpdate::SessionInfoUpdate(SessionInfoUpdate::new().meta(meta))
}

/// Returns the update with the commands that a prompt can begin with.
pub(crate) fn commands(commands: Vec<SlashCommand>) -> SessionUpdate {
    let commands = commands.into_iter().map(|command| {
        let hint = command.argument_hint.filter(|hint| !hint.is_empty());
        let input = hint.map(|hint| AvailableCommandInput::Unstructured(UnstructuredCommandInput::new(hint)));
        AvailableCommand::new(command.name, command.description.unwrap_or_default()).input(input)
    });
    SessionUpdate::AvailableCommandsUpdate(AvailableCommandsUpdate::new(commands.collect()))
}
