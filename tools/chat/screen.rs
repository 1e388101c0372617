//! What a person sees: the answer as it comes, tools as they run, questions.

use std::io::{IsTerminal, Write, stderr, stdout};

use claude_duplex::message::{Accumulator, BlockId, Edit};
use claude_duplex::{Message, PermissionRequest};

/// The most that is shown of a tool's input or result.
const SHOWN: usize = 200;

/// The answer goes to stdout, and all else to stderr where only the answer is wanted.
pub(crate) struct Screen {
    interactive: bool,
    /// The answer is shown as it comes. Otherwise each of its texts is shown once it is complete: what a program reads from a
    /// pipe cannot be taken back.
    live: bool,
    accumulator: Accumulator,
    /// Texts that are not complete and not shown yet.
    held: Vec<(BlockId, String)>,
    mid_line: bool,
    /// Nobody looks any more: the terminal is gone, or the program behind a pipe has ended.
    unseen: bool,
}

impl Screen {
    pub(crate) fn new(interactive: bool) -> Self {
        let live = interactive || stdout().is_terminal();
        Self { interactive, live, accumulator: Accumulator::new(), held: Vec::new(), mid_line: false, unseen: false }
    }

    /// Shows what a message adds to the answer, and what it takes back.
    pub(crate) fn message(&mut self, message: &Message) {
        for edit in self.accumulator.add(message) {
            if edit.block().parent_tool_use_id.is_none() {
                self.edit(edit);
            }
        }
    }

    fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::ToolCall { call, .. } => {
                if let Some(input) = &call.input {
                    self.note(&format!("[{} {}]", call.name, cut(input.as_str())));
                }
            }
            Edit::ToolResult { result, .. } => {
                let how = if result.is_error { "failed:" } else { "->" };
                self.note(&format!("[{how} {}]", cut(&result.text())));
            }
            Edit::Append { block, text, .. } if block.is_answer() => {
                if self.live {
                    self.text(&text);
                } else if let Some((_, held)) = self.held.iter_mut().find(|(id, _)| *id == block.id) {
                    held.push_str(&text);
                } else {
                    self.held.push((block.id, text));
                }
            }
            Edit::Replace { block, text, .. } if block.is_answer() => {
                if self.live {
                    self.note("(the answer broke off; once more, from the start)");
                    self.text(&text);
                } else {
                    self.held.retain(|(id, _)| *id != block.id);
                    self.held.push((block.id, text));
                }
            }
            Edit::Remove { from_block, to, .. } => {
                if self.live && from_block.is_answer() {
                    self.note("(the answer broke off; that part is withdrawn)");
                }
                self.held.retain(|(id, _)| *id < from_block.id || *id > to);
            }
            Edit::Complete { block, .. } => {
                if let Some(at) = self.held.iter().position(|(id, _)| *id == block.id) {
                    let (_, text) = self.held.remove(at);
                    self.text(&text);
                }
            }
            _ => {}
        }
    }

    /// Shows what is left of an answer that was interrupted.
    pub(crate) fn end_answer(&mut self) {
        for (_, text) in std::mem::take(&mut self.held) {
            self.text(&text);
        }
        self.end_line();
    }

    /// Asks whether a tool may run.
    pub(crate) fn show_permission(&mut self, permission: &PermissionRequest) {
        let always = if permission.suggestions().is_empty() { "" } else { " / always" };
        let what = format!("{} {}", permission.tool_name, cut(permission.input.as_str()));
        self.note(&format!("may it run {what}? (y / n{always})"));
        self.prompt("? ");
    }

    /// A line that is not part of the answer.
    pub(crate) fn note(&mut self, line: &str) {
        self.end_line();
        if self.interactive {
            self.show(&format!("{line}\n"));
        } else {
            // The answer may be read all the same.
            let _ = writeln!(stderr(), "{line}");
        }
    }

    pub(crate) fn ready(&mut self) {
        self.end_line();
        self.prompt("> ");
    }

    /// A line was typed, and so ended the one with the sign.
    pub(crate) fn typed(&mut self) {
        self.mid_line = false;
    }

    pub(crate) fn end_line(&mut self) {
        if std::mem::take(&mut self.mid_line) {
            self.show("\n");
        }
    }

    pub(crate) fn is_unseen(&self) -> bool {
        self.unseen
    }

    fn prompt(&mut self, sign: &str) {
        if self.interactive {
            self.show(sign);
            self.mid_line = true;
        }
    }

    fn text(&mut self, text: &str) {
        self.show(text);
        self.mid_line = !text.is_empty() && !text.ends_with('\n');
    }

    fn show(&mut self, text: &str) {
        self.unseen |= stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()).is_err();
    }
}

/// The start of a text, on one line.
fn cut(text: &str) -> String {
    let line: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() < text.len() { line + "..." } else { line }
}
