//! One line for each thing that happened: JSON for programs, aligned text for people.

use std::collections::BTreeMap;

use claude_duplex::{Action, ChildCommand, SessionTime};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::play::{Event, Played};

/// What happened, as an object whose first member is `action`.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Entry<'a> {
    /// The version of the JSON form, once, at the beginning.
    Schema {
        action: &'static str,
        version: u32,
    },
    Action {
        #[serde(flatten)]
        action: &'a Action,
        /// The id on the wire of the request that an action names by its number.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
    },
    Child {
        action: &'static str,
    },
}

impl Played {
    /// Everything that happened; host lines that could not be played are `Err`.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (SessionTime, Result<Entry<'_>, &str>)> {
        let schema = Entry::Schema { action: "schema", version: Action::JSON_VERSION };
        let entries = self.events.iter().map(|(time, event)| {
            let entry = match event {
                Event::Action(action) => Ok(Entry::Action { action, request_id: self.request_id(action) }),
                Event::Child(ChildCommand::CloseStdin) => Ok(Entry::Child { action: "close_stdin" }),
                Event::Child(ChildCommand::Terminate) => Ok(Entry::Child { action: "terminate" }),
                Event::Child(ChildCommand::Kill) => Ok(Entry::Child { action: "kill" }),
                Event::Skipped(reason) => Err(reason.as_str()),
            };
            (*time, entry)
        });
        std::iter::once((SessionTime::ZERO, Ok(schema))).chain(entries)
    }

    fn request_id(&self, action: &Action) -> Option<&str> {
        match action {
            Action::IncomingAnswered { id, .. } | Action::IncomingCancelled { id, .. } => self.incoming_ids.get(id),
            Action::ResponseReceived { request, .. } => self.requests.get(request),
            _ => None,
        }
        .map(String::as_str)
    }
}

impl Entry<'_> {
    /// `{"t":SECONDS,"action":NAME,...}`
    pub(crate) fn json(&self, time: SessionTime) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            t: f64,
            #[serde(flatten)]
            entry: &'a Entry<'a>,
        }
        serde_json::to_string(&Line { t: seconds(time), entry: self }).expect("an action can be written")
    }

    /// Time, name and fields in columns, at most `width` characters. The lines of the CLI are left out, and so is what
    /// it can do.
    pub(crate) fn text(&self, time: SessionTime, width: usize) -> String {
        let line = serde_json::to_string(self).expect("an action can be written");
        let mut fields: BTreeMap<&str, &RawValue> = serde_json::from_str(&line).expect("it is an object");
        let text = |value: &RawValue| serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned());
        let name: String = fields.remove("action").map(text).unwrap_or_default();
        let fields = fields.iter().filter(|(name, _)| !["message", "response", "capabilities"].contains(name));
        let fields = fields.map(|(name, value)| format!("{name}={}", on_one_line(&text(value))));
        let line = format!("{:>9.3}  {name:<18} {}", seconds(time), fields.collect::<Vec<_>>().join("  "));
        match line.char_indices().nth(width) {
            Some(_) => line.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect(),
            None => line,
        }
    }
}

/// Escapes what would disturb a terminal.
fn on_one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

fn seconds(time: SessionTime) -> f64 {
    (time.as_nanos() as f64 / 1e5).round() / 1e4
}
