//! Faults of the mock CLI.

use std::str::FromStr;
use std::time::Duration;

use crate::protocol::end::Exit;

/// A fault in a [`MockCli`](super::MockCli).
///
/// Each fault has a name, e.g. `die` or `flood=1000` (see [`Fault::NAMES`]). `tools/peer` accepts these names.
///
/// ```
/// use claude_duplex::testing::Fault;
///
/// assert_eq!("flood=1000".parse(), Ok(Fault::Flood(1000)));
/// assert!("melt".parse::<Fault>().unwrap_err().to_string().contains("not a fault"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `die`: the process ends in the middle of the first turn.
    Die(Exit),
    /// `flood=N`: the first turn writes N messages at once.
    Flood(usize),
    /// `long-line=BYTES`: the first turn writes a line of this size.
    LongLine(usize),
    /// `long-echo=BYTES`: the echo of a prompt is a line of this size.
    LongEcho(usize),
    /// `ignore-terminate`: the process ignores the request to terminate. As a real process, it ignores SIGTERM.
    IgnoreTerminate,
    /// `grandchild`: a process that the CLI started keeps its stdout open.
    Grandchild,
    /// `no-initialize`: `initialize` gets no response.
    NeverInitialize,
    /// `withdraw=MILLISECONDS`: an incoming request without a response in this time is cancelled.
    WithdrawRequests(Duration),
    /// `repeat-request`: every incoming request is written twice.
    RepeatRequests,
    /// `partial-line`: the last line is truncated.
    PartialLine,
    /// `close-stdin`: stdin is closed after the first prompt, which is still answered. The process continues.
    CloseStdin,
    /// `stop-reading`: nothing is read after the first prompt, not even the end of stdin.
    StopReading,
    /// `stderr=BYTES`: this many bytes are written to stderr at the start.
    Stderr(usize),
    /// `exit=CODE`: the process ends at its start, with a message on stderr.
    Exit {
        /// Exit status of the process.
        code: i32,
        /// Message on stderr.
        message: String,
    },
    /// `silent`: no prompt is answered.
    Silent,
    /// `damage=KIND`: the lines `init` and `result` are damaged. For the kinds, see [`Damage`].
    Damage(Damage),
    /// `break-stream=PARTS`: the stream of the session's first text breaks after this many parts. The model is called
    /// again, as recorded for each version (`stream_cut`).
    BreakStream(usize),
    /// `no-result`: the first turn writes all messages but its result, and nothing follows.
    NoResult,
    /// `idle-without-result`: the first turn has no result. The prompt is reported as completed and the session as idle, as
    /// far as the version reports these.
    IdleWithoutResult,
    /// `bad-resume=SESSION`: the process fails as if it should resume this session, and the session did not exist.
    BadResume(String),
    /// `unknown-flag=FLAG`: the process fails as if it was started with this flag, and did not know it.
    UnknownFlag(String),
}

/// Damage of a line that contains a valid object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// `escape`: a terminal control sequence before the object.
    Escape,
    /// `tail`: a terminal control sequence after the object.
    Tail,
    /// `bom`: a byte order mark before the object.
    Bom,
    /// `log`: log text without a line end before the object.
    Log,
    /// `joined`: another object after the object, without a line end between them.
    Joined,
}

impl Damage {
    const ALL: [(&str, Self); 5] = [
        ("escape", Self::Escape),
        ("tail", Self::Tail),
        ("bom", Self::Bom),
        ("log", Self::Log),
        ("joined", Self::Joined),
    ];

    /// Returns the line with this damage.
    pub(super) fn apply(self, line: &[u8]) -> Vec<u8> {
        let (before, behind): (&[u8], &[u8]) = match self {
            Self::Escape => (b"\x1b[H\x1b[2J", b""),
            Self::Tail => (b"", b"\x1b[0m"),
            Self::Bom => ("\u{feff}".as_bytes(), b""),
            Self::Log => (b"[DEBUG] reconnecting ", b""),
            Self::Joined => (b"", b"{\"type\":\"keep_alive\"}"),
        };
        let object = line.strip_suffix(b"\n").unwrap_or(line);
        [before, object, behind, b"\n"].concat()
    }
}

impl Fault {
    /// Names that [`from_str`](FromStr::from_str) accepts. The part after `=` can be left out.
    pub const NAMES: &[&'static str] = &[
        "die=CODE",
        "flood=MESSAGES",
        "long-line=BYTES",
        "long-echo=BYTES",
        "ignore-terminate",
        "grandchild",
        "no-initialize",
        "withdraw=MILLISECONDS",
        "repeat-request",
        "partial-line",
        "close-stdin",
        "stop-reading",
        "stderr=BYTES",
        "exit=CODE",
        "silent",
        "damage=escape|tail|bom|log|joined",
        "break-stream=PARTS",
        "no-result",
        "idle-without-result",
        "bad-resume=SESSION",
        "unknown-flag=FLAG",
    ];
}

/// Error for a text that is not the name of a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a fault; use one of these: {list}", list = Fault::NAMES.join(", "))]
pub struct ParseFaultError(String);

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        const MIB: usize = 1024 * 1024;
        let bad = || ParseFaultError(text.to_owned());
        match text.split_once('=') {
            Some(("damage", kind)) => {
                let known = Damage::ALL.iter().find(|(name, _)| *name == kind);
                return known.map(|(_, damage)| Self::Damage(*damage)).ok_or_else(bad);
            }
            Some(("bad-resume", session)) => return Ok(Self::BadResume(session.to_owned())),
            Some(("unknown-flag", flag)) => return Ok(Self::UnknownFlag(flag.to_owned())),
            _ => {}
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.parse::<u32>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let count = |default: usize| value.map_or(default, |value| value as usize);
        let code = || value.and_then(|value| i32::try_from(value).ok()).unwrap_or(1);
        Ok(match name {
            "die" => Self::Die(Exit::Code(code())),
            "flood" => Self::Flood(count(100_000)),
            "long-line" => Self::LongLine(count(80 * MIB)),
            "long-echo" => Self::LongEcho(count(2 * MIB)),
            "ignore-terminate" => Self::IgnoreTerminate,
            "grandchild" => Self::Grandchild,
            "no-initialize" => Self::NeverInitialize,
            "withdraw" => Self::WithdrawRequests(Duration::from_millis(value.unwrap_or(1000).into())),
            "repeat-request" => Self::RepeatRequests,
            "partial-line" => Self::PartialLine,
            "close-stdin" => Self::CloseStdin,
            "stop-reading" => Self::StopReading,
            "stderr" => Self::Stderr(count(MIB)),
            "exit" => Self::Exit { code: code(), message: "the script says so".to_owned() },
            "silent" => Self::Silent,
            "damage" => Self::Damage(Damage::Escape),
            "break-stream" => Self::BreakStream(count(1)),
            "no-result" => Self::NoResult,
            "idle-without-result" => Self::IdleWithoutResult,
            "bad-resume" => Self::BadResume("11111111-1111-4111-8111-111111111111".to_owned()),
            "unknown-flag" => Self::UnknownFlag("--no-such-flag".to_owned()),
            _ => return Err(bad()),
        })
    }
}
