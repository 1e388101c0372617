//! Outcomes of prompts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::LostReason;

/// How a prompt ended. When which is told, and which has a result, is in [`guide::turns`](crate::guide::turns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The model answered it, alone or together with others.
    Success,
    /// The CLI dealt with it, and the model was not asked: a local command as `/context`, a blank prompt, one
    /// [without query](crate::Prompt::without_query). The result has the CLI's own text.
    Local,
    /// Its turn failed; the result [says why](crate::TurnResult::error_text).
    Error,
    /// Its turn was stopped: by an [interrupt](crate::Protocol::interrupt), a deny that ends the turn, or a prompt of
    /// [`Priority::Now`](crate::Priority::Now).
    Interrupted,
    /// Its [time limit](crate::Prompt::time_limit) has passed. It has a result if its turn ended within the grace period.
    TimedOut {
        /// Whether the CLI is done with the prompt, so that the session can be used as before. If not, the CLI did not stop in
        /// time and may still run the prompt: queued prompts wait until it ends. Wait, [close](crate::Protocol::close) or
        /// [abort](crate::Protocol::abort) the session.
        stopped: bool,
    },
    /// It never ran: it was withdrawn while it waited, or waited here when the session was closed.
    Cancelled,
    /// A hook ended it: `UserPromptSubmit` refused the prompt, or a hook stopped its turn at a tool (`continue: false`).
    Blocked,
    /// A `PreToolUse` hook deferred a call of a tool (`permissionDecision: "defer"`), and the turn ended before the call. The result has the
    /// call in [`deferred_tool_use`](crate::TurnResult::deferred_tool_use) (`defer` of 2.1.332). The call is made when the session is
    /// resumed.
    Deferred,
    /// The CLI has seen its uuid, in this session or in the one that it [resumes](crate::Options::resume), and did not run
    /// it. A [`Seed`](crate::Seed) that is used for a second process of the same session does that to every prompt.
    Duplicate,
    /// What became of it cannot be known.
    Lost(LostReason),
}

impl Outcome {
    /// Returns whether the prompt was answered, by the model or, if it is a [local](Self::Local) command, by the CLI itself.
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

    /// Its name for a program, as `success`; that of a lost one without why.
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

/// Confidence of what is said of a prompt's end.
///
/// Versions of the CLI before 2.1.206 do not name every prompt: not those that run as local commands, that a hook refuses,
/// or that are aborted before the first word, and none at all without
/// `--replay-user-messages`. Rules fill the gap. They are right for nearly all that
/// was recorded, and they can be wrong: with prompts of several [priorities](crate::Priority) under way, for example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attribution {
    /// The CLI named the prompt and said how its turn ended; or the end is the host's own, or the session's.
    Evidence,
    /// A rule of this crate chose the prompt, or its outcome, because the CLI says nothing.
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
