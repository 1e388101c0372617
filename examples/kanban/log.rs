//! The log of a card as its viewers see it: entries that are added, replaced and removed.

use std::collections::HashMap;

use claude_duplex::message::{AccumulatedBlock, Accumulator, BlockKind, Edit};
use claude_duplex::{Action, IncomingId, Json, Outcome, PromptId, ResponseKind};

/// Change of the log. An entry keeps its number, and no other entry gets it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Add(usize, Entry),
    Replace(usize, Entry),
    Remove(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// Words of the user, of the agent or of the CLI; the input of a tool, as JSON.
    pub(crate) text: String,
    pub(crate) state: State,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Prompt,
    Answer,
    Thinking,
    /// A call of the tool with that name.
    Tool(String),
    /// Output of the CLI that is not part of the protocol, and the end of the session.
    Note,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// Words that are complete as they are, a prompt that waits, or a tool that runs.
    Plain,
    Running,
    /// A tool that waits for the user, who decides by that id.
    AwaitsApproval(String),
    Refused,
    Succeeded(String),
    Failed(String),
    /// Outcome of a prompt, and the total cost of the process so far in US dollars.
    Ended(Outcome, Option<f64>),
}

/// What an entry is known by.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Prompt(PromptId),
    Block(AccumulatedBlock),
    Call(String),
    Request(IncomingId),
    Note(usize),
}

/// Entries of one session, kept up to date by its actions.
#[derive(Default)]
pub(crate) struct Log {
    accumulator: Accumulator,
    entries: Vec<Entry>,
    known: HashMap<Key, usize>,
}

impl Log {
    /// Adds a prompt that was given to the session.
    pub(crate) fn prompt(&mut self, id: PromptId, text: String) -> Vec<Change> {
        self.change(Key::Prompt(id), Kind::Prompt, |entry| entry.text = text)
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) -> Vec<Change> {
        self.change(Key::Note(self.entries.len()), Kind::Note, |entry| entry.text = text.into())
    }

    /// Takes an action of the session, and returns what it changes.
    pub(crate) fn add(&mut self, action: &Action) -> Vec<Change> {
        match action {
            Action::Message { message, .. } => {
                self.accumulator.add(message).into_iter().flat_map(|edit| self.edit(edit)).collect()
            }
            Action::PromptTaken { prompt, .. } => self.settle(&Key::Prompt(*prompt), State::Running),
            Action::PromptEnded { prompt, outcome, result, .. } => {
                let cost = result.as_ref().and_then(|result| result.result().ok()?.total_cost_usd);
                self.settle(&Key::Prompt(*prompt), State::Ended(*outcome, cost))
            }
            Action::IncomingRequest(request) => {
                let Ok(tool) = request.permission() else { return Vec::new() };
                let call = Key::Call(tool.tool_use_id.unwrap_or_else(|| request.request_id()));
                let changes = self.change(call.clone(), Kind::Tool(tool.tool_name), |entry| {
                    entry.text = tool.input.as_str().to_owned();
                    entry.state = State::AwaitsApproval(request.request_id());
                });
                self.known.insert(Key::Request(request.id()), self.known[&call]);
                changes
            }
            Action::IncomingAnswered { id, response: ResponseKind::Allowed, .. } => {
                self.settle(&Key::Request(*id), State::Running)
            }
            Action::IncomingAnswered { id, .. } | Action::IncomingCancelled { id, .. } => {
                self.settle(&Key::Request(*id), State::Refused)
            }
            Action::StderrLine(line) => self.note(&*line.text),
            Action::RejectedLine(line) => self.note(String::from_utf8_lossy(&line.head)),
            Action::Closed(closed) => self.note(closed.to_string()),
            _ => Vec::new(),
        }
    }

    fn edit(&mut self, edit: Edit) -> Vec<Change> {
        let block = Key::Block(edit.block().clone());
        let kind = match edit.block().kind {
            BlockKind::Thinking => Kind::Thinking,
            // A call is shown when its name is known, and its input when that is complete.
            BlockKind::ToolCall if matches!(edit, Edit::Append { .. } | Edit::Replace { .. }) => return Vec::new(),
            _ => Kind::Answer,
        };
        match edit {
            Edit::Append { text, .. } => self.change(block, kind, |entry| entry.text.push_str(&text)),
            Edit::Replace { text, .. } => self.change(block, kind, |entry| entry.text = text),
            Edit::ToolCall { call, .. } => {
                let (id, input) = (Key::Call(call.id), call.input.as_ref().map(Json::as_str).unwrap_or_default());
                let changes = self.change(id.clone(), Kind::Tool(call.name), |entry| entry.text = input.to_owned());
                self.known.insert(block, self.known[&id]);
                changes
            }
            Edit::ToolResult { result, .. } => {
                let text = result.text().into_owned();
                self.settle(&block, if result.is_error { State::Failed(text) } else { State::Succeeded(text) })
            }
            Edit::Remove { .. } => {
                let removed = |key: &Key| matches!(key, Key::Block(block) if edit.removes(block));
                let gone: Vec<usize> = self.known.iter().filter(|(key, _)| removed(key)).map(|(_, at)| *at).collect();
                self.known.retain(|_, at| !gone.contains(at));
                gone.into_iter().map(Change::Remove).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Sets the state of an entry. A tool that was refused stays so: its result only says so again.
    fn settle(&mut self, key: &Key, state: State) -> Vec<Change> {
        let Some(&at) = self.known.get(key) else { return Vec::new() };
        if self.entries[at].state != State::Refused {
            self.entries[at].state = state;
        }
        vec![Change::Replace(at, self.entries[at].clone())]
    }

    /// Changes an entry, which is added if it is new.
    fn change(&mut self, key: Key, kind: Kind, edit: impl FnOnce(&mut Entry)) -> Vec<Change> {
        let new = self.entries.len();
        let at = *self.known.entry(key).or_insert(new);
        if at == new {
            self.entries.push(Entry { kind, text: String::new(), state: State::Plain });
        }
        edit(&mut self.entries[at]);
        let entry = self.entries[at].clone();
        vec![if at == new { Change::Add(at, entry) } else { Change::Replace(at, entry) }]
    }
}
