//! How a session ends, and what is done to the child on the way.

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
    /// What brought it about.
    pub reason: CloseReason,
    /// How the child ended, where that is known.
    pub exit: Option<Exit>,
    /// The end of its stderr, at most [`Limits::stderr_tail`](crate::Limits::stderr_tail) bytes (16 KiB); what is not UTF-8 is read
    /// as U+FFFD.
    pub stderr: String,
    /// Last lines of stdout that were no message, as text: what a launcher or the CLI itself printed before it died. At most
    /// [`Limits::rejected_tail`](crate::Limits::rejected_tail) bytes of stdout (4 KiB), of each line its start. Lines in
    /// UTF-16, which `wsl.exe` writes, are read as such; what cannot be read is U+FFFD.
    pub rejected_tail: String,
    /// The error text of the last `result`, if that was an error and no turn has begun since, at most 4,096 characters of
    /// it: the exit status 1 after it is no crash ([wire reference, section 3.8](crate::guide::wire#38-exit)).
    pub last_error: Option<String>,
    /// Whether our last line was cut: the CLI then exits with 1, whatever its results were.
    pub cut_input: bool,
    /// Whether stdout was still open when the graces had passed: something that the child left running holds it, or the host
    /// did not read its actions and [`wants_read`](crate::Protocol::wants_read) was false. What was not read is lost.
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

/// Describes the end in one line for a person: the reason, the exit status, the last error, and the last lines of stderr and
/// of stdout (those that were not messages). At most five lines of each are shown, separated by ` | `, and of each line the
/// first 300 characters; control characters are escaped. An exit status of 1 that only repeats that the last turn ended with
/// an error, or was interrupted, is explained as such: it is no crash.
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
            (Some(Exit::Code(1)), Some(error)) => write!(f, ", as the last turn was an error: {}", LastLines(error))?,
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

/// What brought a session's end about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseReason {
    /// The host closed it.
    #[error("closed by the host")]
    Closed,
    /// The host aborted it.
    #[error("aborted by the host")]
    Aborted,
    /// The child ended by itself.
    #[error("the CLI exited")]
    Exited,
    /// The CLI's output ended, and its process did not end by itself.
    #[error("the CLI closed its output")]
    Eof,
    /// Nothing more could be written to the CLI, and it did not end by itself.
    #[error("the CLI stopped reading its input")]
    SendFailed,
    /// More waited to be written than [`Limits::unsent_hard`](crate::Limits::unsent_hard).
    #[error("the CLI asked and did not read; too much waited to be written")]
    Overrun,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Exit {
    /// With that status. The CLI's is 1 if and only if its last result was an error (crashes aside).
    Code(i32),
    /// By that signal.
    Signal(i32),
    /// In a way that could not be found out.
    Unknown,
}

impl Exit {
    /// Whether it is the status 0.
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

/// What is to be done to the child: not queued behind actions that nobody reads.
///
/// Each is given out at most once, in this order. Once the child has [exited](crate::Protocol::exited), its process number may be
/// another's: no signal follows but the one [`Kill`](Self::Kill) of its group, which comes with the exit if it was not killed
/// before and [`Config::kill_group`](crate::Config::kill_group) is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChildCommand {
    /// Close its stdin. All that was to be written has been, or will never be.
    CloseStdin,
    /// Ask it to end: SIGTERM to the process.
    Terminate,
    /// End it: SIGKILL to its process group, and to the process itself. Where it has ended already, the kill goes to the
    /// group only, for what it left running.
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
    fn the_last_lines_of_both_streams_are_shown() {
        let stderr = (0..9).map(|line| format!("line {line}\n\n")).collect();
        let closed = SessionClosed { stderr, rejected_tail: "Invalid API key\n".into(), ..closed() };
        assert_eq!(
            closed.to_string(),
            "the CLI exited; exit status 1; \
             stderr: line 4 | line 5 | line 6 | line 7 | line 8; stdout: Invalid API key"
        );
    }

    #[test]
    fn what_could_disturb_a_terminal_is_escaped_and_long_lines_are_cut() {
        let closed = SessionClosed { stderr: format!("\x1b[31m\u{e9}{}", "x".repeat(1000)), ..closed() };
        let told = closed.to_string();
        assert!(told.contains("\\u{1b}[31m\u{e9}xxx") && told.ends_with("..."), "{told}");
        assert!(told.len() < 400, "{told}");
    }

    #[test]
    fn an_exit_after_an_error_is_no_crash() {
        let failed = SessionClosed { last_error: Some("the turn was interrupted".into()), ..closed() };
        let told = failed.to_string();
        assert!(told.ends_with("exit status 1, as the last turn was an error: the turn was interrupted"), "{told}");
        let killed = SessionClosed { exit: Some(Exit::Signal(9)), ..failed }.to_string();
        assert_eq!(killed, "the CLI exited; ended by signal 9; last error: the turn was interrupted");
    }
}
