//! Responses to incoming requests.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::base::text::Quoted;
use crate::incoming::hook::HookOutput;
use crate::incoming::mcp::McpResponse;
use crate::incoming::{Allow, Decision, Deny, DialogResponse, ElicitationResponse, IncomingKind, IncomingRequest};

/// Response to an [`IncomingRequest`]. Every typed response converts into it.
///
/// ```
/// use claude_duplex::incoming::ElicitationResponse;
/// use claude_duplex::{Decision, IncomingKind, IncomingResponse};
///
/// assert!(IncomingResponse::from(Decision::allow()).fits(IncomingKind::Permission));
/// assert!(
///     !IncomingResponse::from(ElicitationResponse::cancel())
///         .fits(IncomingKind::Permission)
/// );
/// assert!(
///     IncomingKind::KNOWN.iter().all(|kind| IncomingResponse::Decline.fits(*kind))
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum IncomingResponse {
    /// Response to a [permission request](IncomingKind::Permission).
    Permission(Decision),
    /// Response to a [hook request](IncomingKind::Hook).
    Hook(HookOutput),
    /// Response to a [message for an MCP server](IncomingKind::Mcp).
    Mcp(McpResponse),
    /// Response to an [elicitation](IncomingKind::Elicitation).
    Elicitation(ElicitationResponse),
    /// Response to a [dialog](IncomingKind::Dialog).
    Dialog(DialogResponse),
    /// Success payload for a request of any kind, sent unchanged.
    Raw(Json),
    /// Error of the host, for a request of any kind. An error never grants permission:
    ///
    /// * A permission request and an MCP message get an error response, and the call fails.
    /// * A hook that guards something gets its [refusal](crate::incoming::hook::HookEvent::refusal) with the message as
    ///   the reason, because the CLI treats an error as an empty output. Any other hook gets an error response.
    /// * An elicitation and a dialog are cancelled.
    Error {
        /// Description of the error, for the model or a log.
        message: String,
    },
    /// Safe negative response to a request of any kind, without a message. The effect is that of
    /// [`Error`](Self::Error):
    ///
    /// * A permission request is denied.
    /// * A hook that guards something blocks it.
    /// * An elicitation or a dialog is cancelled.
    /// * Any other request gets an error response.
    Decline,
}

impl IncomingResponse {
    /// Returns `true` if the response can answer a request of the kind `kind`.
    #[must_use]
    pub fn fits(&self, kind: IncomingKind) -> bool {
        match self {
            Self::Permission(_) => kind == IncomingKind::Permission,
            Self::Hook(_) => kind == IncomingKind::Hook,
            Self::Mcp(_) => kind == IncomingKind::Mcp,
            Self::Elicitation(_) => kind == IncomingKind::Elicitation,
            Self::Dialog(_) => kind == IncomingKind::Dialog,
            Self::Raw(_) | Self::Error { .. } | Self::Decline => true,
        }
    }

    /// Returns `true` if the CLI can read the response as an answer to this request.
    pub(crate) fn is_response_to(&self, incoming: &IncomingRequest) -> bool {
        let whole = match self {
            Self::Permission(decision) => decision.is_whole(),
            Self::Elicitation(answer) => answer.is_whole(),
            // An output for another event counts as a failed hook in the CLI.
            Self::Hook(output) => match (output.event(), incoming.hook()) {
                (Some(event), Ok(hook)) => event == hook.input.event,
                _ => true,
            },
            _ => true,
        };
        self.fits(incoming.kind) && whole
    }

    /// Returns the kind of this response to a request of the kind `kind`.
    pub(crate) fn kind(&self, kind: IncomingKind) -> ResponseKind {
        match self {
            Self::Permission(Decision::Allow(_)) => ResponseKind::Allowed,
            Self::Permission(Decision::Deny(_)) => ResponseKind::Denied,
            Self::Raw(payload) if kind == IncomingKind::Permission => match behavior(payload).0.as_str() {
                "allow" => ResponseKind::Allowed,
                "deny" => ResponseKind::Denied,
                _ => ResponseKind::Answered,
            },
            Self::Error { .. } => ResponseKind::Error,
            Self::Decline => ResponseKind::Declined,
            _ => ResponseKind::Answered,
        }
    }

