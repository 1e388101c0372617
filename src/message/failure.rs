//! Classification of errors: the cause of a turn that failed.

use std::fmt;

use super::assistant::AssistantError;
use super::rate_limit::{RateLimit, RateLimitStatus};
use super::result::{ResultKind, TerminalReason, TurnResult};
use crate::base::text::Quoted;

/// Longest reset time that is kept as text, in characters.
const LONGEST_TIME: usize = 64;

/// Cause of a turn that failed or was interrupted.
///
/// The cause is derived from these sources. Versions before 2.1.143 send only the text.
///
/// * In the result: `terminal_reason`, `api_error_status`, `api_error_type`, `subtype`, and the text.
/// * The `error` of the last `assistant` message.
/// * The last `rate_limit_event`.
///
/// ```
/// use claude_duplex::Message;
/// use claude_duplex::message::{FailureKind, ResetTime};
///
/// let line = br#"{"type":"result","subtype":"success",
///     "is_error":true,"api_error_status":429,
///     "result":"You've hit your session limit - resets 8:30am"}"#;
/// let failure = Message::parse(line)?.result()?.failure().unwrap();
/// assert_eq!(failure.kind, FailureKind::RateLimit);
/// assert_eq!(failure.resets_at, Some(ResetTime::Text("8:30am".into())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// Kind of the failure, on which a host bases its reaction.
    pub kind: FailureKind,
    /// Reset time of the limit. Only with [`FailureKind::RateLimit`], and only if the CLI reports it.
    pub resets_at: Option<ResetTime>,
    /// HTTP status of the API, if the CLI reports it.
    pub status: Option<u64>,
    /// Description of the failure for the user.
    pub message: String,
}

/// Kind of a failure, which determines what a host can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// A rate limit or a usage limit of the account is reached. Wait until [`Failure::resets_at`], if that is known.
    RateLimit,
    /// The API is overloaded. Try again later.
    Overloaded,
    /// The API rejected the key or login.
    Authentication,
    /// The account has a billing problem, e.g. its credit balance is too low.
    Billing,
    /// The conversation does not fit into the context of the model. Compact it, or start a new one.
    ContextOverflow,
    /// The API rejected the request as invalid.
    InvalidRequest,
    /// The model does not exist, or the account has no access to it.
    ModelNotFound,
    /// The API reported an internal error, or could not be reached.
    Server,
    /// The turn reached the limit of [`max_turns`](crate::Options::max_turns).
    MaxTurns,
    /// The turn reached the limit of [`max_budget_usd`](crate::Options::max_budget_usd).
    MaxBudget,
    /// The turn was interrupted.
    Interrupted,
    /// Any other cause.
    Other,
}

/// Reset time of a limit.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetTime {
    /// Time in seconds since 1970, UTC.
    Unix(u64),
    /// Time as the CLI displays it, e.g. `8:30am`, in the time zone of the CLI. At most 64 characters.
    Text(String),
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("kind", &self.kind)
            .field("resets_at", &self.resets_at)
            .field("status", &self.status)
            .field("message", &Quoted(&self.message))
            .finish()
    }
}

impl fmt::Debug for ResetTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(seconds) => f.debug_tuple("Unix").field(seconds).finish(),
            Self::Text(text) => f.debug_tuple("Text").field(&Quoted(text)).finish(),
        }
    }
}

impl TurnResult {
    /// Returns the cause if the turn failed or was interrupted, based on the result alone.
    ///
    /// [`Transcript::failure`](super::Transcript::failure) also considers the other messages of the turn.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        Failure::classify(self, None, None)
    }
}

impl Failure {
    pub(super) fn classify(
        result: &TurnResult,
        error: Option<&AssistantError>,
        limit: Option<&RateLimit>,
    ) -> Option<Self> {
        let interrupted = result.is_interrupted();
        if !result.is_error && result.subtype == ResultKind::Success && !interrupted {
            return None;
        }
        let message = result.error_text();
        let text = message.to_lowercase();
        let status = result.api_error_status.or_else(|| status_in(&text));
        let limit = limit.filter(|limit| limit.status == RateLimitStatus::Rejected);
        let kind = if interrupted {
            FailureKind::Interrupted
        } else {
            by_subtype(&result.subtype)
                .or_else(|| by_text(&text))
                .or_else(|| result.api_error_type.as_deref().and_then(by_api_word))
                .or_else(|| status.and_then(by_status))
                .or_else(|| error.and_then(by_word))
                .or_else(|| result.terminal_reason.as_ref().and_then(by_reason))
                .or(limit.map(|_| FailureKind::RateLimit))
                .unwrap_or(FailureKind::Other)
        };
        let resets_at = (kind == FailureKind::RateLimit).then(|| {
            let reported = limit.and_then(|limit| limit.resets_at).filter(|at| *at >= 0.0).map(|at| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
                let seconds = at as u64;
                ResetTime::Unix(seconds)
            });
            reported.or_else(|| reset_in(&message))
        });
        Some(Self { kind, resets_at: resets_at.flatten(), status, message })
    }
}

