//! Errors of commands. The text of each error is complete: subject, cause, and remedy.

use std::fmt;

use thiserror::Error;

use crate::protocol::end::SessionClosed;

/// Error of a command that was refused. Contains the unchanged value and the reason.
///
/// ```
/// use claude_duplex::{
///     Config, Prompt, Protocol, RefusedReason, Seed, SessionTime, WhenBusy,
/// };
///
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// protocol.prompt(SessionTime::ZERO, Prompt::text("first")).unwrap();
/// let refused = protocol
///     .prompt(SessionTime::ZERO, Prompt::text("second").when_busy(WhenBusy::Reject))
///     .unwrap_err();
/// assert_eq!(refused.reason(), RefusedReason::Busy);
/// protocol
///     .prompt(SessionTime::ZERO, refused.into_inner().when_busy(WhenBusy::Queue))
///     .unwrap();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedError<T> {
    value: T,
    reason: RefusedReason,
    closed: Option<Box<SessionClosed>>,
}

impl<T> RefusedError<T> {
    pub(crate) fn new(value: T, reason: RefusedReason) -> Self {
        Self { value, reason, closed: None }
    }

    /// Creates the refusal of a session that has ended with `end`, or is about to.
    pub(crate) fn closed_with(value: T, end: Option<SessionClosed>) -> Self {
        Self { value, reason: RefusedReason::Closed, closed: end.map(Box::new) }
    }

    /// Drops the value that was refused.
    #[cfg(feature = "session")]
    pub(crate) fn without_value(self) -> RefusedError<()> {
        RefusedError { value: (), reason: self.reason, closed: self.closed }
    }

    /// Returns the value that was refused.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Returns a reference to the value that was refused.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the reason for the refusal.
    pub fn reason(&self) -> RefusedReason {
        self.reason
    }

    /// Returns `true` for [`RefusedReason::Full`]: retry with the same value after
    /// [`CapacityAvailable`](crate::Action::CapacityAvailable).
    pub fn is_full(&self) -> bool {
        self.reason == RefusedReason::Full
    }

    /// Returns `true` for [`RefusedReason::Closed`]: the session accepts no more commands.
    pub fn is_closed(&self) -> bool {
        self.reason == RefusedReason::Closed
    }

    /// Returns the end of the session if the reason is [`Closed`](RefusedReason::Closed). While the child is
    /// still ending, the exit status and the last lines can be missing.
    pub fn closed(&self) -> Option<&SessionClosed> {
        self.closed.as_deref()
    }
}

impl<T> fmt::Display for RefusedError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.closed {
            Some(closed) => write!(f, "the session accepts no more commands; open another: {closed}"),
            None => self.reason.fmt(f),
        }
    }
}

/// Begins with the text of `Display`, because a `main` that returns an error prints it by `Debug`.
impl<T: fmt::Debug> fmt::Debug for RefusedError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RefusedError").field(&format_args!("{self}")).field(&self.value).finish()
    }
}

/// Has no source: the text already contains the [`reason`](RefusedError::reason).
impl<T: fmt::Debug> std::error::Error for RefusedError<T> {}

/// Reason for the refusal of a command. The session is unchanged. Only [`Full`](RefusedReason::Full) can pass by
/// itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RefusedReason {
    /// A limit is reached. [`CapacityAvailable`](crate::Action::CapacityAvailable) follows when the command would
    /// be accepted.
    #[error(
        "a limit of the session (`Limits`) is reached: too much waits to be written or answered; try again after `Action::CapacityAvailable`"
    )]
    Full,
    /// The line is longer than [`Limits::unsent_hard`](crate::Limits::unsent_hard) and will never be accepted.
    #[error("prompt or request is longer than `Limits::unsent_hard`; make it shorter, or raise the limit")]
    TooLong,
    /// A turn is running, and the prompt has [`WhenBusy::Reject`](crate::WhenBusy::Reject).
    #[error(
        "a turn is running, and the prompt has `WhenBusy::Reject`; try again after the turn, or use another `WhenBusy`"
    )]
    Busy,
    /// The session is closing or closed.
    #[error("the session is closing or closed; open another")]
    Closed,
    /// The command cannot be recorded, and the session requires a journal: see `Driver::record_required`.
    #[error(
        "the journal cannot be written, so the session accepts no commands; resume it when the journal can be written"
    )]
    Unrecorded,
    /// The id of the prompt or request cannot be used. The UUID of a prompt was used before in this session. Or
    /// a response to an earlier request with the same id can still arrive, even after its timeout. Or the id of a
    /// request has the form of the ids that the session generates.
    #[error("the id of the prompt or request is in use or was used in this session; choose another, or none")]
    Reused,
    /// The CLI does not have the prompt to interrupt. Either it was not yet written (cancel it instead), or it
    /// has ended.
    #[error("the prompt to interrupt is not in the CLI; cancel it if it is still queued, otherwise it has ended")]
    NotRunning,
}

/// Error of a command for a prompt that has ended, or that belongs to another session. The session is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleIdError {
    closed: Option<Box<SessionClosed>>,
}

impl StaleIdError {
    pub(crate) fn new(end: Option<SessionClosed>) -> Self {
        Self { closed: end.map(Box::new) }
    }

    /// Returns the end of the session, if the session has ended and the prompt with it.
    #[must_use]
    pub fn closed(&self) -> Option<&SessionClosed> {
        self.closed.as_deref()
    }
}

impl fmt::Display for StaleIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the prompt has ended, or belongs to another session")?;
        match &self.closed {
            Some(closed) => write!(f, "; the session has ended: {closed}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StaleIdError {}

/// Error of a response to an incoming request. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RespondError {
    /// The request was answered or cancelled before, or belongs to another session.
    #[error("the incoming request was answered or cancelled, or belongs to another session")]
    Stale,
    /// The session has ended or is about to, which cancelled its open requests. While the child is still ending,
    /// parts of the end can be missing.
    #[error("the session accepts no more responses: {0}")]
    Closed(Box<SessionClosed>),
    /// The response cannot be recorded, and the session requires a journal. The request is still open.
    #[error(
        "the journal cannot be written, so the session accepts no responses; resume it when the journal can be written"
    )]
    Unrecorded,
    /// The response does not match the kind of the request.
    #[error("the response is of another kind than the incoming request; respond in the kind of the request")]
    Mismatch,
    /// The response would exceed [`Limits::unsent_hard`](crate::Limits::unsent_hard). The request is still open.
    #[error(
        "the response would exceed `Limits::unsent_hard`; the incoming request is still open: respond later or with less"
    )]
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prompt;

    /// A text that repeats the source would be printed twice in a chain of causes.
    #[test]
    fn the_text_of_a_refusal_contains_its_reason() {
        let refused = RefusedError::new(Prompt::text("hello"), RefusedReason::Busy);
        assert!(refused.to_string().contains("a turn is running"));
        assert!(std::error::Error::source(&refused).is_none());
    }

    /// Clippy warns about large errors.
    #[test]
    fn errors_that_contain_an_end_stay_small() {
        assert!(size_of::<RespondError>() <= 2 * size_of::<usize>());
        assert!(size_of::<StaleIdError>() <= size_of::<usize>());
        assert_eq!(size_of::<RefusedError<()>>(), 2 * size_of::<usize>());
    }
}