    /// Returns `true` if the response is a denial that interrupts the turn.
    pub(crate) fn interrupts(&self, kind: IncomingKind) -> bool {
        match self {
            Self::Permission(Decision::Deny(deny)) => deny.interrupt,
            Self::Raw(payload) if kind == IncomingKind::Permission => behavior(payload) == ("deny".to_owned(), true),
            _ => false,
        }
    }
}

/// Returns the `behavior` and the `interrupt` flag of a permission payload. If a name occurs twice, the last value
/// counts, as in the CLI.
fn behavior(payload: &Json) -> (String, bool) {
    let fields: BTreeMap<String, Json> = payload.decode().unwrap_or_default();
    let behavior = fields.get("behavior").and_then(|behavior| behavior.decode().ok()).unwrap_or_default();
    let interrupt = fields.get("interrupt").and_then(|interrupt| interrupt.decode().ok()).unwrap_or_default();
    (behavior, interrupt)
}

impl fmt::Debug for IncomingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(decision) => f.debug_tuple("Permission").field(decision).finish(),
            Self::Hook(output) => f.debug_tuple("Hook").field(output).finish(),
            Self::Mcp(answer) => f.debug_tuple("Mcp").field(answer).finish(),
            Self::Elicitation(answer) => f.debug_tuple("Elicitation").field(answer).finish(),
            Self::Dialog(answer) => f.debug_tuple("Dialog").field(answer).finish(),
            Self::Raw(payload) => f.debug_tuple("Raw").field(payload).finish(),
            Self::Error { message } => f.debug_struct("Error").field("message", &Quoted(message)).finish(),
            Self::Decline => f.write_str("Decline"),
        }
    }
}

impl From<Decision> for IncomingResponse {
    fn from(decision: Decision) -> Self {
        Self::Permission(decision)
    }
}

impl From<Allow> for IncomingResponse {
    fn from(allow: Allow) -> Self {
        Self::Permission(allow.into())
    }
}

impl From<Deny> for IncomingResponse {
    fn from(deny: Deny) -> Self {
        Self::Permission(deny.into())
    }
}

impl From<McpResponse> for IncomingResponse {
    fn from(answer: McpResponse) -> Self {
        Self::Mcp(answer)
    }
}

impl From<ElicitationResponse> for IncomingResponse {
    fn from(answer: ElicitationResponse) -> Self {
        Self::Elicitation(answer)
    }
}

impl From<DialogResponse> for IncomingResponse {
    fn from(answer: DialogResponse) -> Self {
        Self::Dialog(answer)
    }
}

impl<T: Into<HookOutput>> From<T> for IncomingResponse {
    fn from(output: T) -> Self {
        Self::Hook(output.into())
    }
}

/// Kind of a response to an incoming request, without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseKind {
    /// The permission was granted.
    Allowed,
    /// The permission was denied.
    Denied,
    /// A request of another kind was answered.
    Answered,
    /// The response was an error. See [`IncomingResponse::Error`] for its effect on
    /// each kind.
    Error,
    /// The request was [declined](crate::IncomingResponse::Decline) with the safe negative response for its kind.
    Declined,
}

impl fmt::Display for ResponseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Answered => "answered",
            Self::Error => "error",
            Self::Declined => "declined",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// JavaScript uses the last value of a duplicate key.
    #[test]
    fn the_last_of_two_behavior_fields_counts() {
        let verdict = |text| IncomingResponse::Raw(Json::parse(text).unwrap()).kind(IncomingKind::Permission);
        assert_eq!(verdict(r#"{"behavior":"deny","behavior":"allow"}"#), ResponseKind::Allowed);
        assert_eq!(verdict(r#"{"behavior":"allow","updatedInput":{},"behavior":"deny"}"#), ResponseKind::Denied);
        assert_eq!(verdict(r#"["allow"]"#), ResponseKind::Answered);
        let denied = Json::parse(r#"{"behavior":"deny","interrupt":false,"interrupt":true}"#).unwrap();
        assert!(IncomingResponse::Raw(denied).interrupts(IncomingKind::Permission));
    }
}
