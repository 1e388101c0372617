//! What the model writes: lines of JSON in a queue of bytes, each with a short name for people.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// What a line is to the judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Init {
        own: bool,
    },
    /// A result, by its `uuid`.
    Result(String),
    Other,
}

#[derive(Debug, Default)]
pub(crate) struct Out {
    bytes: VecDeque<u8>,
    /// Where each line ends, counted from the begin of all.
    ends: VecDeque<(usize, String, Seen)>,
    written: usize,
    read: usize,
    /// Every third result of a turn that goes well is damaged on its way.
    pub(crate) is_lossy: bool,
    results: u32,
}

impl Out {
    pub(crate) fn line(&mut self, name: impl Into<String>, seen: Seen, value: &Value) {
        let (name, mut seen) = (name.into(), seen);
        let mut line = format!("{value}\n");
        if self.is_lossy && matches!(seen, Seen::Result(_)) && name.ends_with(":ok") {
            self.results += 1;
            if self.results % 3 == 1 {
                (line, seen) = (format!("\"damaged {line}"), Seen::Other);
            }
        }
        self.written += line.len();
        self.bytes.extend(line.as_bytes());
        self.ends.push_back((self.written, name, seen));
    }

    pub(crate) fn system(&mut self, name: impl Into<String>, seen: Seen, subtype: &str, more: &Value) {
        let mut value = json!({ "type": "system", "subtype": subtype });
        merge(&mut value, more);
        self.line(name, seen, &value);
    }

    pub(crate) fn life(&mut self, letter: char, state: &str, uuid: &str) {
        let value = json!({ "type": "command_lifecycle", "command_uuid": uuid, "state": state });
        self.line(format!("{letter}{}", short(uuid)), Seen::Other, &value);
    }

    pub(crate) fn echo(&mut self, uuid: &str) {
        let value =
            json!({ "type": "user", "uuid": uuid, "parent_tool_use_id": null, "isReplay": true, "message": {} });
        self.line(format!("e{}", short(uuid)), Seen::Other, &value);
    }

    /// A user line under a uuid of the CLI's own.
    pub(crate) fn user(&mut self, name: &str) {
        let content = if name.starts_with("tr") { json!([{ "type": "tool_result" }]) } else { json!([]) };
        let uuid = "c1100000-0000-4000-8000-0000000000ff";
        self.line(name, Seen::Other, &json!({ "type": "user", "uuid": uuid, "message": { "content": content } }));
    }

    pub(crate) fn assistant(&mut self, name: &str) {
        let content = if name == "tu" { json!([{ "type": "tool_use" }]) } else { json!([]) };
        self.line(name, Seen::Other, &json!({ "type": "assistant", "message": { "content": content } }));
    }

    /// A subagent speaks, and is spoken to.
    pub(crate) fn subagent(&mut self) {
        for kind in ["user", "assistant"] {
            let value = json!({ "type": kind, "parent_tool_use_id": "toolu", "message": { "content": [] } });
            self.line("subagent", Seen::Other, &value);
        }
    }

    pub(crate) fn response(&mut self, name: String, request_id: &str, payload: Option<&Value>) {
        let mut response = json!({ "subtype": "success", "request_id": request_id });
        if let Some(payload) = payload {
            response["response"] = payload.clone();
        }
        self.line(name, Seen::Other, &json!({ "type": "control_response", "response": response }));
    }

    /// The next bytes, at most `count` and at most to the end of a line, and the line that they complete.
    pub(crate) fn take(&mut self, count: usize) -> (Vec<u8>, Option<(String, Seen)>) {
        let end = self.ends.front().map_or(0, |(end, ..)| end - self.read);
        let bytes: Vec<u8> = self.bytes.drain(..count.min(end).min(self.bytes.len())).collect();
        self.read += bytes.len();
        let whole = !bytes.is_empty() && bytes.len() == end;
        let line = if whole { self.ends.pop_front() } else { None };
        (bytes, line.map(|(_, name, seen)| (name, seen)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What was not read is lost, from there on. A line of which only the line end is lost would still count: it is lost too.
    pub(crate) fn cut(&mut self, keep: usize) {
        let whole = self.bytes.get(keep) == Some(&b'\n');
        self.bytes.truncate(keep.saturating_sub(usize::from(whole)));
    }
}

pub(crate) fn merge(value: &mut Value, more: &Value) {
    for (name, field) in more.as_object().into_iter().flatten() {
        value[name] = field.clone();
    }
}

/// A prompt's number, by its uuid: the seed's bytes are zero.
pub(crate) fn short(uuid: &str) -> u64 {
    uuid.rsplit('-').next().and_then(|last| u64::from_str_radix(last, 16).ok()).unwrap_or(0)
}
