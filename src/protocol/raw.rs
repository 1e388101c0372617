//! Unchanged lines: of stderr, and of the protocol in both directions.

use std::fmt;
use std::sync::Arc;

use crate::base::text::{Cut, Quoted};

/// A line that the CLI wrote to stderr, reported with [`Config::stderr_lines`](crate::Config::stderr_lines).
///
/// ```
/// use claude_duplex::{Action, Config, Protocol, Seed, SessionTime};
///
/// let mut config = Config::new(Seed::from_bytes([1; 16]));
/// config.stderr_lines = true;
/// let mut protocol = Protocol::new(config, SessionTime::ZERO);
/// protocol.stderr(SessionTime::ZERO, b"warning: no \xff\nand");
/// let Some(Action::StderrLine(line)) = protocol.poll_action() else {
///     panic!("the line is whole")
/// };
/// assert_eq!((&*line.text, line.omitted), ("warning: no \u{fffd}", 0));
/// assert_eq!(protocol.poll_action(), None, "the other is not");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StderrLine {
    /// Text without the line end, at most the first [`Limits::stderr_line`](crate::Limits::stderr_line) bytes.
    /// Invalid UTF-8 is replaced by U+FFFD. A line in UTF-16, which `wsl.exe` writes, is decoded.
    pub text: Box<str>,
    /// Number of bytes of the line that are missing in `text`. 0 unless the line is longer than the limit.
    pub omitted: u64,
}

impl fmt::Debug for StderrLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StderrLine").field("text", &Quoted(&self.text)).field("omitted", &self.omitted).finish()
    }
}

/// A line of the protocol in either direction, reported with [`Config::wire_lines`](crate::Config::wire_lines).
///
/// The line is as private as the session: it may contain prompts, file contents, and the environment of MCP
/// servers. `Display` writes the line with its direction, for a raw log.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WireLine {
    /// Direction of the line.
    pub direction: Direction,
    /// Bytes without the line end. For a line that is longer than [`Limits::line`](crate::Limits::line), only its
    /// start.
    pub bytes: Arc<[u8]>,
    /// Length of the line in bytes, without the line end.
    pub length: u64,
}

impl fmt::Debug for WireLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireLine")
            .field("direction", &self.direction)
            .field("bytes", &Cut(&self.bytes))
            .field("length", &self.length)
            .finish()
    }
}

/// Writes `< ` for a received line and `> ` for a sent one, and the line. Invalid UTF-8 is written as U+FFFD.
impl fmt::Display for WireLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.direction {
            Direction::Received => "<",
            Direction::Sent => ">",
        };
        write!(f, "{arrow} {}", String::from_utf8_lossy(&self.bytes))
    }
}

/// Direction of a [`WireLine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The CLI wrote the line to stdout.
    Received,
    /// The session passed the line to the host, for the CLI's stdin.
    Sent,
}
