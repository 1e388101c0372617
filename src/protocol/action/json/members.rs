//! Members of the values in actions.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::object::{Members, Object};
use crate::base::error::RequestError;
use crate::incoming::{IncomingKind, IncomingRequest};
use crate::message::Message;
use crate::outgoing::request::Response;
use crate::protocol::action::{CancelledReason, CliSession, DamagedLine, RejectedLine, TurnOrigin, WaitReason};
use crate::protocol::end::{Exit, SessionClosed};
use crate::protocol::raw::{Direction, StderrLine, WireLine};

macro_rules! serialize_members {
    ($($(#[$doc:meta])* $type:ty,)+) => {$(
        $(#[$doc])*
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = Object::begin(serializer)?;
                self.write(&mut object)?;
                object.end()
            }
        }
    )+};
}

serialize_members! {
    /// Writes the members that follow `action` in an `Action::Session`.
    CliSession,
    /// Writes the members that follow `action` in an `Action::IncomingRequest`.
    IncomingRequest,
    /// Writes the members that follow `action` in an `Action::RejectedLine`.
    RejectedLine,
    /// Writes the members that follow `action` in an `Action::DamagedLine`.
    DamagedLine,
    /// Writes the members that follow `action` in an `Action::StderrLine`.
    StderrLine,
    /// Writes the members that follow `action` in an `Action::WireLine`.
    WireLine,
    /// Writes the members that follow `deadline` in an `Action::DeadlineExceeded`.
    WaitReason,
    /// Writes the members that follow `action` in an `Action::Closed`.
    SessionClosed,
    /// Writes the member `error` of an `Action::ResponseReceived`.
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
        object.field("description", &self.reason.to_string())?;
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
        object.field("reason", &self.reason)?;
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

/// Writes the line as JSON, without whitespace between tokens. Invalid Unicode is written as U+FFFD.
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

/// Reason for the end of an incoming request: `cli`, or the name of the reason for the end of the session.
pub(super) struct Cancelled(pub(super) CancelledReason);

impl Serialize for Cancelled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            CancelledReason::Cli => serializer.serialize_str("cli"),
            CancelledReason::Ended(reason) => reason.serialize(serializer),
        }
    }
}

/// Returns the name of a kind of incoming requests.
pub(super) const fn kind_name(kind: IncomingKind) -> &'static str {
    match kind {
        IncomingKind::Permission => "permission",
        IncomingKind::Hook => "hook",
        IncomingKind::Mcp => "mcp",
        IncomingKind::Elicitation => "elicitation",
        IncomingKind::Dialog => "dialog",
        IncomingKind::Unknown => "unknown",
    }
}

/// Returns the exit status as a number. A signal is negative.
fn status(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(signal) => Some(-signal),
        Exit::Unknown => None,
    }
}
