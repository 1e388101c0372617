//! Errors of commands. The text of each stands alone in a log: it names its subject, the cause, and the way out.

use std::fmt;

use thiserror::Error;

use crate::protocol::end::SessionClosed;

/// A command that was not taken: the value, unharmed and to be given again, and the reason.
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

    /// The refusal of a session that has ended so, or is about to.
    pub(crate) fn closed_with(value: T, end: Option<SessionClosed>) -> Self {
        Self { value, reason: RefusedReason::Closed, closed: end.map(Box::new) }
    }

    /// Returns the value that was not taken.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Lends the value that was not taken.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the reason.
    pub fn reason(&self) -> RefusedReason {
        self.reason
    }

    /// Returns `true` for [`RefusedReason::Full`]: the same value is worth another try after
    /// [`CapacityAvailable`](crate::Action::CapacityAvailable).
    pub fn is_full(&self) -> bool {
        self.reason == RefusedReason::Full
    }

    /// Returns `true` for [`RefusedReason::Closed`]: the session takes no more commands.
    pub fn is_closed(&self) -> bool {
        self.reason == RefusedReason::Closed
    }

    /// Returns the end of the session, if that is the [reason](RefusedReason::Closed). While the child is still ending, the end
    /// has what is known so far: the exit status and the last lines can be missing.
    pub fn closed(&self) -> Option<&SessionClosed> {
        self.closed.as_deref()
    }
}

impl<T> fmt::Display for RefusedError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.closed {
            Some(closed) => write!(f, "the session takes no more commands, open another: {closed}"),
            None => self.reason.fmt(f),
        }
    }
}

/// Begins with the text: a `main` that returns an error prints it by `Debug`.
impl<T: fmt::Debug> fmt::Debug for RefusedError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RefusedError").field(&format_args!("{self}")).field(&self.value).finish()
    }
}

/// It speaks for [`reason`](RefusedError::reason), which therefore is no further cause.
impl<T: fmt::Debug> std::error::Error for RefusedError<T> {}

/// Why a command was not taken. Nothing was changed; only [`Full`](RefusedReason::Full) may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RefusedReason {
    /// A limit is reached; [`CapacityAvailable`](crate::Action::CapacityAvailable) follows when what was refused would be taken.
    #[error(
        "a limit of the session (`Limits`) is reached: too much waits to be written or answered; try again after `Action::CapacityAvailable`"
    )]
    Full,
    /// Its line is longer than [`Limits::unsent_hard`](crate::Limits::unsent_hard): it could not even wait to be written.
    #[error("prompt or request is longer than `Limits::unsent_hard`; make it shorter, or raise the limit")]
    TooLong,
    /// A turn runs and the policy is [`WhenBusy::Reject`](crate::WhenBusy::Reject).
    #[error(
        "a turn is running, and the prompt has `WhenBusy::Reject`; try again after the turn, or use another `WhenBusy`"
    )]
    Busy,
    /// The session is closing or closed.
    #[error("the session is closing or closed; open another")]
    Closed,
    /// The command cannot be recorded, and the session has a journal that is required: see `Driver::record_required`.
    #[error(
        "the journal cannot be written, so the session takes no commands; resume it when the journal can be written"
    )]
    Unrecorded,
    /// Its uuid was used before in this session; or a reply to another request of its id may still come, also after a timeout,
    /// or its id is of the form that the session gives by itself.
    #[error("the id of the prompt or request is in use or was used in this session; choose another, or none")]
    Reused,
    /// The interrupt is aimed at a prompt that the CLI does not have: not yet written (cancel it), or ended.
    #[error("the prompt to interrupt is not with the CLI: cancel it if it still waits; otherwise it has ended")]
    NotRunning,
}

/// Error of a command for a prompt that has ended, or that belongs to another session. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleIdError {
    closed: Option<Box<SessionClosed>>,
}

impl StaleIdError {
    pub(crate) fn new(end: Option<SessionClosed>) -> Self {
        Self { closed: end.map(Box::new) }
    }

    /// Returns the end of the session, if the session has ended: every prompt ended with it.
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
    #[error("the incoming request is over, or belongs to another session")]
    Stale,
    /// The session has ended or is about to, and its open requests were cancelled with it. While the child is still ending, the
    /// end has what is known so far.
    #[error("the session takes no more responses: {0}")]
    Closed(Box<SessionClosed>),
    /// The response cannot be recorded, and the session has a journal that is required. The request is still open.
    #[error(
        "the journal cannot be written, so the session takes no responses; resume it when the journal can be written"
    )]
    Unrecorded,
    /// The response is of another kind than the request.
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

    /// An error whose text repeats its source is read twice in a chain of causes.
    #[test]
    fn a_refusal_has_its_reason_in_the_text_and_no_source() {
        let refused = RefusedError::new(Prompt::text("hello"), RefusedReason::Busy);
        assert!(refused.to_string().contains("a turn is running"));
        assert!(std::error::Error::source(&refused).is_none());
    }

    /// What clippy calls a large error.
    #[test]
    fn an_end_does_not_make_an_error_large() {
        assert!(size_of::<RespondError>() <= 2 * size_of::<usize>());
        assert!(size_of::<StaleIdError>() <= size_of::<usize>());
        assert_eq!(size_of::<RefusedError<()>>(), 2 * size_of::<usize>());
    }
}
