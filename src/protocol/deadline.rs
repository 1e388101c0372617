//! Deadlines: the reasons why a session acts without an input.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Reason for the time that [`poll_timeout`](crate::Protocol::poll_timeout) returns. The durations are set in
/// [`Timeouts`](crate::Timeouts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Deadline {
    /// The response to `initialize`.
    Initialize,
    /// The response to another request.
    Request,
    /// The acknowledgment of an interrupt.
    Interrupt,
    /// The end of the running turn.
    Turn,
    /// The [time limit](crate::Prompt::time_limit) of a prompt, or its grace period.
    Prompt,
    /// The missing result of a turn that has ended.
    Result,
    /// The next byte of the CLI, while work is pending.
    Stall,
    /// The next step of the shutdown.
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