fn by_subtype(subtype: &ResultKind) -> Option<FailureKind> {
    match subtype {
        ResultKind::ErrorMaxTurns => Some(FailureKind::MaxTurns),
        ResultKind::ErrorMaxBudget => Some(FailureKind::MaxBudget),
        _ => None,
    }
}

/// Parts of error texts of the CLI and the API, in lower case, with the kinds that they indicate. The first match
/// counts.
const TEXTS: [(&str, FailureKind); 20] = [
    ("prompt is too long", FailureKind::ContextOverflow),
    ("input is too long", FailureKind::ContextOverflow),
    ("exceed context limit", FailureKind::ContextOverflow),
    ("context window", FailureKind::ContextOverflow),
    ("context limit reached", FailureKind::ContextOverflow),
    ("credit balance is too low", FailureKind::Billing),
    ("usage limit reached", FailureKind::RateLimit),
    ("you've hit your", FailureKind::RateLimit),
    ("you\u{2019}ve hit your", FailureKind::RateLimit),
    ("limit reached", FailureKind::RateLimit),
    ("rate_limit_error", FailureKind::RateLimit),
    ("rate limit", FailureKind::RateLimit),
    ("overloaded", FailureKind::Overloaded),
    ("invalid api key", FailureKind::Authentication),
    ("not logged in", FailureKind::Authentication),
    ("run /login", FailureKind::Authentication),
    ("authentication_error", FailureKind::Authentication),
    ("failed to authenticate", FailureKind::Authentication),
    ("oauth token", FailureKind::Authentication),
    ("issue with the selected model", FailureKind::ModelNotFound),
];

fn by_text(text: &str) -> Option<FailureKind> {
    TEXTS.iter().find(|(part, _)| text.contains(part)).map(|(_, kind)| *kind)
}

/// Maps the error type of the API to a kind.
fn by_api_word(word: &str) -> Option<FailureKind> {
    Some(match word {
        "rate_limit_error" => FailureKind::RateLimit,
        "overloaded_error" => FailureKind::Overloaded,
        "authentication_error" | "permission_error" => FailureKind::Authentication,
        "billing_error" => FailureKind::Billing,
        "request_too_large" => FailureKind::ContextOverflow,
        "invalid_request_error" => FailureKind::InvalidRequest,
        "not_found_error" => FailureKind::ModelNotFound,
        "api_error" | "timeout_error" => FailureKind::Server,
        _ => return None,
    })
}

fn by_status(status: u64) -> Option<FailureKind> {
    Some(match status {
        401 | 403 => FailureKind::Authentication,
        402 => FailureKind::Billing,
        404 => FailureKind::ModelNotFound,
        413 => FailureKind::ContextOverflow,
        429 => FailureKind::RateLimit,
        529 => FailureKind::Overloaded,
        400..=499 => FailureKind::InvalidRequest,
        500..=599 => FailureKind::Server,
        _ => return None,
    })
}

/// Maps the error kind of an `assistant` message to a kind of failure.
fn by_word(word: &AssistantError) -> Option<FailureKind> {
    Some(match word {
        AssistantError::RateLimit => FailureKind::RateLimit,
        AssistantError::Overloaded => FailureKind::Overloaded,
        AssistantError::AuthenticationFailed
        | AssistantError::OauthOrgNotAllowed
        | AssistantError::AccountOnHold
        | AssistantError::VerificationRequired
        | AssistantError::CloudCredentialError => FailureKind::Authentication,
        AssistantError::BillingError => FailureKind::Billing,
        AssistantError::InvalidRequest => FailureKind::InvalidRequest,
        AssistantError::ModelNotFound => FailureKind::ModelNotFound,
        AssistantError::ServerError => FailureKind::Server,
        _ => return None,
    })
}

fn by_reason(reason: &TerminalReason) -> Option<FailureKind> {
    Some(match reason {
        TerminalReason::PromptTooLong | TerminalReason::RapidRefillBreaker | TerminalReason::BlockingLimit => {
            FailureKind::ContextOverflow
        }
        TerminalReason::MaxTurns => FailureKind::MaxTurns,
        TerminalReason::BudgetExhausted => FailureKind::MaxBudget,
        TerminalReason::ApiError => FailureKind::Server,
        _ => return None,
    })
}

