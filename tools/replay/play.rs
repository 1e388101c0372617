//! Plays a recording through a `Protocol`: what the host wrote becomes commands at the recorded times, what the CLI wrote
//! becomes bytes.

use std::collections::HashMap;

use claude_duplex::{
    Action, ChildCommand, Config, IncomingId, IncomingKinds, IncomingResponse, Interrupt, Json, Prompt, Protocol,
    Request, RequestId, Seed, SessionTime, Stats, UnknownIncoming, WhenBusy,
};
use serde::Deserialize;

use crate::recording::{Recorded, What};

/// Something that a playing gave, in order.
#[derive(Debug)]
pub(crate) enum Event {
    Action(Action),
    Child(ChildCommand),
    /// A line of the host that could not become a command.
    Skipped(String),
}

/// A recording that is being played.
pub(crate) struct Player {
    protocol: Protocol,
    /// The ids that the host gave its requests.
    requests: HashMap<RequestId, String>,
    /// The ids that the CLI gave its incoming requests, and those that are open by them.
    incoming_ids: HashMap<IncomingId, String>,
    open: HashMap<String, IncomingId>,
    events: Vec<(SessionTime, Event)>,
    /// Replaces the session between two inputs.
    between: Option<fn(&Protocol) -> Protocol>,
}

