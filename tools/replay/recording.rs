//! Reads a recording: lines of `{"t": seconds, "dir": "in"|"out"|"err"|"exit", "line": "..."}`, as a recorder between a
//! host and the CLI writes them.

use std::fmt;

use claude_duplex::{Exit, SessionTime};
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

/// One line of a recording.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) seconds: f64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// The host wrote that line to the CLI's stdin.
    In(Vec<u8>),
    /// The CLI wrote that line to its stdout.
    Out(Vec<u8>),
    /// The CLI wrote that line to its stderr; in angle brackets it is the recorder's own remark.
    Err(Vec<u8>),
    /// The CLI exited.
    Exit(Exit),
}

impl Recorded {
    pub(crate) fn time(&self) -> SessionTime {
        SessionTime::from_nanos((self.seconds.max(0.0) * 1e9) as u64)
    }
}

/// Reads a whole recording; the error names the line.
pub(crate) fn read(text: &[u8]) -> Result<Vec<Recorded>, String> {
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let recorded: Vec<Recorded> = lines
        .map(|(at, line)| recorded(line).map_err(|reason| format!("line {}: {reason}", at + 1)))
        .collect::<Result<_, _>>()?;
    if recorded.is_empty() { Err("it is empty".into()) } else { Ok(recorded) }
}

fn recorded(line: &[u8]) -> Result<Recorded, String> {
    #[derive(Deserialize)]
    struct Fields {
        t: f64,
        dir: String,
        line: Bytes,
    }
    let Fields { t, dir, line: Bytes(line) } = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let what = match dir.as_str() {
        "in" => What::In(line),
        "out" => What::Out(line),
        "err" => What::Err(line),
        "exit" => What::Exit(exit(&line).ok_or("an exit line without a status")?),
        other => return Err(format!("an unknown direction {other:?}")),
    };
    Ok(Recorded { seconds: t, what })
}

fn exit(status: &[u8]) -> Option<Exit> {
    let status: i32 = std::str::from_utf8(status).ok()?.trim().parse().ok()?;
    Some(if status < 0 { Exit::Signal(-status) } else { Exit::Code(status) })
}

/// A JSON string as bytes. The recorder writes a byte that is not UTF-8 as a lone surrogate, U+DC80 to U+DCFF.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(unescaped(bytes)))
            }
        }
        deserializer.deserialize_bytes(Text)
    }
}

/// Puts the bytes back that the recorder escaped; a lone surrogate arrives here as the three bytes of its code point.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        match rest {
            [0xed, high @ (0xb2 | 0xb3), low, after @ ..] => {
                plain.push((high << 6) | (low & 0x3f));
                rest = after;
            }
            _ => {
                plain.push(first);
                rest = tail;
            }
        }
    }
    plain
}
