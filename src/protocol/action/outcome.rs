//! Outcomes of prompts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::LostReason;

/// Outcome of a prompt. [`guide::turns`](crate::guide::turns) describes when each outcome is reported, and which
/// ones have a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The model answered the prompt, alone or together with other prompts.
    Success,
    /// The CLI processed the prompt without the model: a local command, e.g. `/context`, a blank prompt, or a
    /// prompt [without query](crate::Prompt::without_query). The result contains the CLI's own text.
    Local,
    /// The turn failed; [`error_text`](crate::TurnResult::error_text) of the result is the reason.
    Error,
    /// The turn was stopped by an [interrupt](crate::Protocol::interrupt), by a deny that ends the turn, or by a
    /// prompt of [`Priority::Now`](crate::Priority::Now).
    Interrupted,
    /// The [time limit](crate::Prompt::time_limit) of the prompt has passed. A result is present if the turn
    /// ended within the grace period.
    TimedOut {
        /// `true` if the CLI has finished the prompt, so that the session can be used as before. If `false`, the
        /// CLI did not stop in time and may still run the prompt, and queued prompts wait until it ends. The host
        /// can wait, [close](crate::Protocol::close) or [abort](crate::Protocol::abort) the session.
        stopped: bool,
    },
    /// The prompt never ran: it was cancelled while it was queued, or was not yet written when the session was
    /// closed.
    Cancelled,
    /// A hook ended the prompt: `UserPromptSubmit` refused it, or a hook stopped the turn at a tool (`continue:
    /// false`).
    Blocked,
    /// A `PreToolUse` hook deferred a tool call (`permissionDecision: "defer"`, of 2.1.332), and the turn ended
    /// before the call. [`deferred_tool_use`](crate::TurnResult::deferred_tool_use) of the result contains the
    /// call. The CLI makes the call when the session is resumed.
    Deferred,
    /// The CLI has already seen the UUID of the prompt and did not run it. It was used in this session, or in the
    /// one that this session [resumes](crate::Options::resume). A [`Seed`](crate::Seed) that is reused for a
    /// second process of the same session causes this for every prompt.
    Duplicate,
    /// The outcome is unknown: the CLI sent no result for the prompt.
    Lost(LostReason),
}

impl Outcome {
    /// Returns `true` if the prompt was answered, by the model or, if it is a [local](Self::Local) command, by
    /// the CLI.
    ///
    /// ```
    /// use claude_duplex::Outcome;
    ///
    /// assert!(Outcome::Success.is_success() && Outcome::Local.is_success());
    /// assert!(!Outcome::Blocked.is_success());
    /// ```
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success | Self::Local)
    }

    /// Returns the name of the outcome for programs, e.g. `success`. The reason of a lost prompt is not included.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Local => "local",
            Self::Error => "error",
            Self::Interrupted => "interrupted",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::Deferred => "deferred",
            Self::Duplicate => "duplicate",
            Self::Lost(_) => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(reason) => write!(f, "lost: {reason}"),
            Self::TimedOut { stopped: true } => f.pad("timed out"),
            Self::TimedOut { stopped: false } => f.pad("timed out and may still run"),
            other => f.pad(other.as_str()),
        }
    }
}

/// Confidence of the outcome of a prompt.
///
/// CLIs before 2.1.206 do not name every prompt that ends. They do not name prompts that run as local commands,
/// that a hook refuses, or that are aborted before the first word. Without `--replay-user-messages` they name
/// none. Rules of this crate decide in these cases. The rules are right for nearly all recordings, but they can
/// be wrong, e.g. while prompts of several [priorities](crate::Priority) are queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attribution {
    /// The CLI named the prompt and reported how its turn ended, or the host or the session ended the prompt.
    Evidence,
    /// A rule of this crate chose the prompt or its outcome, because the CLI does not report it.
    Inferred,
}

impl fmt::Display for Attribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Evidence => "evidence",
            Self::Inferred => "inferred",
        })
    }
}