impl Player {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// Creates a player with other settings.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        // A replay has to be the same every time, so its seed is fixed: these uuids go to no CLI.
        let mut config = Config::new(Seed::from_bytes(*b"a recording only"));
        config.when_busy = WhenBusy::Send;
        config.handled = IncomingKinds::ALL;
        config.unknown_incoming = UnknownIncoming::Deliver;
        change(&mut config);
        Self {
            protocol: Protocol::new(config, SessionTime::ZERO),
            requests: HashMap::new(),
            incoming_ids: HashMap::new(),
            open: HashMap::new(),
            events: Vec::new(),
            between: None,
        }
    }

    #[allow(dead_code, reason = "only tests replace it")]
    /// Has a function replace the session between two inputs, e.g. by one that was restored from a snapshot.
    pub(crate) fn between(mut self, replace: fn(&Protocol) -> Protocol) -> Self {
        self.between = Some(replace);
        self
    }

    /// Plays to the end, and tells what happened when.
    pub(crate) fn play(mut self, recording: &[Recorded]) -> Played {
        let mut now = SessionTime::ZERO;
        for recorded in recording {
            now = now.max(recorded.time());
            self.pass_time(now);
            match &recorded.what {
                What::In(line) => self.host_line(now, line),
                What::Out(line) => self.protocol.receive(now, &[line.as_slice(), b"\n"].concat()),
                What::Err(line) if line.starts_with(b"<") => {}
                What::Err(line) => self.protocol.stderr(now, &[line.as_slice(), b"\n"].concat()),
                What::Exit(exit) => {
                    self.protocol.eof(now);
                    self.protocol.stderr_eof(now);
                    self.protocol.exited(now, *exit);
                }
            }
            self.collect(now);
        }
        // A recording that was cut off has no exit: its session ends here.
        self.protocol.eof(now);
        self.collect(now);
        while let Some((due, _)) = self.protocol.poll_timeout() {
            self.protocol.handle_timeout(due);
            self.collect(due);
        }
        Played {
            events: self.events,
            requests: self.requests,
            incoming_ids: self.incoming_ids,
            counts: self.protocol.stats(),
        }
    }

    fn pass_time(&mut self, now: SessionTime) {
        while let Some((due, _)) = self.protocol.poll_timeout().filter(|(due, _)| *due < now) {
            self.protocol.handle_timeout(due);
            self.collect(due);
        }
    }

    /// Takes what happened, and writes what is to be written: to nobody.
    fn collect(&mut self, now: SessionTime) {
        if let Some(replace) = self.between {
            self.protocol = replace(&self.protocol);
        }
        let pending = self.protocol.poll_transmit().len();
        self.protocol.sent(now, pending);
        loop {
            while let Some(order) = self.protocol.poll_child_command() {
                self.events.push((now, Event::Child(order)));
            }
            let Some(action) = self.protocol.poll_action() else { break };
            if let Action::IncomingRequest(incoming) = &action {
                self.incoming_ids.insert(incoming.id(), incoming.request_id());
                self.open.insert(incoming.request_id(), incoming.id());
            }
            self.events.push((now, Event::Action(action)));
        }
    }

    fn host_line(&mut self, now: SessionTime, line: &[u8]) {
        if let Err(reason) = self.command(now, line) {
            self.events.push((now, Event::Skipped(reason)));
        }
    }

    fn command(&mut self, now: SessionTime, line: &[u8]) -> Result<(), String> {
        let line: HostLine = serde_json::from_slice(line).map_err(|error| format!("not a host's line: {error}"))?;
        match line {
            HostLine::User(user) => {
                let plain =
                    Prompt::from_json(user.message.content).map_err(|error| format!("a prompt's content: {error}"))?;
                let mut prompt =
                    user.fields.iter().fold(plain, |prompt, (name, value)| prompt.field(name, Json::from(value)));
                match user.uuid.map(|uuid| uuid.parse()) {
                    Some(Ok(uuid)) => prompt = prompt.uuid(uuid),
                    Some(Err(error)) => return Err(format!("a prompt's uuid is {error}")),
                    None => {}
                }
                self.protocol.prompt(now, prompt).map_err(|refused| format!("prompt refused: {refused}"))?;
            }
            HostLine::ControlRequest { request_id, request } => {
                let Some(subtype) = request.get("subtype").and_then(serde_json::Value::as_str) else {
                    return Err("a request without subtype".into());
                };
                let id = if subtype == "interrupt" {
                    let mut interrupt = Interrupt::running().id(&request_id);
                    if request.get("cancel_queued") == Some(&serde_json::Value::Bool(true)) {
                        interrupt = interrupt.cancel_queued();
                    }
                    self.protocol.interrupt(now, interrupt).map_err(|refused| refused.to_string())?
                } else {
                    let fields = request.iter().filter(|(name, _)| *name != "subtype");
                    let incoming_request = fields
                        .fold(Request::new(subtype).id(&request_id), |incoming_request, (name, value)| {
                            incoming_request.field(name, Json::from(value))
                        });
                    self.protocol.request(now, incoming_request).map_err(|refused| refused.to_string())?
                };
                self.requests.insert(id, request_id);
            }
            HostLine::ControlResponse { response } => {
                let incoming = self.open.get(&response.request_id).copied().ok_or("an answer to nothing")?;
                let answer = match (response.error, response.response) {
                    (Some(message), _) => IncomingResponse::Error { message },
                    (None, payload) => {
                        IncomingResponse::Raw(payload.unwrap_or_else(|| Json::from(&serde_json::Value::Null)))
                    }
                };
                self.protocol.respond(now, incoming, answer).map_err(|error| error.to_string())?;
            }
            HostLine::Other => return Err("a line that is no command of this crate".into()),
        }
        Ok(())
    }
}

/// What a playing gave, and the names on the wire of what it speaks of.
pub(crate) struct Played {
    pub(crate) events: Vec<(SessionTime, Event)>,
    pub(crate) requests: HashMap<RequestId, String>,
    pub(crate) incoming_ids: HashMap<IncomingId, String>,
    pub(crate) counts: Stats,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum HostLine {
    User(User),
    ControlRequest {
        request_id: String,
        request: serde_json::Map<String, serde_json::Value>,
    },
    ControlResponse {
        response: Response,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct User {
    message: Content,
    uuid: Option<String>,
    /// Everything else that the host wrote beside the message, e.g. the prompt's priority.
    #[serde(flatten)]
    fields: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(deserialize_with = "as_json")]
    content: Json,
}

#[derive(Deserialize)]
struct Response {
    request_id: String,
    error: Option<String>,
    #[serde(default, deserialize_with = "as_optional_json")]
    response: Option<Json>,
}

/// By way of a value: within a tagged enum no raw text survives.
fn as_json<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
    serde_json::Value::deserialize(deserializer).map(|value| Json::from(&value))
}

fn as_optional_json<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    as_json(deserializer).map(Some)
}
