//! The reasons for which a session may have to act without any input.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why [`poll_timeout`](crate::Protocol::poll_timeout) names an instant. The waits are in
/// [`Timeouts`](crate::Timeouts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Deadline {
    /// `initialize` has no reply.
    Initialize,
    /// Another request has no reply.
    Request,
    /// An interrupt is not acknowledged.
    Interrupt,
    /// The running turn takes long.
    Turn,
    /// The [time limit](crate::Prompt::time_limit) of a prompt, or its grace period.
    Prompt,
    /// The result of a turn that is over does not come.
    Result,
    /// Nothing was received for long while something is owed.
    Stall,
    /// The next step of the end.
    Shutdown,
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Initialize => "initialize",
            Self::Request => "request",
            Self::Interrupt => "interrupt",
            Self::Turn => "turn",
            Self::Prompt => "prompt",
            Self::Result => "result",
            Self::Stall => "stall",
            Self::Shutdown => "shutdown",
        })
    }
}
