//! The stable JSON form of actions, for programs that read them in another process. `docs/json.md` lists every field.
//!
//! A line of the CLI is embedded as JSON. Everything else is written as it is read here, in one pass.

mod members;
mod object;

use serde::Serialize;
use serde::ser::Serializer;

use self::members::{Cancelled, kind_name};
use self::object::{Members, Object};
use super::{Action, Outcome};
use crate::message::Message;
use crate::outgoing::request::Response;
use crate::wire::control;

impl Action {
    /// Version of the JSON form that `Serialize` writes.
    ///
    /// It is increased if a field or a name is removed or changes its meaning. New fields, actions and names can be added
    /// without a new version, so readers must ignore unknown ones.
    pub const JSON_VERSION: u32 = 1;
}

/// Writes one object with the member `action` first. [`guide::json`](crate::guide::json) lists every field.
///
/// ```
/// use claude_duplex::{Action, Config, Protocol, Seed, SessionTime};
///
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// protocol.receive(SessionTime::ZERO, b"npm warn\n");
/// let action = protocol.poll_action().unwrap();
/// assert_eq!(
///     serde_json::to_string(&action)?,
///     concat!(
///         r#"{"action":"rejected_line","reason":"not_json","#,
///         r#""description":"the line is not JSON","length":8,"head":"npm warn"}"#,
///     )
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("action", self.name())?;
        match self {
            Self::Session(session) => session.write(&mut object)?,
            Self::TurnStarted { turn, origin } => {
                object.field("turn", &turn.number())?;
                object.field("origin", origin)?;
            }
            Self::PromptTaken { prompt, turn } => {
                object.field("prompt", &prompt.uuid())?;
                object.field("turn", &turn.number())?;
            }
            Self::Message { turn, message } => {
                object.optional("turn", turn.map(|turn| turn.number()))?;
                object.field("type", &message.type_name())?;
                object.optional("subtype", message.subtype())?;
                object.field("message", message)?;
            }
            Self::TurnEnded { turn, origin, result } => {
                object.field("turn", &turn.number())?;
                object.field("origin", origin)?;
                object.optional("result", result.as_ref().and_then(Message::uuid))?;
            }
            Self::PromptEnded { prompt, turn, outcome, attribution, result } => {
                object.field("prompt", &prompt.uuid())?;
                object.optional("turn", turn.map(|turn| turn.number()))?;
                object.field("outcome", outcome.as_str())?;
                object.flag("stopped", *outcome == Outcome::TimedOut { stopped: true })?;
                if let Outcome::Lost(reason) = outcome {
                    object.field("lost", reason)?;
                    object.field("description", &reason.to_string())?;
                }
                object.field("attribution", attribution)?;
                object.optional("result", result.as_ref().and_then(Message::uuid))?;
            }
            Self::ResponseReceived { request, response } => {
                object.field("request", &request.number())?;
                object.field("ok", &response.is_ok())?;
                object.optional("response", response.as_ref().ok().and_then(Response::payload))?;
                object.optional("error", response.as_ref().err())?;
            }
            Self::IncomingRequest(request) => request.write(&mut object)?,
            Self::IncomingDeclined { message, kind, reason } => {
                object.field("kind", kind_name(*kind))?;
                object.optional("request_id", control::request_id(message.as_bytes()))?;
                object.field("reason", reason)?;
                object.field("message", message)?;
            }
            Self::IncomingAnswered { id, response } => {
                object.field("incoming", &id.number())?;
                object.field("response", response)?;
            }
            Self::IncomingCancelled { id, reason } => {
                object.field("incoming", &id.number())?;
                object.field("reason", &Cancelled(*reason))?;
            }
            Self::RejectedLine(line) => line.write(&mut object)?,
            Self::DamagedLine(line) => line.write(&mut object)?,
            Self::StderrLine(line) => line.write(&mut object)?,
            Self::WireLine(line) => line.write(&mut object)?,
            Self::UnmatchedResponse(message) => object.field("message", message)?,
            Self::DeadlineExceeded { deadline, reason } => {
                object.field("deadline", deadline)?;
                reason.write(&mut object)?;
            }
            Self::Idle | Self::CapacityAvailable => {}
            Self::Closed(closed) => closed.write(&mut object)?,
        }
        object.end()
    }
}

impl Action {
    /// Returns the name of the action in the JSON form: the name of the variant.
    const fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::TurnStarted { .. } => "turn_started",
            Self::PromptTaken { .. } => "prompt_taken",
            Self::Message { .. } => "message",
            Self::TurnEnded { .. } => "turn_ended",
            Self::PromptEnded { .. } => "prompt_ended",
            Self::ResponseReceived { .. } => "response_received",
            Self::IncomingRequest(_) => "incoming_request",
            Self::IncomingDeclined { .. } => "incoming_declined",
            Self::IncomingAnswered { .. } => "incoming_answered",
            Self::IncomingCancelled { .. } => "incoming_cancelled",
            Self::RejectedLine(_) => "rejected_line",
            Self::DamagedLine(_) => "damaged_line",
            Self::StderrLine(_) => "stderr_line",
            Self::WireLine(_) => "wire_line",
            Self::UnmatchedResponse(_) => "unmatched_response",
            Self::DeadlineExceeded { .. } => "deadline_exceeded",
            Self::Idle => "idle",
            Self::CapacityAvailable => "capacity_available",
            Self::Closed(_) => "closed",
        }
    }
}
