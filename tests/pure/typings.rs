//! What the typings of an official SDK declare and no view names, for `.ci/compare-typings`.
//!
//! `TYPINGS=FILE` names samples as `.ci/typings/typescript.mjs` writes them: a kind, a name, and a line of the CLI. What has no name
//! is printed as `not named`, kind, name and path, with tabs between; an empty path is the message, request or event itself.

use std::collections::BTreeSet;

use claude_duplex::incoming::hook::HookEvent;
use claude_duplex::{Action, Config, IncomingKind, IncomingKinds, Json, Message, Protocol, Request, Seed, SessionTime};
use serde_json::{Value, json};

use crate::requests::unknown_names;

/// A sample of what a type declares.
struct Sample {
    kind: String,
    name: String,
    line: Value,
}

impl Sample {
    fn of(kind: &str, name: &str, line: Value) -> Self {
        Self { kind: kind.to_owned(), name: name.to_owned(), line }
    }

    fn read(line: &str) -> Self {
        let sample: Value = serde_json::from_str(line).expect("a sample is JSON");
        let text = |key: &str| sample[key].as_str().unwrap_or_else(|| panic!("no {key} in {line}")).to_owned();
        Self { kind: text("kind"), name: text("name"), line: sample["line"].clone() }
    }

    /// Returns the paths that have no name.
    fn unknown_names(&self) -> Result<Vec<String>, String> {
        match self.kind.as_str() {
            "message" => self.message(),
            "reply" => self.reply(),
            _ => self.incoming(),
        }
    }

    fn message(&self) -> Result<Vec<String>, String> {
        let line = self.line.to_string();
        let message = Message::parse(line.as_bytes()).map_err(|rejected| rejected.to_string())?;
        let view = message.view().map_err(|error| error.to_string())?;
        let is_kind = |name: &String| name.starts_with("type is ") || name.starts_with("subtype is ");
        Ok(view.unknown_names().into_iter().map(|name| if is_kind(&name) { String::new() } else { name }).collect())
    }

    fn reply(&self) -> Result<Vec<String>, String> {
        let mut protocol = Protocol::new(Config::new(Seed::from_bytes([3; 16])), SessionTime::ZERO);
        protocol
            .request(SessionTime::ZERO, Request::new(&self.name).id("id"))
            .map_err(|refused| refused.to_string())?;
        let response = json!({ "subtype": "success", "request_id": "id", "response": self.line });
        let reply =
            first_of(protocol, &json!({ "type": "control_response", "response": response }), |action| match action {
                Action::ResponseReceived { response: reply, .. } => reply.ok(),
                _ => None,
            });
        match unknown_names(&self.name, &reply.ok_or("there is no reply")?) {
            Some(names) => names.map_err(|error| error.to_string()),
            None => Ok(vec![String::new()]),
        }
    }

    fn incoming(&self) -> Result<Vec<String>, String> {
        let mut config = Config::new(Seed::from_bytes([3; 16]));
        config.handled = IncomingKinds::ALL;
        let mut protocol = Protocol::new(config, SessionTime::ZERO);
        // A dialog comes only if its kind was declared.
        let dialogs = Json::from(&json!([self.line["request"]["dialog_kind"]]));
        let initialize = Request::initialize().field("supportedDialogKinds", dialogs);
        protocol.request(SessionTime::ZERO, initialize).map_err(|refused| refused.to_string())?;
        let incoming_request = first_of(protocol, &self.line, |action| match action {
            Action::IncomingRequest(incoming_request) => Some(incoming_request),
            _ => None,
        });
        let Some(incoming_request) = incoming_request else {
            let is_known = IncomingKind::KNOWN.iter().any(|kind| kind.to_string() == self.name);
            return if is_known { Err("nobody is asked".to_owned()) } else { Ok(vec![String::new()]) };
        };
        let rest = match incoming_request.kind() {
            IncomingKind::Permission => incoming_request.permission().map(|permission| permission.unknown_fields),
            IncomingKind::Mcp => incoming_request.mcp().map(|message| message.unknown_fields),
            IncomingKind::Elicitation => incoming_request.elicitation().map(|elicitation| elicitation.unknown_fields),
            IncomingKind::Dialog => incoming_request.dialog().map(|dialog| dialog.unknown_fields),
            IncomingKind::Hook => match incoming_request.hook() {
                Ok(hook) if matches!(hook.input.event, HookEvent::Other(_)) => return Ok(vec![String::new()]),
                hook => hook.and_then(|hook| hook.input.details()).map(|details| details.unknown_fields().clone()),
            },
            _ => return Ok(vec![String::new()]),
        };
        let rest = rest.map_err(|error| error.to_string())?;
        Ok(rest.iter().map(|(name, _)| name.to_owned()).collect())
    }
}

/// Gives a session one line, and returns what `pick` wants of its actions.
fn first_of<T>(mut protocol: Protocol, line: &Value, pick: impl Fn(Action) -> Option<T>) -> Option<T> {
    protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
    std::iter::from_fn(|| protocol.poll_action()).find_map(pick)
}

#[test]
#[ignore = "TYPINGS names a file of samples: `.ci/compare-typings`"]
fn declarations_without_a_name_are_reported() {
    let file = std::env::var_os("TYPINGS").expect("TYPINGS names a file");
    let mut first_of = BTreeSet::new();
    for line in std::fs::read_to_string(&file).expect("a readable file").lines() {
        let sample = Sample::read(line);
        let (kind, name) = (&sample.kind, &sample.name);
        match sample.unknown_names() {
            Ok(paths) => first_of.extend(paths.iter().map(|path| format!("not named\t{kind}\t{name}\t{path}"))),
            Err(error) => drop(first_of.insert(format!("not read\t{kind}\t{name}\t{error}"))),
        }
    }
    first_of.iter().for_each(|line| println!("{line}"));
}

/// Without this the test above would pass with samples that nobody looks at.
#[test]
fn new_names_of_every_kind_are_reported() {
    let input = |event: &str| json!({ "hook_event_name": event, "tool_name": "t", "tool_input": {}, "new": 1 });
    let hook = |event: &str| {
        let request = json!({ "subtype": "hook_callback", "callback_id": "c", "input": input(event) });
        json!({ "type": "control_request", "request_id": "id", "request": request })
    };
    let permission = json!({ "subtype": "can_use_tool", "tool_name": "t", "input": {}, "new": 1 });
    let samples = [
        (Sample::of("message", "system/status", json!({ "type": "system", "subtype": "status", "new": 1 })), "new"),
        (Sample::of("message", "system/new", json!({ "type": "system", "subtype": "new", "new": 1 })), ""),
        (Sample::of("reply", "get_session_cost", json!({ "text": "t", "new": 1 })), "new"),
        (Sample::of("reply", "no_such_request", json!({})), ""),
        (Sample::of("hook", "PreToolUse", hook("PreToolUse")), "new"),
        (Sample::of("hook", "New", hook("New")), ""),
        (
            Sample::of(
                "incoming",
                "can_use_tool",
                json!({ "type": "control_request", "request_id": "id", "request": permission }),
            ),
            "new",
        ),
        (
            Sample::of(
                "incoming",
                "new",
                json!({ "type": "control_request", "request_id": "id", "request": { "subtype": "new" } }),
            ),
            "",
        ),
    ];
    for (sample, path) in samples {
        assert_eq!(
            sample.unknown_names().as_deref(),
            Ok([path.to_owned()].as_slice()),
            "{} {}",
            sample.kind,
            sample.name
        );
    }
}
