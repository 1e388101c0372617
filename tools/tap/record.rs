//! Writes the recording: a line for each line, in the form that `replay` and `timeline` read, and remarks between them.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use claude_duplex::Journal;

use crate::pipes::Direction;
use crate::watch::Watch;

/// What the tap is set by. The CLI does not see it, so that a CLI that starts another one is not tapped twice into one file.
pub(crate) const VARIABLES: [&str; 3] = ["CLAUDE_TAP_PROGRAM", "CLAUDE_TAP_FILE", "CLAUDE_TAP_SECONDS"];

/// How often the time is looked at while nothing comes.
const TICK: Duration = Duration::from_millis(200);

pub(crate) struct Settings {
    pub(crate) program: PathBuf,
    pub(crate) file: PathBuf,
    late: Duration,
}

impl Settings {
    pub(crate) fn from_env() -> Self {
        let [program, file, seconds] = VARIABLES.map(std::env::var_os);
        let mut file = file.map_or_else(std::env::temp_dir, PathBuf::from);
        if file.is_dir() {
            file.push(format!("claude-{}.ndjson", std::process::id()));
        }
        let seconds = seconds.and_then(|seconds| seconds.to_str()?.parse().ok()).unwrap_or(60.0f64);
        let late = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(60));
        Self { program: program.unwrap_or_else(|| OsString::from("claude")).into(), file, late }
    }
}

pub(crate) struct Record {
    start: Instant,
    file: File,
    report: File,
    /// The lines of `in`, `out` and `err` that have no end yet.
    parts: [Vec<u8>; 3],
    watch: Watch,
}

impl Record {
    pub(crate) fn create(settings: &Settings) -> io::Result<Self> {
        let mut report = settings.file.clone().into_os_string();
        report.push(".report");
        Ok(Self {
            start: Instant::now(),
            file: Journal::create(&settings.file)?,
            report: Journal::create(report)?,
            parts: Default::default(),
            watch: Watch::new(settings.late),
        })
    }

    /// Records until there is no more. A file that cannot be written does not disturb the session.
    pub(crate) fn run(mut self, received_lines: &Receiver<(Direction, Vec<u8>)>) {
        loop {
            let now = self.start.elapsed();
            match received_lines.recv_timeout(TICK) {
                Ok((Direction::Exit, status)) => {
                    self.end_lines();
                    return self.line(Direction::Exit, &status);
                }
                Ok((direction, bytes)) => self.bytes(direction, &bytes),
                Err(RecvTimeoutError::Timeout) => self.remark(|watch| watch.tick(now)),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn bytes(&mut self, direction: Direction, bytes: &[u8]) {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        // After the last line end there is a line that has none, or nothing.
        let rest = lines.next_back().unwrap_or_default();
        for line in lines {
            let mut whole = std::mem::take(&mut self.parts[direction as usize]);
            whole.extend_from_slice(line);
            self.line(direction, &whole);
        }
        self.parts[direction as usize].extend_from_slice(rest);
    }

    fn end_lines(&mut self) {
        for direction in [Direction::In, Direction::Out, Direction::Err] {
            let part = std::mem::take(&mut self.parts[direction as usize]);
            if !part.is_empty() {
                self.line(direction, &part);
            }
        }
    }

    fn line(&mut self, direction: Direction, line: &[u8]) {
        let now = self.start.elapsed();
        // A remark about a line stands behind it, and one about the end before it, as nothing follows that.
        if direction == Direction::Exit {
            self.remark(|watch| watch.exit(now));
        }
        let _ = self.file.write_all(record(now, direction, line).as_bytes());
        match direction {
            Direction::In => self.remark(|watch| watch.sent(now, line)),
            Direction::Out => self.remark(|watch| watch.received(now, line)),
            Direction::Err | Direction::Exit => {}
        }
    }

    fn remark(&mut self, look: impl FnOnce(&mut Watch) -> Vec<String>) {
        for remark in look(&mut self.watch) {
            let now = self.start.elapsed();
            let _ = self.file.write_all(record(now, Direction::Err, format!("<tap: {remark}>").as_bytes()).as_bytes());
            let _ = writeln!(self.report, "{:.3} {remark}", now.as_secs_f64());
        }
    }
}

/// A line of the recording. Bytes that are not UTF-8 are lone surrogates.
fn record(now: Duration, direction: Direction, line: &[u8]) -> String {
    let mut text = String::new();
    for chunk in line.utf8_chunks() {
        let quoted = serde_json::to_string(chunk.valid()).unwrap_or_default();
        text.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\udc{byte:02x}");
        }
    }
    format!("{{\"t\":{:.6},\"dir\":\"{}\",\"line\":\"{text}\"}}\n", now.as_secs_f64(), direction.name())
}

/// Returns the exit status as a recording has it: that of a signal is negative.
pub(crate) fn status(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return -signal;
    }
    status.code().unwrap_or(-1)
}
