//! Reasons for which an incoming request gets no response of the host.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::LostReason;

/// Why an incoming request was declined at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeclinedReason {
    /// The host does not [own](crate::Config::handle) its kind.
    #[serde(rename = "unowned")]
    Unhandled,
    /// Its kind is unknown, or it lacks what an incoming request must have.
    Unknown,
    /// Too many incoming requests are open.
    Full,
    /// A dialog of a kind that the host did not declare: it got no reply, as the [wire reference](crate::guide::wire#45-elicitations-and-dialogs) demands.
    Undeclared,
    /// The session is ending. If stdin is still open, because the turn was just interrupted, the request got the response
    /// that is safe for its kind; else none can be written.
    Closing,
}

impl fmt::Display for DeclinedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unhandled => "the host does not own its kind",
            Self::Unknown => "its kind is unknown, or it lacks what an ask must have",
            Self::Full => "too many asks are open",
            Self::Undeclared => "a dialog of a kind that the host did not declare",
            Self::Closing => "the session is ending",
        })
    }
}

/// Who withdrew an incoming request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelledReason {
    /// The CLI: interrupted, timed out, or answered elsewhere.
    Cli,
    /// The session: it ended, or can no longer write. A [close](crate::Protocol::close) whose turn outlasts its grace has
    /// refused the request in the way that is safe for its kind.
    Ended(LostReason),
}

impl fmt::Display for CancelledReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cli => f.pad("withdrawn by the CLI"),
            Self::Ended(reason) => reason.fmt(f),
        }
    }
}
