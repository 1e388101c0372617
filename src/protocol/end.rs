//! End of a session, and the commands for the child on the way.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::text::{LastLines, Quoted, QuotedEnd};

/// The end of a session.
///
/// ```
/// use claude_duplex::testing::{Fault, Script, TestSession};
/// use claude_duplex::{Action, CloseReason, Config, Exit, Seed};
///
/// let bad_flag =
///     Fault::Exit { code: 1, message: "error: unknown option '--wrong'".into() };
/// let mut pair = TestSession::new(
///     Config::new(Seed::random()),
///     Script::default().fault(bad_flag),
/// );
/// let Action::Closed(closed) =
///     pair.run_until(|action| matches!(action, Action::Closed(_)))
/// else {
///     unreachable!()
/// };
/// assert_eq!(
///     (closed.reason, closed.exit),
///     (CloseReason::Exited, Some(Exit::Code(1)))
/// );
/// assert!(closed.last_error.is_none() && closed.stderr.contains("unknown option"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionClosed {
    /// Cause of the end.
    pub reason: CloseReason,
    /// Exit status of the child, if known.
    pub exit: Option<Exit>,
    /// End of the child's stderr, at most [`Limits::stderr_tail`](crate::Limits::stderr_tail) bytes (default: 16
    /// KiB). Invalid UTF-8 is replaced by U+FFFD.
    pub stderr: String,
    /// Last lines of stdout that were not messages, as text, e.g. what a launcher or the CLI printed before it
    /// exited. At most [`Limits::rejected_tail`](crate::Limits::rejected_tail) bytes of stdout (default: 4 KiB).
    /// Only the start of each line is kept. Lines in UTF-16, which `wsl.exe` writes, are decoded. What cannot be
    /// decoded is replaced by U+FFFD.
    pub rejected_tail: String,
    /// Error text of the last `result`, at most 4,096 characters, if that result was an error and no turn has
    /// begun since. The exit status 1 is then not a crash ([wire reference, section
    /// 3.8](crate::guide::wire#38-exit)).
    pub last_error: Option<String>,
    /// `true` if the last line to the CLI was truncated. The CLI then exits with 1, whatever its results were.
    pub cut_input: bool,
    /// `true` if stdout was still open when the grace periods had passed, so that unread output is lost. Either a
    /// process that the child left running holds stdout open, or the host did not read its actions and
    /// [`wants_read`](crate::Protocol::wants_read) was `false`.
    pub output_held: bool,
}

impl fmt::Debug for SessionClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionClosed")
            .field("reason", &self.reason)
            .field("exit", &self.exit)
            .field("stderr", &QuotedEnd(&self.stderr))
            .field("rejected_tail", &QuotedEnd(&self.rejected_tail))
            .field("last_error", &self.last_error.as_deref().map(Quoted))
            .field("cut_input", &self.cut_input)
            .field("output_held", &self.output_held)
            .finish()
    }
}

/// Describes the end in one line for a person: the reason, the exit status, the last error, and the last lines of
/// stderr and of stdout (those that were not messages).
///
/// At most five lines of each stream are shown, separated by ` | `, and at most 300 characters of each line.
/// Control characters are escaped. An exit status of 1 after a turn that failed or was interrupted is explained
/// as such: it is not a crash.
///
/// ```
/// use claude_duplex::testing::{Fault, Script, TestSession};
/// use claude_duplex::{Action, Config, Seed};
///
/// let no_key = Fault::Exit { code: 1, message: "Invalid API key".into() };
/// let config = Config::new(Seed::from_bytes([1; 16]));
/// let mut pair = TestSession::new(config, Script::default().fault(no_key));
/// let end = pair.run_until(|action| matches!(action, Action::Closed(_)));
/// let Action::Closed(closed) = end else { unreachable!() };
/// assert_eq!(
///     closed.to_string(),
///     "the CLI exited; exit status 1; stderr: Invalid API key"
/// );
/// ```
impl fmt::Display for SessionClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        if let Some(exit) = self.exit {
            write!(f, "; {exit}")?;
        }
        match (self.exit, &self.last_error) {
            (Some(Exit::Code(1)), Some(error)) => {
                write!(f, ", because the last turn ended with an error: {}", LastLines(error))?
            }
            (_, Some(error)) => write!(f, "; last error: {}", LastLines(error))?,
            (_, None) => {}
        }
        for (name, text) in [("stderr", &self.stderr), ("stdout", &self.rejected_tail)] {
            if !text.trim().is_empty() {
                write!(f, "; {name}: {}", LastLines(text))?;
            }
        }
        Ok(())
    }
}

