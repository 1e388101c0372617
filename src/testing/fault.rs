//! What goes wrong.

use std::str::FromStr;
use std::time::Duration;

use crate::protocol::end::Exit;

/// Something that goes wrong in a [`MockCli`](super::MockCli).
///
/// Each has a name, by which `tools/peer` takes it: `die`, `flood=1000`, ... (see [`Fault::NAMES`]).
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
    /// `flood=N`: the first turn writes so many messages at once.
    Flood(usize),
    /// `long-line=BYTES`: the first turn writes a line of so many bytes.
    LongLine(usize),
    /// `long-echo=BYTES`: the echo of a prompt is a line of so many bytes.
    LongEcho(usize),
    /// `ignore-terminate`: a request to end is not obeyed. In the process form it is SIGTERM that is ignored.
    IgnoreTerminate,
    /// `grandchild`: something that the process left running keeps its stdout open.
    Grandchild,
    /// `no-initialize`: `initialize` is never answered.
    NeverInitialize,
    /// `withdraw=MILLISECONDS`: an incoming request that is not answered in time is withdrawn.
    WithdrawAsks(Duration),
    /// `repeat-ask`: every incoming request is written twice.
    RepeatAsks,
    /// `partial-line`: the last line is cut.
    PartialLine,
    /// `close-stdin`: stdin is closed at the first prompt, which is still answered; the process lives on.
    CloseStdin,
    /// `stop-reading`: nothing is read after the first prompt, not even the end of stdin.
    StopReading,
    /// `stderr=BYTES`: so much is written to stderr at the start.
    Stderr(usize),
    /// `exit=CODE`: the process ends at its start, with a message on stderr.
    Exit {
        /// Its exit status.
        code: i32,
        /// What it says.
        message: String,
    },
    /// `silent`: no prompt is answered.
    Silent,
    /// `damage=KIND`: the lines `init` and `result` are damaged. The kinds are those of [`Damage`].
    Damage(Damage),
    /// `break-stream=PARTS`: the stream of the session's first text breaks after so many parts, and the model is asked again, as
    /// each version was recorded to do (`stream_cut`).
    BreakStream(usize),
    /// `no-result`: the first turn says all but its result, and nothing follows.
    NoResult,
    /// `idle-without-result`: the first turn has no result, but the prompt is told as completed and the session as idle, as far as
    /// the version tells such.
    IdleWithoutResult,
    /// `bad-resume=SESSION`: the process fails as if that session were to be resumed and did not exist.
    BadResume(String),
    /// `unknown-flag=FLAG`: the process fails as if that flag were given and not known.
    UnknownFlag(String),
}

/// Damage around a line that is whole in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// `escape`: a control sequence of a terminal before the line.
    Escape,
    /// `tail`: a control sequence behind the object.
    Tail,
    /// `bom`: a byte order mark before the line.
    Bom,
    /// `log`: text of a log without a line end before the line.
    Log,
    /// `joined`: another object behind the object, without a line end between.
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

    /// Returns the line with the damage.
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
    /// The names that [`from_str`](FromStr::from_str) knows; what follows a `=` may be left out.
    pub const NAMES: &[&'static str] = &[
        "die=CODE",
        "flood=MESSAGES",
        "long-line=BYTES",
        "long-echo=BYTES",
        "ignore-terminate",
        "grandchild",
        "no-initialize",
        "withdraw=MILLISECONDS",
        "repeat-ask",
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

/// A text that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a fault; use one of {list}", list = Fault::NAMES.join(", "))]
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
            "withdraw" => Self::WithdrawAsks(Duration::from_millis(value.unwrap_or(1000).into())),
            "repeat-ask" => Self::RepeatAsks,
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
