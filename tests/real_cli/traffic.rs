//! The shape of what a version writes: every kind of line with the paths of its fields, to compare versions by.
//!
//! With `TRAFFIC=FILE` a run of every scenario writes them there, a line each: `result`, `result .usage.input_tokens`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use claude_duplex::{Action, Message, MessageKind};
use serde_json::Value;

/// Names the file.
pub(crate) const VARIABLE: &str = "TRAFFIC";

/// Fields whose keys are content, and no part of the protocol.
const CONTENT: [&str; 13] = [
    "input",
    "tool_input",
    "tool_use_result",
    "tool_response",
    "updatedInput",
    "modelUsage",
    "model_usage_since_last_result",
    "answers",
    "arguments",
    "inputSchema",
    "env",
    "schema",
    "permission_suggestions",
];
const DEPTH: usize = 5;
/// Stands before what no view names: a kind, a field, a value.
const UNNAMED: &str = "(unnamed)";

static SHAPES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

pub(crate) fn note(action: &Action) {
    let message = match action {
        Action::Message { message, .. } | Action::Declined { message, .. } | Action::Stray(message) => message,
        Action::Replied { reply: Ok(reply), .. } => reply.message(),
        Action::Asked(ask) => ask.message(),
        _ => return,
    };
    if std::env::var_os(VARIABLE).is_some() {
        note_message(message);
    }
}

fn note_message(message: &Message) {
    let Ok(line) = serde_json::from_str::<Value>(&message.line()) else { return };
    let mut name = line["type"].as_str().unwrap_or("(no type)").to_owned();
    // A reply's fields are its request's, which the line does not name.
    let depth = if name == "control_response" { 2 } else { DEPTH };
    for more in [&line["subtype"], &line["event"]["type"], &line["request"]["subtype"]] {
        if let Some(more) = more.as_str() {
            name = format!("{name}/{more}");
        }
    }
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    walk(&line, &name, depth, &mut shapes);
    if !is_control(message.kind()) {
        let unnamed = message.view().map_or_else(|error| vec![error.to_string()], |view| view.unnamed());
        shapes.extend(unnamed.iter().map(|what| format!("{name} {UNNAMED} {what}")));
    }
    shapes.insert(name);
}

/// What these hold is said by an ask and a reply.
fn is_control(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::ControlRequest | MessageKind::ControlResponse | MessageKind::ControlCancelRequest)
}

fn walk(value: &Value, path: &str, depth: usize, shapes: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if depth > 0 => {
            for (key, value) in fields {
                let dot = if path.contains(' ') { "." } else { " ." };
                let path = format!("{path}{dot}{key}");
                if !CONTENT.contains(&key.as_str()) {
                    walk(value, &path, depth - 1, shapes);
                }
                shapes.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, depth, shapes)),
        _ => {}
    }
}

/// Writes what was noted, where the variable names a file.
pub(crate) fn write() -> Result<(), String> {
    let Some(file) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    let lines: String = shapes.iter().map(|shape| format!("{shape}\n")).collect();
    let path = Path::new(&file);
    std::fs::write(path, lines).map_err(|error| format!("{}: {error}", path.display()))
}
