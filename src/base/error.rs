//! Errors. The text of each stands alone in a log: it names its subject, the cause, and the way out where there is one.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base::text::Quoted;

/// Why a request of ours got no success.
#[derive(Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The CLI answered with an error.
    #[error("the CLI refused the request: {message}")]
    Refused {
        /// What it said.
        message: String,
        /// The CLI's own code, from 2.1.329 on.
        code: Option<String>,
    },
    /// No reply came in time. A later one is [`UnmatchedResponse`](crate::Action::UnmatchedResponse).
    #[error("the CLI did not answer the request in time; `Timeouts` and `Request::timeout` set the time")]
    TimedOut,
    /// The response is longer than [`Limits::line`](crate::Limits::line) and was not read. The CLI has dealt with the request.
    #[error("the response of {length} bytes is longer than `Limits::line`")]
    #[non_exhaustive]
    TooLong {
        /// Length of the line in bytes.
        length: u64,
    },
    /// The session ended first, and an error result that came in the meantime says why: the CLI could not start, as after
    /// a bad `--resume`.
    #[error("the session ended before the CLI answered: {message}")]
    Failed {
        /// The result's text, at most 4096 characters of it.
        message: String,
        /// How the session ended.
        reason: LostReason,
    },
    /// The session ended first.
    #[error("the session ended before the CLI answered: {0}")]
    Lost(LostReason),
}

impl fmt::Debug for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { message, code } => f
                .debug_struct("Refused")
                .field("message", &Quoted(message))
                .field("code", &code.as_deref().map(Quoted))
                .finish(),
            Self::TimedOut => f.write_str("TimedOut"),
            Self::TooLong { length } => f.debug_struct("TooLong").field("length", length).finish(),
            Self::Failed { message, reason } => {
                f.debug_struct("Failed").field("message", &Quoted(message)).field("reason", reason).finish()
            }
            Self::Lost(reason) => f.debug_tuple("Lost").field(reason).finish(),
        }
    }
}

/// Why something has no outcome of its own: the session ended, or can no longer be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LostReason {
    /// The CLI's output ended.
    #[error("the CLI's output ended")]
    Eof,
    /// The CLI exited.
    #[error("the CLI exited")]
    Exited,
    /// The CLI's output ended after an error result that belongs to no turn: a crash (2.1.278 crashes when it is interrupted
    /// while a `UserPromptSubmit` hook is open), or a `--resume` of a session that does not exist.
    /// [`SessionClosed::last_error`](crate::SessionClosed::last_error) has the text of that result.
    #[error("the CLI failed; `SessionClosed::last_error` has its report")]
    Failed,
    /// The host aborted the session.
    #[error("the session was aborted")]
    Aborted,
    /// The session was closed: a grace ran out, or stdin is closed and what was asked cannot be answered any more.
    #[error("the session was closed first")]
    Closed,
    /// The CLI no longer reads its input.
    #[error("the CLI no longer reads its input")]
    Unsent,
    /// The CLI reported that its turn is over, and no result came within
    /// [`Timeouts::missing_result`](crate::Timeouts::missing_result). A later result is given to no other prompt.
    #[error("the CLI finished the turn without a result")]
    NoResult,
}

/// Why a line is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectedReason {
    /// It is not JSON.
    #[error("the line is not JSON")]
    NotJson,
    /// It is JSON, but no object.
    #[error("the line is JSON, but not an object")]
    NotAnObject,
    /// It has no `type`, or one that is no text.
    #[error("the line has no `type` that is a string")]
    NoType,
    /// It is longer than [`Limits::line`](crate::Limits::line). A request of the CLI that it begins is
    /// [declined](crate::RejectedLine::declined). A response that it begins ends its request as
    /// [too long](RequestError::TooLong).
    #[error("the line is longer than `Limits::line`")]
    TooLong,
    /// The output ended within it.
    #[error("the output ended within the line")]
    CutOff,
    /// An incoming request or response without an id that is a text of at most 256 bytes. An incoming request with a longer id, up to
    /// 16 KiB, is [declined](crate::RejectedLine::declined).
    #[error("the line has no request id of at most 256 bytes")]
    NoRequestId,
    /// Listed as an open incoming request in the reply to an `initialize`, and none.
    #[error("the item is listed as an incoming request, but is not one")]
    NotAnAsk,
    /// What the reply to an `initialize` lists behind the first 1,024 open incoming requests of a kind. Those asks are not delivered and
    /// get no answer.
    #[error("the item is behind the first 1,024 requests of a list")]
    TooManyListed,
    /// An incoming request under the id of one that is open.
    #[error("the id is that of another incoming request that is open")]
    DuplicateAsk,
}