/// Cause of the end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseReason {
    /// The host closed the session.
    #[error("closed by the host")]
    Closed,
    /// The host aborted the session.
    #[error("aborted by the host")]
    Aborted,
    /// The child exited by itself.
    #[error("the CLI exited")]
    Exited,
    /// The CLI closed its stdout, and its process did not exit by itself, or nothing is known about its exit.
    #[error("the CLI closed its output")]
    Eof,
    /// Writing to the CLI failed, and its process did not exit by itself, or nothing is known about its exit.
    #[error("the CLI stopped reading its input")]
    SendFailed,
    /// The unsent bytes exceeded [`Limits::unsent_hard`](crate::Limits::unsent_hard).
    #[error("the CLI sent requests and did not read the responses; unsent bytes exceeded `Limits::unsent_hard`")]
    Overrun,
}

/// Exit status of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Exit {
    /// The process exited with this status. The status of the CLI is 1 if and only if its last result was an
    /// error, apart from crashes.
    Code(i32),
    /// The process was ended by this signal.
    Signal(i32),
    /// The exit status could not be determined.
    Unknown,
}

impl Exit {
    /// Returns `true` if the exit status is 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl From<std::process::ExitStatus> for Exit {
    fn from(status: std::process::ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        status.code().map_or(Self::Unknown, Self::Code)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => write!(f, "ended by signal {signal}"),
            Self::Unknown => f.write_str("exit status unknown"),
        }
    }
}

/// Command of the session for the child. Commands do not queue behind unread actions.
///
/// Each command is emitted at most once, in the order of the variants. After the child has
/// [exited](crate::Protocol::exited), its process id may belong to another process, so no signal to the process
/// follows. Only one [`Kill`](Self::Kill) of its group is emitted at the exit, if
/// [`Config::kill_group`](crate::Config::kill_group) is on and the child was not killed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChildCommand {
    /// Close the child's stdin. All pending bytes were written, or will never be.
    CloseStdin,
    /// Ask the child to exit: send SIGTERM to the process.
    Terminate,
    /// Kill the child: send SIGKILL to its process group and to the process itself. If the child has already
    /// exited, send it to the group only, to end the processes that the child left running.
    Kill,
}

impl fmt::Display for ChildCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CloseStdin => "close stdin",
            Self::Terminate => "terminate",
            Self::Kill => "kill",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed() -> SessionClosed {
        SessionClosed {
            reason: CloseReason::Exited,
            exit: Some(Exit::Code(1)),
            stderr: String::new(),
            rejected_tail: String::new(),
            last_error: None,
            cut_input: false,
            output_held: false,
        }
    }

    #[test]
    fn the_end_shows_the_last_lines_of_stdout_and_stderr() {
        let stderr = (0..9).map(|line| format!("line {line}\n\n")).collect();
        let closed = SessionClosed { stderr, rejected_tail: "Invalid API key\n".into(), ..closed() };
        assert_eq!(
            closed.to_string(),
            "the CLI exited; exit status 1; \
             stderr: line 4 | line 5 | line 6 | line 7 | line 8; stdout: Invalid API key"
        );
    }

    #[test]
    fn control_characters_are_escaped_and_long_lines_are_truncated() {
        let closed = SessionClosed { stderr: format!("\x1b[31m\u{e9}{}", "x".repeat(1000)), ..closed() };
        let text = closed.to_string();
        assert!(text.contains("\\u{1b}[31m\u{e9}xxx") && text.ends_with("..."), "{text}");
        assert!(text.len() < 400, "{text}");
    }

    #[test]
    fn exit_code_1_after_an_error_result_is_not_a_crash() {
        let failed = SessionClosed { last_error: Some("the turn was interrupted".into()), ..closed() };
        let text = failed.to_string();
        assert!(
            text.ends_with("exit status 1, because the last turn ended with an error: the turn was interrupted"),
            "{text}"
        );
        let killed = SessionClosed { exit: Some(Exit::Signal(9)), ..failed }.to_string();
        assert_eq!(killed, "the CLI exited; ended by signal 9; last error: the turn was interrupted");
    }
}
