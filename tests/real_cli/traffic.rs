//! The shape of what a version writes: every kind of line with the paths of its fields, to compare versions by.
//!
//! With `TRAFFIC=FILE` a run adds them there, a line each: `result`, `result .usage.input_tokens`. What the library has no name for
//! is written with `(unnamed)`; `FILE.unnamed` then has an example of each, with the trial that met it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use claude_duplex::message::Fields;
use claude_duplex::{Action, DecodeError, IncomingKind, IncomingRequest, Message, MessageKind, Response};
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
/// Depth of the fields that are written of a message. Replies are written whole.
const DEPTH: usize = 5;
/// Stands before what no view names: a kind, a field, a value.
const UNNAMED: &str = "(unnamed)";
/// Characters of an example.
const EXAMPLE: usize = 80;

static NOTED: Mutex<Noted> = Mutex::new(Noted { shapes: BTreeSet::new(), examples: BTreeMap::new() });

/// What was noted so far.
struct Noted {
    /// Kinds, and their fields.
    shapes: BTreeSet<String>,
    /// By kind and name: the trial, and an example of the value.
    examples: BTreeMap<(String, String), (&'static str, String)>,
}

/// Takes note of an action of a trial's session.
pub(crate) fn note(trial: &'static str, action: &Action) {
    match action {
        Action::Message { message, .. }
        | Action::IncomingDeclined { message, .. }
        | Action::UnmatchedResponse(message) => {
            self::message(trial, message);
        }
        Action::IncomingRequest(incoming) => {
            let Some((name, line)) = shape(incoming.message(), None, DEPTH) else { return };
            unknown_names(trial, &name, names_in(incoming), &line["request"]);
        }
        _ => {}
    }
}

/// Takes note of a message. Incoming requests and replies have views elsewhere.
pub(crate) fn message(trial: &'static str, message: &Message) {
    // A reply is noted with its request.
    if message.kind() == MessageKind::ControlResponse {
        return;
    }
    let Some((name, line)) = shape(message, None, DEPTH) else { return };
    if !name.starts_with("control_") {
        unknown_names(trial, &name, message.view().map(|view| view.unknown_names()), &line);
    }
}

/// Takes note of a flag of the CLI, with its argument.
pub(crate) fn flag(flag: &str) {
    NOTED.lock().unwrap_or_else(PoisonError::into_inner).shapes.insert(format!("--help {flag}"));
}

/// Takes note of the reply to a request, and of what the type of the reply does not name.
pub(crate) fn reply(trial: &'static str, request: &str, reply: &Response, names: Result<Vec<String>, DecodeError>) {
    let Some((name, line)) = shape(reply.message(), Some(request), usize::MAX) else { return };
    unknown_names(trial, &name, names, &line["response"]["response"]);
}

/// Takes note of a line's kind and fields, and returns both; `None` if nobody wants to know.
fn shape(message: &Message, request: Option<&str>, depth: usize) -> Option<(String, Value)> {
    std::env::var_os(VARIABLE)?;
    let line = serde_json::from_str::<Value>(&message.line()).ok()?;
    let mut name = line["type"].as_str().unwrap_or("(no type)").to_owned();
    let more = [&line["subtype"], &line["event"]["type"], &line["request"]["subtype"]].map(Value::as_str);
    for more in more.into_iter().chain([request]).flatten() {
        name = format!("{name}/{more}");
    }
    let shapes = &mut NOTED.lock().unwrap_or_else(PoisonError::into_inner).shapes;
    walk(&line, &name, depth, shapes);
    shapes.insert(name.clone());
    Some((name, line))
}

fn unknown_names(trial: &'static str, kind: &str, names: Result<Vec<String>, DecodeError>, line: &Value) {
    let names = names.unwrap_or_else(|error| vec![error.to_string()]);
    let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    for name in names {
        noted.shapes.insert(format!("{kind} {UNNAMED} {name}"));
        noted.examples.entry((kind.to_owned(), name.clone())).or_insert_with(|| (trial, example(line, &name)));
    }
}

/// Names the fields of an incoming request that its view has no name for.
fn names_in(incoming: &IncomingRequest) -> Result<Vec<String>, DecodeError> {
    let names = |fields: &Fields| fields.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    Ok(match incoming.kind() {
        IncomingKind::Permission => names(&incoming.permission()?.unknown_fields),
        IncomingKind::Hook => {
            let hook = incoming.hook()?;
            let of_event =
                hook.input.details()?.unknown_fields().iter().map(|(name, _)| format!("input.{name}")).collect();
            [names(&hook.unknown_fields), of_event].concat()
        }
        IncomingKind::Mcp => names(&incoming.mcp()?.unknown_fields),
        IncomingKind::Elicitation => names(&incoming.elicitation()?.unknown_fields),
        IncomingKind::Dialog => names(&incoming.dialog()?.unknown_fields),
        _ => vec!["subtype".to_owned()],
    })
}

/// Returns the start of the first value at a path as views write them: `models[].supportsNew`, with `*` for the keys of a map.
fn example(line: &Value, path: &str) -> String {
    let found = if path.is_empty() { Some(line) } else { at(line, &path.split('.').collect::<Vec<_>>()) };
    let text = found.map(Value::to_string).unwrap_or_default();
    match text.char_indices().nth(EXAMPLE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    if let Value::Array(items) = value {
        return items.iter().find_map(|item| at(item, path));
    }
    let Some((step, path)) = path.split_first() else { return Some(value) };
    match step.trim_end_matches("[]") {
        "*" => value.as_object()?.values().find_map(|value| at(value, path)),
        name => at(value.get(name)?, path),
    }
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

/// Adds what was noted to the file that the variable names.
pub(crate) fn write() -> Result<(), String> {
    let Some(file) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(()) };
    let noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    add(&file, noted.shapes.iter().cloned())?;
    let examples =
        noted.examples.iter().map(|((kind, name), (trial, example))| format!("{kind}\t{name}\t{trial}\t{example}"));
    let mut named = file.into_os_string();
    named.push(".unnamed");
    add(Path::new(&named), examples)
}

fn add(file: &Path, lines: impl Iterator<Item = String>) -> Result<(), String> {
    let old = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| format!("{}: {error}", file.display()))?,
    };
    let all: BTreeSet<String> = old.lines().map(str::to_owned).chain(lines).collect();
    let text: String = all.iter().map(|line| format!("{line}\n")).collect();
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
