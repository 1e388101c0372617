//! What a person sees: the answer as it comes, tools as they run, questions.

use std::io::{Write, stderr, stdout};

use claude_duplex::{Content, Json, Message, MessageKind, Permission, StreamDelta};

/// The most that is shown of a tool's input or result.
const SHOWN: usize = 200;

/// The answer goes to stdout, and all else to stderr where only the answer is wanted.
pub(crate) struct Screen {
    interactive: bool,
    /// Text came in parts: the whole message after them says nothing new.
    streamed: bool,
    mid_line: bool,
    /// Nobody looks any more: the terminal is gone, or the program behind a pipe has ended.
    unseen: bool,
}

impl Screen {
    pub(crate) fn new(interactive: bool) -> Self {
        Self { interactive, streamed: false, mid_line: false, unseen: false }
    }

    /// Shows what a message adds to the answer.
    pub(crate) fn message(&mut self, message: &Message) {
        if message.is_subagent() {
            return;
        }
        match message.kind() {
            MessageKind::StreamEvent => {
                if let Some(StreamDelta::Text(text)) = message.delta() {
                    self.streamed = true;
                    self.text(&text);
                }
            }
            MessageKind::Assistant => {
                for block in message.content().into_iter().flatten() {
                    match block {
                        Content::Text(text) if !self.streamed => self.text(&text.text),
                        Content::ToolUse(call) => {
                            let input = call.input.as_ref().map_or("", Json::as_str);
                            self.note(&format!("[{} {}]", call.name, cut(input)));
                        }
                        _ => {}
                    }
                }
                self.streamed = false;
            }
            MessageKind::User => {
                for block in message.content().into_iter().flatten() {
                    if let Content::ToolResult(result) = block {
                        self.note(&format!(
                            "[{} {}]",
                            if result.is_error { "failed:" } else { "->" },
                            cut(&result.text())
                        ));
                    }
                }
            }
            _ => {}
        }
    }

    /// Asks whether a tool may run.
    pub(crate) fn ask(&mut self, permission: &Permission) {
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
