//! The stable JSON form of actions, for programs that read them in another process. `docs/json.md` lists every field.
//!
//! A line of the CLI is written as the JSON that it is. Everything else is written as it is read here, in one pass.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::{Action, CancelledReason, CliSession, DamagedLine, Outcome, RejectedLine, TurnOrigin, WaitReason};
use crate::base::error::RequestError;
use crate::incoming::{IncomingKind, IncomingRequest};
use crate::message::Message;
use crate::outgoing::request::Response;
use crate::protocol::end::{Exit, SessionClosed};
use crate::protocol::raw::{Direction, StderrLine, WireLine};
use crate::wire::control;

impl Action {
    /// Version of the JSON form that `Serialize` writes.
    ///
    /// It grows if a field or a name goes away, or changes its meaning. New fields, new actions and new names may come without a new
    /// version: a reader ignores what it does not know.
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
///         r#"{"action":"rejected","reason":"not_json","#,
///         r#""why":"the line is not JSON","length":8,"head":"npm warn"}"#,
///     )
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object(serializer.serialize_map(None)?);
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
                    object.field("why", &reason.to_string())?;
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
                object.field("declined", reason)?;
                object.field("message", message)?;
            }
            Self::IncomingAnswered { id, response } => {
                object.field("incoming", &id.number())?;
                object.field("verdict", response)?;
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
        object.0.end()
    }
}

impl Action {
    /// Returns the name of the action in the JSON form.
    const fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::TurnStarted { .. } => "turn_started",
            Self::PromptTaken { .. } => "prompt_taken",
            Self::Message { .. } => "message",
            Self::TurnEnded { .. } => "turn_ended",
            Self::PromptEnded { .. } => "prompt_ended",
            Self::ResponseReceived { .. } => "replied",
            Self::IncomingRequest(_) | Self::IncomingDeclined { .. } => "asked",
            Self::IncomingAnswered { .. } => "answered",
            Self::IncomingCancelled { .. } => "withdrawn",
            Self::RejectedLine(_) => "rejected",
            Self::DamagedLine(_) => "damaged_line",
            Self::StderrLine(_) => "stderr_line",
            Self::WireLine(_) => "wire_line",
            Self::UnmatchedResponse(_) => "stray",
            Self::DeadlineExceeded { .. } => "stalled",
            Self::Idle => "idle",
            Self::CapacityAvailable => "room",
            Self::Closed(_) => "closed",
        }
    }
}

/// Members of an object that is being written. What is absent, empty or false is left out.
struct Object<M>(M);

impl<M: SerializeMap> Object<M> {
    fn field(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) -> Result<(), M::Error> {
        self.0.serialize_entry(name, value)
    }

    fn optional(&mut self, name: &'static str, value: Option<impl Serialize>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.field(name, &value))
    }

    fn flag(&mut self, name: &'static str, value: bool) -> Result<(), M::Error> {
        self.optional(name, value.then_some(true))
    }

    fn text(&mut self, name: &'static str, value: &str) -> Result<(), M::Error> {
        self.optional(name, Some(value).filter(|value| !value.is_empty()))
    }
}

/// A value that is written as members of an object: of its own, or of its action's.
trait Members {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error>;
}

macro_rules! serialize_members {
    ($($(#[$doc:meta])* $type:ty,)+) => {$(
        $(#[$doc])*
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = Object(serializer.serialize_map(None)?);
                self.write(&mut object)?;
                object.0.end()
            }
        }
    )+};
}

serialize_members! {
    /// Writes the members that follow `action` in an [`Action::Session`].
    CliSession,
    /// Writes the members that follow `action` in an [`Action::IncomingRequest`].
    IncomingRequest,
    /// Writes the members that follow `action` in an [`Action::RejectedLine`].
    RejectedLine,
    /// Writes the members that follow `action` in an [`Action::DamagedLine`].
    DamagedLine,
    /// Writes the members that follow `action` in an [`Action::StderrLine`].
    StderrLine,
    /// Writes the members that follow `action` in an [`Action::WireLine`].
    WireLine,
    /// Writes the members that follow `deadline` in an [`Action::DeadlineExceeded`].
    WaitReason,
    /// Writes the members that follow `action` in an [`Action::Closed`].
    SessionClosed,
    /// Writes the member `error` of an [`Action::ResponseReceived`].
    RequestError,
}

impl Members for CliSession {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        object.field("session_id", &*self.id)?;
        object.optional("version", self.version.as_deref())?;
        object.optional("capabilities", Some(&*self.capabilities).filter(|list| !list.is_empty()))
    }
}

