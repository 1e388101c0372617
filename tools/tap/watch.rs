//! Finds what looks wrong in the lines of a session.

use std::time::Duration;

use claude_duplex::{Message, MessageKind};
use serde::Deserialize;

/// How much of a line is shown.
const SHOWN: usize = 120;

pub(crate) struct Watch {
    late: Duration,
    /// Requests without a response: of the CLI, and of the host.
    incoming: Vec<Open>,
    outgoing: Vec<Open>,
    /// Prompts after the last result.
    prompts: Vec<Duration>,
    /// When the CLI wrote its last line, and whether its silence was reported.
    last_output_at: Duration,
    silent: bool,
}

struct Open {
    id: String,
    what: String,
    since: Duration,
    reported: bool,
}

#[derive(Deserialize)]
struct Line {
    r#type: Option<String>,
    request_id: Option<String>,
    request: Option<Request>,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Request {
    subtype: Option<String>,
    tool_name: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    request_id: Option<String>,
}

impl Watch {
    pub(crate) fn new(late: Duration) -> Self {
        let (incoming, outgoing, prompts) = (Vec::new(), Vec::new(), Vec::new());
        Self { late, incoming, outgoing, prompts, last_output_at: Duration::ZERO, silent: false }
    }

    /// The host wrote that line.
    pub(crate) fn sent(&mut self, now: Duration, line: &[u8]) -> Vec<String> {
        if line.trim_ascii().is_empty() {
            return Vec::new();
        }
        let Ok(parts) = serde_json::from_slice::<Line>(line) else {
            return vec![format!("the host wrote a line that is not a JSON object: {}", shown(line))];
        };
        match parts.r#type.as_deref() {
            Some("user") => {
                self.prompts.push(now);
                (self.last_output_at, self.silent) = (now, false);
            }
            Some("control_request") => open(&mut self.outgoing, now, parts),
            Some("control_response") => {
                let id = parts.response.and_then(|response| response.request_id);
                if !close(&mut self.incoming, id.as_deref()) {
                    let id = id.unwrap_or_default();
                    return vec![format!("the host responded to a request that is not open: {id:?}")];
                }
            }
            None => return vec![format!("the host wrote a line without a type: {}", shown(line))],
            _ => {}
        }
        Vec::new()
    }

    /// The CLI wrote that line.
    pub(crate) fn received(&mut self, now: Duration, line: &[u8]) -> Vec<String> {
        (self.last_output_at, self.silent) = (now, false);
        if line.trim_ascii().is_empty() {
            return Vec::new();
        }
        let message = match Message::parse(line) {
            Ok(message) => message,
            Err(reason) => return vec![format!("the CLI wrote no message: {reason}: {}", shown(line))],
        };
        let Ok(parts) = message.decode::<Line>() else { return Vec::new() };
        match message.kind() {
            MessageKind::ControlRequest => open(&mut self.incoming, now, parts),
            MessageKind::ControlCancelRequest => _ = close(&mut self.incoming, parts.request_id.as_deref()),
            MessageKind::ControlResponse => {
                // From 2.0.76 on the CLI repeats the host's responses, which answer nothing.
                let id = parts.response.and_then(|response| response.request_id);
                close(&mut self.outgoing, id.as_deref());
            }
            MessageKind::Result if !message.is_subagent() => self.prompts.clear(),
            _ => {}
        }
        Vec::new()
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Duration) -> Vec<String> {
        let late = self.late;
        let mut remarks = Vec::new();
        for (owner, requests) in [("the host", &mut self.incoming), ("the CLI", &mut self.outgoing)] {
            for open in requests.iter_mut().filter(|open| !open.reported && open.since + late <= now) {
                open.reported = true;
                let (id, what, waited) = (&open.id, &open.what, (now - open.since).as_secs());
                remarks.push(format!("{owner} has not responded to {what} ({id}) for {waited} s"));
            }
        }
        let waits = !self.prompts.is_empty() && self.incoming.is_empty();
        if waits && !self.silent && self.last_output_at + late <= now {
            self.silent = true;
            let silence = (now - self.last_output_at).as_secs();
            remarks.push(format!("the CLI is silent for {silence} s, and a prompt has no result"));
        }
        remarks
    }

    /// The CLI has exited.
    pub(crate) fn exit(&mut self, now: Duration) -> Vec<String> {
        let prompts = self.prompts.iter().map(|since| {
            let ago = (now - *since).as_secs_f64();
            format!("a prompt has no result: it was written {ago:.1} s before the CLI exited")
        });
        let requests =
            self.outgoing.iter().map(|open| format!("the CLI never responded to {} ({})", open.what, open.id));
        prompts.chain(requests).collect()
    }
}

fn open(list: &mut Vec<Open>, now: Duration, line: Line) {
    let (subtype, tool) = line.request.map(|request| (request.subtype, request.tool_name)).unwrap_or_default();
    let what = [subtype, tool].into_iter().flatten().collect::<Vec<_>>().join(" ");
    list.push(Open { id: line.request_id.unwrap_or_default(), what, since: now, reported: false });
}

/// Closes the request of that id. Returns whether it was open.
fn close(list: &mut Vec<Open>, id: Option<&str>) -> bool {
    let before = list.len();
    list.retain(|open| Some(&*open.id) != id);
    list.len() < before
}

fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start:?}{}", if start.len() < text.len() { "..." } else { "" })
}