/// A text that is not a uuid in its 36-character form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text is not a uuid of the form 00000000-0000-0000-0000-000000000000")]
pub struct ParseUuidError;

/// How much of a parser's words a [`DecodeError`] repeats, in characters.
const LONGEST_WHY: usize = 200;

/// A message lacks what a typed view needs. The message itself is unharmed.
// In a box: every read returns a result, and most succeed.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Misread>);

#[derive(Clone, PartialEq, Eq)]
struct Misread {
    path: String,
    reason: Reason,
}

/// Reason of a [`DecodeError`].
#[derive(Clone, PartialEq, Eq)]
enum Reason {
    /// Predicate of a sentence about the value.
    Predicate(String),
    /// A sentence of its own.
    Sentence(String),
}

impl DecodeError {
    pub(crate) fn missing(name: &str) -> Self {
        Self::at(name.to_owned(), Reason::Predicate("is missing".to_owned()))
    }

    #[cold]
    pub(crate) fn expected(what: &str) -> Self {
        Self::at(String::new(), Reason::Predicate(format!("is not {what}")))
    }

    /// For another reason. A parser's words may quote what it read, so that they are cut.
    pub(crate) fn other(reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        if let Some((end, _)) = reason.char_indices().nth(LONGEST_WHY) {
            reason.truncate(end);
            reason.push_str("...");
        }
        Self::at(String::new(), Reason::Sentence(reason))
    }

    fn at(path: String, reason: Reason) -> Self {
        Self(Box::new(Misread { path, reason }))
    }

    /// The same of a value that stands in this field.
    pub(crate) fn within(mut self, name: &str) -> Self {
        let dot = if self.path().is_empty() { "" } else { "." };
        self.0.path = format!("{name}{dot}{}", self.path());
        self
    }

    fn reason(&self) -> &str {
        match &self.0.reason {
            Reason::Predicate(reason) | Reason::Sentence(reason) => reason,
        }
    }

    /// The field that is missing or not as expected, as `message.content.0.text`; empty where it is the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path(), &self.0.reason) {
            ("", Reason::Predicate(reason)) => write!(f, "the value {reason}"),
            ("", Reason::Sentence(reason)) => f.write_str(reason),
            (path, Reason::Predicate(reason)) => write!(f, "the field `{path}` {reason}"),
            (path, Reason::Sentence(reason)) => write!(f, "the field `{path}`: {reason}"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<JsonError> for DecodeError {
    fn from(error: JsonError) -> Self {
        Self::other(error.to_string())
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("path", &Quoted(self.path()))
            .field("reason", &Quoted(self.reason()))
            .finish()
    }
}

/// A text that is not one JSON value, or a value of another shape than was wanted. The cause says where.
#[derive(Error)]
#[error("the text is not the JSON that was expected")]
pub struct JsonError(#[source] pub(crate) serde_json::Error);

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonError").field(&Quoted(&self.0.to_string())).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use crate::{Json, JsonError, Recorder};

    use super::*;

    /// Every message of a chain of causes, the outermost first.
    fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
        let mut chain = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            chain.push(error.to_string());
            cause = error.source();
        }
        chain
    }

    struct Broken;

    impl std::io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_error_says_what_its_cause_says() {
        let bad: JsonError = Json::parse("{").unwrap_err();
        let recorder = Recorder::new(
            Broken,
            &crate::Config::new(crate::Seed::from_bytes([1; 16])),
            crate::SessionTime::ZERO,
            u64::MAX,
        );
        let errors: [(&dyn Error, &str); 3] = [
            (&bad, "EOF while parsing"),
            (recorder.stopped().unwrap(), "the disk is gone"),
            (&RequestError::Lost(LostReason::Eof), "output ended"),
        ];
        for (error, cause) in errors {
            let chain = chain(error);
            let told = chain.iter().filter(|message| message.contains(cause)).count();
            assert_eq!(told, 1, "{chain:?}");
        }
    }
}
