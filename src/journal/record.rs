//! One line of a journal: the header, an input, or the end at the cap.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[cfg(feature = "driver")]
use super::FORMAT;
use super::{NAME, RECORDING};
use crate::base::bytes::Bytes;
use crate::base::error::DecodeError;
use crate::base::ids::IncomingId;
use crate::base::time::SessionTime;
use crate::protocol::Snapshot;
use crate::protocol::config::Config;
use crate::protocol::end::Exit;
use crate::protocol::input::Input;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct Header<'a> {
    journal: Cow<'a, str>,
    format: u64,
    pub(super) version: Cow<'a, str>,
    pub(super) t: SessionTime,
    pub(super) config: Cow<'a, Config>,
    /// Number of hosts that wrote the journal so far, if the journal is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<u64>,
    /// State of the session as the journal begins, if the session began before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) snapshot: Option<Snapshot>,
}

/// Fields of the first line in every format.
#[derive(Deserialize)]
pub(super) struct AnyHeader {
    pub(super) journal: String,
    pub(super) format: u64,
    #[serde(default)]
    pub(super) version: String,
}

/// Returns the start of every header, which identifies an incomplete one.
pub(super) fn start_of_header() -> String {
    format!("{{\"journal\":\"{NAME}\"")
}

/// A line after the first.
pub(super) enum Record {
    Input(Input<'static>),
    /// The recording was stopped.
    Stopped,
    /// The host has handled the actions up to that number.
    Handled(u64),
    /// Another host continues the journal.
    Epoch(u64),
    /// A kind of input that this version does not know.
    Unknown(String),
}

/// Bytes reserved for the last record, which is always written.
pub(super) const STOP: usize = 96;

pub(super) fn header(line: &mut Vec<u8>, config: &Config, start: SessionTime) -> serde_json::Result<()> {
    let header = Header {
        journal: NAME.into(),
        format: RECORDING,
        version: env!("CARGO_PKG_VERSION").into(),
        t: start,
        config: Cow::Borrowed(config),
        epoch: None,
        snapshot: None,
    };
    header.write(line)
}

/// Writes the header of a required journal.
#[cfg(feature = "driver")]
pub(super) fn required_header(
    line: &mut Vec<u8>,
    config: &Config,
    start: SessionTime,
    epoch: u64,
    snapshot: Option<Snapshot>,
) -> serde_json::Result<()> {
    let header = Header {
        journal: NAME.into(),
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        t: start,
        config: Cow::Borrowed(config),
        epoch: Some(epoch),
        snapshot,
    };
    header.write(line)
}

impl Header<'_> {
    fn write(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(&mut *line, self)?;
        line.push(b'\n');
        Ok(())
    }
}

pub(super) fn input(line: &mut Vec<u8>, now: SessionTime, input: &Input<'_>) -> serde_json::Result<()> {
    let mut put = Put { line, now };
    match input {
        Input::Receive(bytes) => put.record("receive", &Bytes(Cow::Borrowed(bytes))),
        Input::Eof => put.record("eof", &true),
        Input::Stderr(bytes) => put.record("stderr", &Bytes(Cow::Borrowed(bytes))),
        Input::StderrEof => put.record("stderr_eof", &true),
        Input::Exited(exit) => put.record("exited", exit),
        Input::Sent(count) => put.record("sent", count),
        Input::SendFailed => put.record("send_failed", &true),
        Input::Timeout => put.record("timeout", &true),
        Input::Prompt(prompt) => put.record("prompt", prompt),
        Input::Cancel(prompt) => put.record("cancel", prompt),
        Input::Interrupt(interrupt) => put.record("interrupt", interrupt),
        Input::Request(request) => put.record("request", request),
        Input::Respond(incoming, answer) => put.record("respond", &(incoming, answer)),
        Input::Close => put.record("close", &true),
        Input::CloseNow => put.record("close_now", &true),
        Input::Abort => put.record("abort", &true),
    }
}

pub(super) fn stopped(line: &mut Vec<u8>, now: SessionTime, cap: u64) -> serde_json::Result<()> {
    Put { line, now }.record("stopped", &format!("at its cap of {cap} bytes"))
}

#[cfg(feature = "driver")]
pub(super) fn handled(line: &mut Vec<u8>, now: SessionTime, number: u64) -> serde_json::Result<()> {
    Put { line, now }.record("handled", &number)
}

#[cfg(all(feature = "driver", unix))]
pub(super) fn epoch(line: &mut Vec<u8>, now: SessionTime, epoch: u64) -> serde_json::Result<()> {
    Put { line, now }.record("epoch", &epoch)
}

struct Put<'l> {
    line: &'l mut Vec<u8>,
    now: SessionTime,
}

impl Put<'_> {
    fn record(&mut self, kind: &str, value: &impl Serialize) -> serde_json::Result<()> {
        self.line.extend_from_slice(format!("{{\"t\":{},\"{kind}\":", self.now.as_nanos()).as_bytes());
        serde_json::to_writer(&mut *self.line, value)?;
        self.line.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// Reads a line after the first.
pub(super) fn read(line: &[u8]) -> Result<(SessionTime, Record), String> {
    let mut fields: BTreeMap<String, &RawValue> = serde_json::from_slice(line).map_err(reason)?;
    let now = fields.remove("t").ok_or("it has no time")?;
    let now: SessionTime = serde_json::from_str(now.get()).map_err(|error| format!("its time: {}", reason(error)))?;
    let (kind, value) = fields.pop_first().ok_or("it has a time and nothing else")?;
    if let Some((second, _)) = fields.pop_first() {
        return Ok((now, Record::Unknown(format!("{kind} with {second}"))));
    }
    record(kind, value.get()).map(|record| (now, record)).map_err(reason)
}

fn record(kind: String, value: &str) -> serde_json::Result<Record> {
    Ok(Record::Input(match kind.as_str() {
        "receive" => Input::Receive(of::<Bytes<'_>>(value)?.0),
        "eof" => Input::Eof,
        "stderr" => Input::Stderr(of::<Bytes<'_>>(value)?.0),
        "stderr_eof" => Input::StderrEof,
        "exited" => Input::Exited(of::<Exit>(value)?),
        // A number over the range of this machine exceeds everything that can be unsent.
        "sent" => Input::Sent(of::<u64>(value)?.try_into().unwrap_or(usize::MAX)),
        "send_failed" => Input::SendFailed,
        "timeout" => Input::Timeout,
        "prompt" => Input::Prompt(of(value)?),
        "cancel" => Input::Cancel(of(value)?),
        "interrupt" => Input::Interrupt(of(value)?),
        "request" => Input::Request(of(value)?),
        "respond" => {
            let (incoming, answer): (IncomingId, _) = of(value)?;
            Input::Respond(incoming, answer)
        }
        "close" => Input::Close,
        "close_now" => Input::CloseNow,
        "abort" => Input::Abort,
        "stopped" => return Ok(Record::Stopped),
        "handled" => return of(value).map(Record::Handled),
        "epoch" => return of(value).map(Record::Epoch),
        _ => return Ok(Record::Unknown(kind)),
    }))
}

fn of<'v, T: Deserialize<'v>>(value: &'v str) -> serde_json::Result<T> {
    serde_json::from_str(value)
}

/// Returns the error without its position, which is relative to the line, truncated because it may quote the input.
pub(super) fn reason(error: serde_json::Error) -> String {
    let text = error.to_string();
    DecodeError::other(text.split(" at line ").next().unwrap_or_default()).to_string()
}
