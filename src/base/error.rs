//! Errors. Each message can stand alone in a log: it contains the subject, the cause, and a remedy if there is one.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base::text::Quoted;

/// Reason why a request of the host did not succeed.
#[derive(Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The CLI responded with an error.
    #[error("the CLI refused the request: {message}")]
    #[non_exhaustive]
    Refused {
        /// Message of the CLI.
        message: String,
        /// Error code of the CLI. Since 2.1.329.
        code: Option<String>,
    },
    /// No response arrived in time. A later one is reported as [`UnmatchedResponse`](crate::Action::UnmatchedResponse).
    #[error("the CLI did not respond to the request in time; to wait longer, set `Timeouts` or `Request::timeout`")]
    TimedOut,
    /// The response is longer than [`Limits::line`](crate::Limits::line), and was not read. The CLI has handled the
    /// request.
    #[error("the response has {length} bytes, more than `Limits::line` allows; raise the limit")]
    #[non_exhaustive]
    TooLong {
        /// Length of the line in bytes.
        length: u64,
    },
    /// The session ended before a response, after an error result that contains the cause. For example, the CLI could not
    /// start because of a bad `--resume`.
    #[error("the session ended before the CLI responded: {message}")]
    #[non_exhaustive]
    Failed {
        /// Text of the error result, at most 4096 characters.
        message: String,
        /// Cause of the session's end.
        reason: LostReason,
    },
    /// The session ended before a response.
    #[error("the session ended before the CLI responded: {0}")]
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

/// Reason why a prompt or a request has no outcome of its own: the session ended, or the CLI reported no result.
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
    /// The CLI's output ended after an error result that belongs to no turn. This is a crash, or a `--resume` of a session
    /// that does not exist. For example, 2.1.278 crashes if it is interrupted while a `UserPromptSubmit` hook is open.
    ///
    /// [`SessionClosed::last_error`](crate::SessionClosed::last_error) contains the text of that result.
    #[error("the CLI failed; `SessionClosed::last_error` contains the reason")]
    Failed,
    /// The host aborted the session.
    #[error("the session was aborted")]
    Aborted,
    /// The session was closed. Either a grace period ended, or stdin is closed, which makes a response impossible.
    #[error("the session was closed before")]
    Closed,
    /// The CLI no longer reads its input.
    #[error("the CLI no longer reads its input")]
    Unsent,
    /// The CLI reported the end of the turn, and no result arrived within
    /// [`Timeouts::missing_result`](crate::Timeouts::missing_result). A later result is not assigned to another prompt.
    #[error("the CLI finished the turn without a result")]
    NoResult,
}

/// Reason why a line is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectedReason {
    /// The line is not JSON.
    #[error("the line is not JSON")]
    NotJson,
    /// The line is JSON, but not an object.
    #[error("the line is JSON, but not an object")]
    NotAnObject,
    /// The object lacks a field `type`, or the field is not a string.
    #[error("the line lacks a field `type` that is a string")]
    NoType,
    /// The line is longer than [`Limits::line`](crate::Limits::line).
    ///
    /// If the line starts a request of the CLI, the request is [declined](crate::RejectedLine::declined). If it starts a
    /// response, the request of the host ends as [too long](RequestError::TooLong).
    #[error("the line is longer than `Limits::line`")]
    TooLong,
    /// The output ended within the line.
    #[error("the output ended within the line")]
    CutOff,
    /// An incoming request or a response lacks an id that is a string of at most 256 bytes. An incoming request with a
    /// longer id, up to 16 KiB, is [declined](crate::RejectedLine::declined).
    #[error("the line lacks a request id of at most 256 bytes")]
    NoRequestId,
    /// The response to `initialize` lists the item as an open incoming request, but it is not a request.
    #[error("the item is listed as an incoming request, but is not one")]
    NotAnIncomingRequest,
    /// The response to `initialize` lists more than 1,024 open incoming requests of one kind. The items beyond the limit are
    /// neither delivered nor answered.
    #[error("the item exceeds the limit of 1,024 listed requests")]
    TooManyListed,
    /// An incoming request has the same id as one that is open.
    #[error("the id belongs to another open incoming request")]
    DuplicateIncomingRequest,
}

/// Error for a text that is not a uuid in its 36-character form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text is not a uuid; write it in the form 00000000-0000-0000-0000-000000000000")]
pub struct ParseUuidError;

/// Maximum length of a parser's message that a [`DecodeError`] repeats, in characters.
const LONGEST_WHY: usize = 200;

/// Error of a typed view: a field of a message is missing or has another type. The message itself stays available.
// Boxed, since every read returns a result, and most succeed.
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
    /// A complete sentence.
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

    /// Creates an error for another reason. The message of a parser is truncated, since it may quote content.
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

    /// Adds a field to the front of the path.
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

    /// Returns the path of the missing or bad field, e.g. `message.content.0.text`. The path is empty if the whole value is
    /// bad.
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

/// Error for a text that is not exactly one JSON value, or a value of another form than requested. Its source contains the
/// position.
#[derive(Error)]
#[error("the text is not the expected JSON")]
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

    /// Returns the messages of an error and its sources, the outermost first.
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
    fn no_error_repeats_the_text_of_its_source() {
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
            let count = chain.iter().filter(|message| message.contains(cause)).count();
            assert_eq!(count, 1, "{chain:?}");
        }
    }
}
