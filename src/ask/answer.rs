//! What is said to an ask.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::action::Verdict;
use crate::ask::hook::Output;
use crate::ask::mcp::McpAnswer;
use crate::ask::{Ask, AskKind, Decision, DialogAnswer, ElicitationAnswer};
use crate::error::AnswerError;
use crate::json::Json;
use crate::text::Quoted;

/// What is said to an [`Ask`]: the typed answers become one.
///
/// ```
/// use claude_duplex::ask::ElicitationAnswer;
/// use claude_duplex::{Answer, AskKind, Decision};
///
/// assert!(Answer::from(Decision::allow()).fits(AskKind::Permission));
/// assert!(!Answer::from(ElicitationAnswer::cancel()).fits(AskKind::Permission));
/// assert!(AskKind::KNOWN.iter().all(|kind| Answer::Decline.fits(*kind)));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Answer {
    /// To a [`Permission`](AskKind::Permission) ask.
    Permission(Decision),
    /// To a [`Hook`](AskKind::Hook) ask.
    Hook(Output),
    /// To an [`Mcp`](AskKind::Mcp) ask.
    Mcp(McpAnswer),
    /// To an [`Elicitation`](AskKind::Elicitation) ask.
    Elicitation(ElicitationAnswer),
    /// To a [`Dialog`](AskKind::Dialog) ask.
    Dialog(DialogAnswer),
    /// To an ask of any kind: the success payload as it stands.
    Raw(Json),
    /// An error of the host, for an ask of any kind. It never grants anything:
    ///
    /// * A permission and an MCP message get an error response, and the call fails.
    /// * A hook that guards something gets its [refusal](crate::ask::hook::HookEvent::refusal) with the message as the
    ///   reason, because the CLI takes an error for an empty output. Any other hook gets an error response.
    /// * An elicitation and a dialog are cancelled.
    Error {
        /// What went wrong, for the model or a log.
        message: String,
    },
    /// To an ask of any kind: what grants nothing, as if nobody were there. A permission is denied, a hook that guards
    /// something blocks it, an elicitation or a dialog is cancelled, and everything else gets an error. Unlike
    /// [`Error`](Self::Error), it has no message.
    Decline,
}

impl Answer {
    /// Whether it can be said to an ask of that kind.
    #[must_use]
    pub fn fits(&self, kind: AskKind) -> bool {
        match self {
            Self::Permission(_) => kind == AskKind::Permission,
            Self::Hook(_) => kind == AskKind::Hook,
            Self::Mcp(_) => kind == AskKind::Mcp,
            Self::Elicitation(_) => kind == AskKind::Elicitation,
            Self::Dialog(_) => kind == AskKind::Dialog,
            Self::Raw(_) | Self::Error { .. } | Self::Decline => true,
        }
    }

    /// Checks what the CLI would refuse, or take for an answer that it is not.
    pub(crate) fn check(&self, ask: &Ask) -> Result<(), AnswerError> {
        let whole = match self {
            Self::Permission(decision) => decision.is_whole(),
            Self::Elicitation(answer) => answer.is_whole(),
            // To the CLI the hook has failed, whatever the output says.
            Self::Hook(output) => match (output.event(), ask.hook()) {
                (Some(event), Ok(hook)) => event == hook.input.event,
                _ => true,
            },
            _ => true,
        };
        if self.fits(ask.kind) && whole { Ok(()) } else { Err(AnswerError::Mismatch) }
    }

    /// Which way it goes, said to an ask of that kind.
    pub(crate) fn verdict(&self, kind: AskKind) -> Verdict {
        match self {
            Self::Permission(Decision::Allow { .. }) => Verdict::Allowed,
            Self::Permission(Decision::Deny { .. }) => Verdict::Denied,
            Self::Raw(payload) if kind == AskKind::Permission => match behavior(payload).0.as_str() {
                "allow" => Verdict::Allowed,
                "deny" => Verdict::Denied,
                _ => Verdict::Answered,
            },
            Self::Error { .. } => Verdict::Error,
            Self::Decline => Verdict::Declined,
            _ => Verdict::Answered,
        }
    }

    /// Whether it is a deny that ends the turn.
    pub(crate) fn interrupts(&self, kind: AskKind) -> bool {
        match self {
            Self::Permission(Decision::Deny { interrupt, .. }) => *interrupt,
            Self::Raw(payload) if kind == AskKind::Permission => behavior(payload) == ("deny".to_owned(), true),
            _ => false,
        }
    }
}

/// What a permission's payload says, and whether it ends the turn. It is an object, and of a name that comes twice the last
/// counts: so the CLI reads it.
fn behavior(payload: &Json) -> (String, bool) {
    let fields: BTreeMap<String, Json> = payload.decode().unwrap_or_default();
    let behavior = fields.get("behavior").and_then(|behavior| behavior.decode().ok()).unwrap_or_default();
    let interrupt = fields.get("interrupt").and_then(|interrupt| interrupt.decode().ok()).unwrap_or_default();
    (behavior, interrupt)
}

impl fmt::Debug for Answer {
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

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        Self::Permission(decision)
    }
}

impl From<McpAnswer> for Answer {
    fn from(answer: McpAnswer) -> Self {
        Self::Mcp(answer)
    }
}

impl From<ElicitationAnswer> for Answer {
    fn from(answer: ElicitationAnswer) -> Self {
        Self::Elicitation(answer)
    }
}

impl From<DialogAnswer> for Answer {
    fn from(answer: DialogAnswer) -> Self {
        Self::Dialog(answer)
    }
}

impl<T: Into<Output>> From<T> for Answer {
    fn from(output: T) -> Self {
        Self::Hook(output.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// JavaScript reads the last of two.
    #[test]
    fn of_a_behavior_that_comes_twice_the_last_is_what_was_said() {
        let verdict = |text| Answer::Raw(Json::parse(text).unwrap()).verdict(AskKind::Permission);
        assert_eq!(verdict(r#"{"behavior":"deny","behavior":"allow"}"#), Verdict::Allowed);
        assert_eq!(verdict(r#"{"behavior":"allow","updatedInput":{},"behavior":"deny"}"#), Verdict::Denied);
        assert_eq!(verdict(r#"["allow"]"#), Verdict::Answered);
        let denied = Json::parse(r#"{"behavior":"deny","interrupt":false,"interrupt":true}"#).unwrap();
        assert!(Answer::Raw(denied).interrupts(AskKind::Permission));
    }
}
