//! Counters of lines that have no action.

/// Counters of lines that have no action, and of damaged lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Lines that contain only blanks.
    pub blank: u64,
    /// Lines of type `keep_alive`.
    pub keep_alive: u64,
    /// Echoes of the host's responses (since 2.0.76).
    pub echoed_responses: u64,
    /// Incoming requests that were already known from the response to `initialize`.
    pub repeated_requests: u64,
    /// [Damaged lines](crate::Action::DamagedLine). Each has an action of its own, as do the messages in it.
    pub damaged: u64,
}