impl Members for IncomingRequest {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        object.field("incoming", &self.id().number())?;
        object.field("kind", kind_name(self.kind()))?;
        object.field("request_id", &self.request_id())?;
        object.field("message", self.message())
    }
}

impl Members for RejectedLine {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        object.field("reason", &self.reason)?;
        object.field("why", &self.reason.to_string())?;
        object.flag("result_due", self.result_due)?;
        object.optional("declined", self.declined.map(|kind| kind.to_string()))?;
        object.field("length", &self.length)?;
        object.text("head", &String::from_utf8_lossy(&self.head))
    }
}

impl Members for DamagedLine {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        object.field("dropped", &self.dropped_length)?;
        object.field("messages", &self.messages)?;
        object.field("length", &self.length)?;
        object.text("text", &String::from_utf8_lossy(&self.dropped))
    }
}

impl Members for StderrLine {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        object.field("text", &*self.text)?;
        object.optional("omitted", Some(self.omitted).filter(|omitted| *omitted > 0))
    }
}

impl Members for WireLine {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        let direction = match self.direction {
            Direction::Received => "received",
            Direction::Sent => "sent",
        };
        object.field("direction", direction)?;
        object.field("length", &self.length)?;
        object.field("line", &*String::from_utf8_lossy(&self.bytes))
    }
}

impl Members for WaitReason {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        object.field("reason", self.as_str())?;
        match self {
            Self::Stdin | Self::TurnStart | Self::Model | Self::TurnResult => Ok(()),
            Self::Tool { id, name, age } => {
                object.field("tool", &**name)?;
                object.field("tool_use_id", &**id)?;
                object.field("age", &age.as_secs_f64())
            }
            Self::ApiRetry { attempt, max_attempts, status, age } => {
                object.optional("attempt", *attempt)?;
                object.optional("max_attempts", *max_attempts)?;
                object.optional("status", *status)?;
                object.field("age", &age.as_secs_f64())
            }
            Self::BackgroundTask { id } => object.optional("task", id.as_deref()),
            Self::Response { request } => object.field("request", &request.number()),
            Self::HostResponse { incoming } => object.field("incoming", &incoming.number()),
        }
    }
}

impl Members for SessionClosed {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        object.field("why", &self.reason)?;
        object.optional("exit", self.exit.and_then(status))?;
        object.optional("last_error", self.last_error.as_deref())?;
        object.text("stderr", &self.stderr)?;
        object.text("rejected_tail", &self.rejected_tail)?;
        object.flag("cut_input", self.cut_input)?;
        object.flag("output_held", self.output_held)
    }
}

impl Members for RequestError {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error> {
        match self {
            Self::Refused { message, code } => {
                object.field("reason", "refused")?;
                object.field("message", message)?;
                object.optional("code", code.as_deref())
            }
            Self::TimedOut => object.field("reason", "timed_out"),
            Self::TooLong { length } => {
                object.field("reason", "too_long")?;
                object.field("length", length)
            }
            Self::Failed { message, reason } => {
                object.field("reason", "failed")?;
                object.field("message", message)?;
                object.field("lost", reason)
            }
            Self::Lost(reason) => {
                object.field("reason", "lost")?;
                object.field("lost", reason)
            }
        }
    }
}

/// Writes the line as the JSON that it is, without blanks between tokens. Bad Unicode is written as U+FFFD.
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// Writes the payload; `null` stands for its absence.
impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.payload().serialize(serializer)
    }
}

/// Writes `prompt`, `unknown`, or the word of the CLI.
impl Serialize for TurnOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The reason for which an incoming request is over: `cli`, or the name of the reason for which the session ended.
struct Cancelled(CancelledReason);

impl Serialize for Cancelled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            CancelledReason::Cli => serializer.serialize_str("cli"),
            CancelledReason::Ended(reason) => reason.serialize(serializer),
        }
    }
}

/// Returns the name of a kind of incoming requests.
const fn kind_name(kind: IncomingKind) -> &'static str {
    match kind {
        IncomingKind::Permission => "permission",
        IncomingKind::Hook => "hook",
        IncomingKind::Mcp => "mcp",
        IncomingKind::Elicitation => "elicitation",
        IncomingKind::Dialog => "dialog",
        IncomingKind::Unknown => "unknown",
    }
}

/// Returns the exit status as shells show it to programs: that of a signal is negative.
fn status(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(signal) => Some(-signal),
        Exit::Unknown => None,
    }
}
