//! Reasons for the end of an incoming request without a response of the host.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::LostReason;

/// Reason for declining an incoming request at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeclinedReason {
    /// The host does not [handle](crate::Config::handle) requests of this kind.
    Unhandled,
    /// The kind is unknown, or a required field is missing.
    Unknown,
    /// Too many incoming requests are open.
    Full,
    /// The host did not declare this kind of dialog. The request got no response, as the [wire
    /// reference](crate::guide::wire#45-elicitations-and-dialogs) requires.
    Undeclared,
    /// The session is ending. If stdin is still open because the turn was just interrupted, the request got the
    /// response that is safe for its kind. Otherwise no response can be written.
    Closing,
}

impl fmt::Display for DeclinedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unhandled => "the host does not handle incoming requests of this kind",
            Self::Unknown => "the kind of the incoming request is unknown, or a required field is missing",
            Self::Full => "too many incoming requests are open",
            Self::Undeclared => "the host did not declare dialogs of this kind",
            Self::Closing => "the session is ending",
        })
    }
}

/// Reason for the cancellation of an incoming request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelledReason {
    /// The CLI cancelled the request: the turn was interrupted, the request timed out, or another host responded.
    Cli,
    /// The session ended, or can no longer write. If a [close](crate::Protocol::close) found that the turn
    /// outlasts its grace period, the request got the response that is safe for its kind.
    Ended(LostReason),
}

impl fmt::Display for CancelledReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cli => f.pad("cancelled by the CLI"),
            Self::Ended(reason) => reason.fmt(f),
        }
    }
}