/// Finds the HTTP status in `API Error: 529 ...` or `API Error (429 ...`, the texts of versions before 2.1.143.
fn status_in(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("api error")?;
    let digits = rest.trim_start_matches([':', ' ', '(']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok().filter(|status| (400..600).contains(status))
}

/// Finds the reset time in `... limit reached|1760000000` or `... resets 8:30am`.
fn reset_in(message: &str) -> Option<ResetTime> {
    if let Some((_, after)) = message.rsplit_once('|') {
        if let Ok(seconds) = after.trim().parse() {
            return Some(ResetTime::Unix(seconds));
        }
    }
    let (_, after) = message.split_once("resets ").or_else(|| message.split_once("reset at "))?;
    let line = after.trim_start_matches("at ").lines().next()?;
    let end = line.find(" \u{b7} ").unwrap_or(line.len());
    let time: String = line[..end].trim().trim_end_matches('.').chars().take(LONGEST_TIME).collect();
    (!time.is_empty()).then_some(ResetTime::Text(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::read::Tags;
    use crate::wire::view::view_of;

    fn result(fields: &str) -> TurnResult {
        view_of(format!("{{{fields}}}").as_bytes(), Tags::NONE).unwrap()
    }

    fn kind(fields: &str) -> Option<FailureKind> {
        result(fields).failure().map(|failure| failure.kind)
    }

    /// The results are taken from recordings of 2.1.332 and older versions, and from reports of users.
    #[test]
    fn each_cause_of_failure_is_distinguished() {
        let error = r#""subtype":"success","is_error":true"#;
        let cases = [
            (
                r#""api_error_status":429,"result":"API Error: Request rejected (429) \u00b7 slow down""#,
                FailureKind::RateLimit,
            ),
            (r#""result":"Claude AI usage limit reached|1760000000""#, FailureKind::RateLimit),
            (
                r#""api_error_status":529,"terminal_reason":"api_error","result":"API Error: 529 scripted. This is a server-side issue""#,
                FailureKind::Overloaded,
            ),
            (r#""result":"API Error (529 {\"type\":\"error\"})""#, FailureKind::Overloaded),
            (
                r#""api_error_status":401,"result":"Invalid API key \u00b7 Fix external API key""#,
                FailureKind::Authentication,
            ),
            (r#""result":"Please run /login""#, FailureKind::Authentication),
            (
                r#""api_error_status":400,"terminal_reason":"prompt_too_long","result":"Prompt is too long""#,
                FailureKind::ContextOverflow,
            ),
            (r#""terminal_reason":"prompt_too_long","result":"it does not fit""#, FailureKind::ContextOverflow),
            (r#""api_error_status":400,"result":"API Error: 400 scripted""#, FailureKind::InvalidRequest),
            (r#""api_error_status":500,"result":"API Error: 500""#, FailureKind::Server),
            (r#""result":"API Error: Connection error.","terminal_reason":"api_error""#, FailureKind::Server),
            (r#""api_error_type":"billing_error","result":"pay""#, FailureKind::Billing),
            (r#""result":"nobody knows""#, FailureKind::Other),
        ];
        for (fields, expected) in cases {
            assert_eq!(kind(&format!("{error},{fields}")), Some(expected), "{fields}");
        }
        assert_eq!(kind(r#""subtype":"error_max_turns""#), Some(FailureKind::MaxTurns));
        assert_eq!(kind(r#""subtype":"success","result":"rate limit""#), None);
        let aborted = r#""subtype":"success","terminal_reason":"aborted_tools""#;
        assert_eq!(kind(aborted), Some(FailureKind::Interrupted));
    }

    #[test]
    fn a_reset_time_is_reported_if_known() {
        let resets = |text: &str| {
            let fields = format!(r#""subtype":"success","is_error":true,"api_error_status":429,"result":"{text}""#);
            result(&fields).failure().unwrap().resets_at
        };
        assert_eq!(resets("usage limit reached|1760000000"), Some(ResetTime::Unix(1_760_000_000)));
        assert_eq!(resets("You've hit your session limit - resets 8:30am"), Some(ResetTime::Text("8:30am".into())));
        let with_zone = resets("You've hit your weekly limit \u{b7} resets Oct 9 at 5pm (Europe/Berlin)");
        assert_eq!(with_zone, Some(ResetTime::Text("Oct 9 at 5pm (Europe/Berlin)".into())));
        assert_eq!(resets("too many requests"), None);
        let limit: RateLimit = view_of(br#"{"status":"rejected","resetsAt":1760000001}"#, Tags::NONE).unwrap();
        let result = result(r#""subtype":"success","is_error":true,"result":"no more""#);
        let failure = Failure::classify(&result, None, Some(&limit)).unwrap();
        assert_eq!((failure.kind, failure.resets_at), (FailureKind::RateLimit, Some(ResetTime::Unix(1_760_000_001))));
        assert_eq!(
            Failure::classify(&result, Some(&AssistantError::Overloaded), None).unwrap().kind,
            FailureKind::Overloaded
        );
    }
}
