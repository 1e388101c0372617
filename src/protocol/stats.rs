//! Counts of lines that have no action.

/// Lines that are accounted for without an action, and damaged ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Lines of blanks.
    pub blank: u64,
    /// `keep_alive`s.
    pub keep_alive: u64,
    /// Echoes of our own answers (from 2.0.76 on).
    pub echoed_answers: u64,
    /// Incoming requests that were known already from the reply to an `initialize`.
    pub asked_again: u64,
    /// Lines that were [damaged](crate::Action::DamagedLine). Each has that action, and those of the messages in it.
    pub damaged: u64,
}
