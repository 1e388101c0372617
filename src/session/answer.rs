//! The end of a prompt as a result: the answer, or an error that explains the end.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::prompt_end::PromptEnd;
use crate::base::error::{DecodeError, LostReason};
use crate::base::text::LastLines;
use crate::message::usage::Usage;
use crate::message::{Failure, Message};
use crate::protocol::action::Outcome;
use crate::protocol::end::SessionClosed;

/// Answer to a prompt that ended with success: [`PromptEnd::into_result`].
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime};
/// use claude_duplex::{Config, Driver, Seed};
///
/// let runtime = TestRuntime::new();
/// let child = runtime.start(Script::default().then([Step::text("hi")]));
/// let (claude, runner) =
///     Driver::new(Config::new(Seed::from_bytes([1; 16])), child).into_session();
/// let talk = async { claude.prompt("hello").unwrap().finish().await.into_result() };
/// let answer = runtime.run(runner.run_until(talk)).unwrap();
/// assert_eq!(answer.text(), "hi");
/// assert!(answer.session_id().is_some());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(Box<PromptEnd>);

impl Answer {
    pub(super) fn new(end: PromptEnd) -> Self {
        Self(Box::new(end))
    }

    /// Returns the text of the answer; empty if the result has none.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.text()
    }

    /// Returns the `result` message that answers the prompt. Prompts that shared a turn share the message.
    #[must_use]
    pub fn result(&self) -> Option<&Message> {
        self.0.result.as_ref()
    }

    /// Returns the id of the session in which the prompt ran, by which the session is resumed.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        self.0.session_id()
    }

    /// Returns the cost of the CLI process since its start, in US dollars. See [`PromptEnd::total_cost_usd`].
    #[must_use]
    pub fn total_cost_usd(&self) -> Option<f64> {
        self.0.total_cost_usd()
    }

    /// Returns the cost of the turn, in US dollars. See [`PromptEnd::cost_usd`].
    #[must_use]
    pub fn cost_usd(&self) -> Option<f64> {
        self.0.cost_usd()
    }

    /// Returns the tokens of the turn. See [`PromptEnd::usage`].
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.0.usage()
    }

    /// Returns the duration of the turn as measured by the CLI.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.0.duration()
    }

    /// Decodes the answer in the shape of the JSON schema that the session was started with
    /// ([`Options::json_schema`](crate::Options::json_schema)).
    ///
    /// # Errors
    /// [`DecodeError`] if the result has no structured output, or if that is not a `T`.
    pub fn structured<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        const FIELD: &str = "structured_output";
        let result = self.0.details().ok_or_else(|| DecodeError::missing("result"))??;
        let output = result.structured_output.ok_or_else(|| DecodeError::missing(FIELD))?;
        output.decode().map_err(|error| DecodeError::from(error).within(FIELD))
    }

    /// Returns the whole end of the prompt.
    #[must_use]
    pub fn end(&self) -> &PromptEnd {
        &self.0
    }

    /// Converts the answer into the end of the prompt.
    #[must_use]
    pub fn into_end(self) -> PromptEnd {
        *self.0
    }
}

/// End of a prompt without an answer: [`PromptEnd::into_result`].
///
/// `Display` explains the end in one line: the outcome, and the failure that the CLI reported. If the prompt was
/// lost with its session, the end of the session follows, with the last lines of the CLI's output. `Debug` begins
/// with the same text, because a `main` that returns an error prints it by `Debug`.
///
/// ```
/// use claude_duplex::testing::{Fault, Script, TestRuntime};
/// use claude_duplex::{Config, Driver, Seed};
///
/// let runtime = TestRuntime::new();
/// let no_key = Fault::Exit { code: 1, message: "Invalid API key".into() };
/// let child = runtime.start(Script::default().fault(no_key));
/// let (claude, runner) =
///     Driver::new(Config::new(Seed::from_bytes([1; 16])), child).into_session();
/// let talk = async { claude.prompt("hello").unwrap().finish().await.into_result() };
/// let error = runtime.run(runner.run_until(talk)).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the session ended before the prompt got a result: the CLI exited; exit status 1; \
///      stderr: Invalid API key"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PromptError(Box<PromptEnd>);

impl PromptError {
    pub(super) fn new(end: PromptEnd) -> Self {
        Self(Box::new(end))
    }

    /// Returns the outcome, which is not a success.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns the end of the session, if the prompt was lost with it.
    #[must_use]
    pub fn closed(&self) -> Option<&SessionClosed> {
        self.0.closed.as_ref()
    }

    /// Returns the failure that the CLI reported, if it did: a limit, an overloaded API, a login that is not accepted, and more.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.0.failure()
    }

    /// Returns the whole end of the prompt.
    #[must_use]
    pub fn end(&self) -> &PromptEnd {
        &self.0
    }

    /// Converts the error into the end of the prompt.
    #[must_use]
    pub fn into_end(self) -> PromptEnd {
        *self.0
    }
}

impl PromptEnd {
    /// Returns the answer if the outcome [is a success](Self::is_success), and otherwise an error that explains
    /// the end. Awaiting a [`PromptHandle`](super::PromptHandle) returns the same value.
    ///
    /// ```
    /// use claude_duplex::Session;
    ///
    /// async fn ask(claude: &Session) -> Result<String, Box<dyn std::error::Error>> {
    ///     let end = claude.prompt("what is in this folder?")?.finish().await;
    ///     Ok(end.into_result()?.text())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`PromptError`], which contains this end.
    pub fn into_result(self) -> Result<Answer, PromptError> {
        if self.is_success() { Ok(Answer::new(self)) } else { Err(PromptError::new(self)) }
    }
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(closed) = self.closed() {
            return write!(f, "the session ended before the prompt got a result: {closed}");
        }
        f.write_str(match self.outcome() {
            Outcome::Interrupted => "the prompt was interrupted",
            Outcome::TimedOut { stopped: true } => "the prompt timed out",
            Outcome::TimedOut { stopped: false } => "the prompt timed out and may still run",
            Outcome::Cancelled => "the prompt was cancelled before it ran",
            Outcome::Blocked => "the prompt was blocked by a hook",
            Outcome::Deferred => "the prompt ended because a hook deferred a tool call",
            Outcome::Duplicate => "the prompt did not run because the session already knows its UUID",
            Outcome::Lost(LostReason::NoResult) => "the prompt was lost: the CLI finished it without a result",
            Outcome::Lost(_) => "the session ended before the prompt got a result",
            Outcome::Error | Outcome::Success | Outcome::Local => "the prompt failed",
        })?;
        if !matches!(self.outcome(), Outcome::Error | Outcome::Blocked) {
            return Ok(());
        }
        let cause = self.failure().map_or_else(|| self.0.text(), |failure| failure.message);
        if cause.trim().is_empty() { Ok(()) } else { write!(f, ": {}", LastLines(&cause)) }
    }
}

impl fmt::Debug for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PromptError").field(&format_args!("{self}")).field(&self.0).finish()
    }
}

impl Error for PromptError {}
