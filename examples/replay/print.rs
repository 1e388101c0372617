//! One line for each thing that happened: JSON for programs, aligned text for people.

use std::borrow::Cow;

use claude_duplex::{
    Action, ChildCommand, CloseReason, DeclinedReason, Exit, IncomingKind, Message, Outcome, SessionTime, WaitReason,
};
use serde_json::{Map, Value, json};

use crate::play::{Event, Played};

/// What happened, as the name of the action and its fields in order.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) fields: Map<String, Value>,
}

impl Played {
    /// Everything that happened; host lines that could not be played are `Err`.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (SessionTime, Result<Entry, &str>)> {
        self.events.iter().map(|(time, event)| {
            let entry = match event {
                Event::Action(action) => Ok(self.entry(action)),
                Event::Child(ChildCommand::CloseStdin) => Ok(entry("close_stdin", json!({}))),
                Event::Child(ChildCommand::Terminate) => Ok(entry("terminate", json!({}))),
                Event::Child(ChildCommand::Kill) => Ok(entry("kill", json!({}))),
                Event::Skipped(reason) => Err(reason.as_str()),
            };
            (*time, entry)
        })
    }

    fn entry(&self, action: &Action) -> Entry {
        match action {
            Action::Session(session) => {
                entry("session", json!({ "session_id": *session.id, "version": session.version.as_deref() }))
            }
            Action::TurnStarted { turn, origin } => {
                entry("turn_started", json!({ "turn": turn.number(), "origin": origin.to_string() }))
            }
            Action::PromptTaken { prompt, turn } => {
                entry("prompt_taken", json!({ "prompt": prompt.uuid(), "turn": turn.number() }))
            }
            Action::Message { turn, message } => entry(
                "message",
                json!({ "type": message.type_name(), "subtype": message.subtype(), "turn": turn.map(|turn| turn.number()) }),
            ),
            Action::TurnEnded { turn, origin, result } => entry(
                "turn_ended",
                json!({ "turn": turn.number(), "result": uuid(result.as_ref()), "origin": origin.to_string() }),
            ),
            Action::PromptEnded { prompt, turn, outcome, attribution, result } => {
                let turn = turn.map(|turn| turn.number());
                let mut fields = json!({ "prompt": prompt.uuid(), "turn": turn, "outcome": outcome.as_str(),
                    "attribution": attribution, "result": uuid(result.as_ref()) });
                if let Outcome::Lost(reason) = outcome {
                    fields["why"] = reason.to_string().into();
                }
                entry("prompt_ended", fields)
            }
            Action::IncomingRequest(ask) => {
                entry("asked", json!({ "kind": kind_name(ask.kind()), "request_id": ask.request_id() }))
            }
            Action::IncomingDeclined { message, kind, reason } => {
                let request_id = message.to_json().decode::<Value>().ok().map(|ask| ask["request_id"].clone());
                let declined = declined_name(*reason);
                entry("asked", json!({ "kind": kind_name(*kind), "request_id": request_id, "declined": declined }))
            }
            Action::IncomingAnswered { id: ask, response: verdict } => {
                entry("answered", json!({ "request_id": self.asks.get(ask), "verdict": verdict }))
            }
            Action::IncomingCancelled { id: ask, .. } => {
                entry("withdrawn", json!({ "request_id": self.asks.get(ask) }))
            }
            Action::ResponseReceived { request, response: reply } => {
                entry("replied", json!({ "request_id": self.requests.get(request), "ok": reply.is_ok() }))
            }
            Action::RejectedLine(rejected) => {
                // Only where it is true: most rejected lines are nobody's result.
                let due = rejected.result_due.then_some(true);
                entry(
                    "rejected",
                    json!({
                        "why": rejected.reason.to_string(), "result_due": due, "declined": rejected.declined.map(|kind| kind.to_string()),
                    }),
                )
            }
            Action::DamagedLine(line) => {
                entry("damaged_line", json!({ "dropped": line.dropped_length, "messages": line.messages }))
            }
            Action::UnmatchedResponse(_) => entry("stray", json!({})),
            Action::DeadlineExceeded { deadline, reason } => {
                let tool = match reason {
                    WaitReason::Tool { name, .. } => Some(&**name),
                    _ => None,
                };
                entry("stalled", json!({ "deadline": deadline.to_string(), "reason": reason.as_str(), "tool": tool }))
            }
            Action::Idle => entry("idle", json!({})),
            Action::CapacityAvailable => entry("room", json!({})),
            Action::Closed(closed) => {
                entry("closed", json!({ "why": reason_name(closed.reason), "exit": closed.exit.and_then(status) }))
            }
            other => entry("other", json!({ "debug": format!("{other:?}") })),
        }
    }
}

fn uuid(result: Option<&Message>) -> Option<Cow<'_, str>> {
    result.and_then(Message::uuid)
}

/// What is not there is left out.
fn entry(name: &'static str, fields: Value) -> Entry {
    let Value::Object(mut fields) = fields else { unreachable!("fields are written as an object") };
    fields.retain(|_, value| !value.is_null());
    Entry { name, fields }
}

impl Entry {
    /// `{"t":SECONDS,"action":NAME,...}`
    pub(crate) fn json(self, time: SessionTime) -> String {
        let mut line = format!("{{\"t\":{},\"action\":\"{}\"", seconds(time), self.name);
        for (name, value) in &self.fields {
            line.push_str(&format!(",{}:{value}", Value::from(name.as_str())));
        }
        line.push('}');
        line
    }

    /// Time, name and fields in columns, at most `width` characters.
    pub(crate) fn text(self, time: SessionTime, width: usize) -> String {
        let fields = self.fields.iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            value => format!("{name}={value}"),
        });
        let line = format!("{:>9.3}  {:<13} {}", seconds(time), self.name, fields.collect::<Vec<_>>().join("  "));
        match line.char_indices().nth(width) {
            Some(_) => line.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect(),
            None => line,
        }
    }
}

fn seconds(time: SessionTime) -> f64 {
    (time.as_nanos() as f64 / 1e5).round() / 1e4
}

fn reason_name(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Closed => "closed",
        CloseReason::Aborted => "aborted",
        CloseReason::Exited => "exited",
        CloseReason::Eof => "eof",
        CloseReason::SendFailed => "send_failed",
        CloseReason::Overrun => "overrun",
        _ => "other",
    }
}

/// As the recording writes it: a signal is negative.
fn status(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(signal) => Some(-signal),
        Exit::Unknown => None,
    }
}

/// The words of the output, which is read by other programs: they stay as they are when the crate's names change.
fn declined_name(reason: DeclinedReason) -> String {
    match reason {
        DeclinedReason::Unhandled => "unowned".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// The wire's name for a kind of ask.
fn kind_name(kind: IncomingKind) -> &'static str {
    match kind {
        IncomingKind::Permission => "permission",
        IncomingKind::Hook => "hook",
        IncomingKind::Mcp => "mcp",
        IncomingKind::Elicitation => "elicitation",
        IncomingKind::Dialog => "dialog",
        _ => "unknown",
    }
}
