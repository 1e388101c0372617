//! One error for everything that a session does.

use thiserror::Error;

use super::answer::PromptError;
use super::call_error::CallError;
use super::state::IncomingError;
use super::waiting::ring::Lagged;
#[cfg(any(feature = "smol", feature = "tokio"))]
use crate::driver::SpawnError;
use crate::message::Failure;
use crate::protocol::end::SessionClosed;
use crate::protocol::error::{RefusedError, RespondError, StaleIdError};

/// Any error of a session: one error type for functions that start sessions, send prompts and requests, and
/// respond. Each error of these calls converts to it by `?`.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime};
/// use claude_duplex::message::FailureKind;
/// use claude_duplex::{Config, Driver, Seed, Session, SessionError};
///
/// async fn ask(claude: &Session, question: &str) -> Result<String, SessionError> {
///     Ok(claude.prompt(question)?.await?.text())
/// }
///
/// let runtime = TestRuntime::new();
/// let script = Script::default().then([Step::api_error(529, "overloaded", 0)]);
/// let config = Config::new(Seed::from_bytes([1; 16]));
/// let (claude, runner) = Driver::new(config, runtime.start(script)).into_session();
/// let ask = async { ask(&claude, "hello").await.unwrap_err() };
/// let error = runtime.run(runner.run_until(ask));
/// assert_eq!(error.failure().unwrap().kind, FailureKind::Overloaded);
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The CLI was not started.
    #[cfg(any(feature = "smol", feature = "tokio"))]
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The incoming requests of the session cannot be taken.
    #[error(transparent)]
    Incoming(#[from] IncomingError),
    /// A request failed: the CLI responded with an error, or did not respond.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A command was refused. The prompt or request itself is dropped.
    #[error(transparent)]
    Refused(RefusedError<()>),
    /// A prompt ended without an answer.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A response was refused.
    #[error(transparent)]
    Respond(#[from] RespondError),
    /// The prompt or request of a command has ended.
    #[error(transparent)]
    Stale(#[from] StaleIdError),
    /// A reader was too slow, and missed messages.
    #[error(transparent)]
    Lagged(#[from] Lagged),
}

impl<T> From<RefusedError<T>> for SessionError {
    fn from(error: RefusedError<T>) -> Self {
        Self::Refused(error.without_value())
    }
}

impl SessionError {
    /// Returns the failure that the CLI reported, if it did: see [`PromptError::failure`].
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Prompt(error) => error.failure(),
            _ => None,
        }
    }

    /// Returns the end of the session, if the session has ended, or is about to.
    #[must_use]
    pub fn closed(&self) -> Option<&SessionClosed> {
        match self {
            Self::Prompt(error) => error.closed(),
            Self::Call(CallError::Closed(closed)) => Some(closed),
            Self::Refused(error) => error.closed(),
            _ => None,
        }
    }
}
