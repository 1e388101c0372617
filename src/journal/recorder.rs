//! The writing side of journals.

use std::fmt;
use std::io::{self, Write};

use thiserror::Error;

use super::record;
use crate::base::bytes::parts;
use crate::base::time::SessionTime;
#[cfg(feature = "driver")]
use crate::protocol::Protocol;
use crate::protocol::config::Config;
use crate::protocol::input::Input;

/// Capacity in bytes over which the line buffer is freed.
const KEPT: usize = 64 * 1024;

/// Writer of a journal. Each record is one line, written and flushed immediately, so that a crash loses at most the last
/// record.
///
/// A recorder never affects the session. If it cannot write, or has reached its cap, it stops, and [`stopped`](Self::stopped)
/// returns the reason.
///
/// Use a file rather than a [`BufWriter`](io::BufWriter), which would have nothing to collect.
/// [`Journal::create`](super::Journal::create) creates one that no other user can read.
///
/// ```
/// use claude_duplex::journal::RecordingError;
/// use claude_duplex::{Config, Input, Journal, Prompt, Recorder, Seed, SessionTime};
///
/// let config = Config::new(Seed::random());
/// let mut recorder = Recorder::new(Vec::new(), &config, SessionTime::ZERO, 4096);
/// while recorder.stopped().is_none() {
///     recorder.input(SessionTime::ZERO, &Input::Prompt(Prompt::text("hello")));
/// }
/// assert!(matches!(recorder.stopped(), Some(RecordingError::Full(4096))));
/// assert!(recorder.written() <= 4096);
/// let journal = Journal::read(&recorder.into_inner())?; // complete up to the cap
/// assert!(!journal.inputs.is_empty() && journal.stopped.is_some());
/// # Ok::<(), claude_duplex::journal::JournalError>(())
/// ```
pub struct Recorder<W> {
    writer: W,
    cap: u64,
    written: u64,
    line: Vec<u8>,
    stopped: Option<RecordingError>,
}

/// Reason why a recording stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// Another record would have exceeded the cap. The last record reports it.
    #[error("the journal has reached its limit of {0} bytes; pass a higher limit to `Recorder::new`")]
    Full(u64),
    /// The journal could not be written. Its last line may be incomplete.
    #[error("the journal cannot be written")]
    Failed(#[from] io::Error),
    /// The session got inputs before the recording began, so a replay would be wrong. Nothing was written.
    #[error("the recording began after the session did; record from the session's start")]
    Late,
}

impl<W: Write> Recorder<W> {
    /// Begins the journal of a session with the arguments of [`Protocol::new`](crate::Protocol::new). At most `cap` bytes are
    /// written; the header and the record that reports the cap are always written.
    pub fn new(writer: W, config: &Config, start: SessionTime, cap: u64) -> Self {
        let mut recorder = Self { writer, cap, written: 0, line: Vec::new(), stopped: None };
        let built = record::header(&mut recorder.line, config, start);
        recorder.write(built);
        recorder
    }

    /// Begins a required journal, with a snapshot if the session has begun.
    #[cfg(all(feature = "driver", unix))]
    pub(crate) fn required(writer: W, protocol: &Protocol, epoch: u64, has_begun: bool) -> Self {
        let mut recorder = Self::resumed(writer);
        let snapshot = has_begun.then(|| protocol.snapshot());
        let built = record::required_header(&mut recorder.line, protocol.config(), protocol.now(), epoch, snapshot);
        recorder.write(built);
        recorder
    }

    /// Goes on with a journal.
    #[cfg(all(feature = "driver", unix))]
    pub(crate) fn resumed(writer: W) -> Self {
        Self { writer, cap: u64::MAX, written: 0, line: Vec::new(), stopped: None }
    }

    /// Records that the host has handled the actions up to that number.
    #[cfg(feature = "driver")]
    pub(crate) fn handled(&mut self, now: SessionTime, number: u64) {
        if self.stopped.is_none() {
            let built = record::handled(&mut self.line, now, number);
            self.write(built);
        }
    }

    /// Rewrites the journal, with a snapshot in place of everything before.
    #[cfg(feature = "driver")]
    pub(crate) fn rotate(&mut self, protocol: &Protocol, epoch: u64) {
        if self.stopped.is_none() {
            let snapshot = Some(protocol.snapshot());
            self.written = 0;
            let built = record::required_header(&mut self.line, protocol.config(), protocol.now(), epoch, snapshot);
            self.write(built);
        }
    }

    /// Creates a recorder that was added too late to record anything.
    #[cfg(feature = "driver")]
    pub(crate) fn late(writer: W) -> Self {
        Self { writer, cap: 0, written: 0, line: Vec::new(), stopped: Some(RecordingError::Late) }
    }

    /// Replaces the writer for all further records. Returns the previous writer.
    #[cfg(feature = "session")]
    pub(crate) fn replace_writer(&mut self, writer: W) -> W {
        std::mem::replace(&mut self.writer, writer)
    }

    /// Stops the recording because of a failed write.
    #[cfg(feature = "session")]
    pub(crate) fn fail(&mut self, error: io::Error) {
        if !matches!(self.stopped, Some(RecordingError::Failed(_))) {
            self.stopped = Some(RecordingError::Failed(error));
        }
    }

    /// Records an input. Call this before the session processes the input, so that the journal contains an input that causes
    /// a crash.
    pub fn input(&mut self, now: SessionTime, input: &Input<'_>) {
        match input {
            // Chunk boundaries have no effect (invariant 1), and people read a journal by lines.
            Input::Receive(bytes) => parts(bytes).for_each(|part| self.record(now, &Input::Receive(part.into()))),
            Input::Stderr(bytes) if !bytes.is_empty() => {
                parts(bytes).for_each(|part| self.record(now, &Input::Stderr(part.into())));
            }
            input => self.record(now, input),
        }
    }

    /// Returns the reason why the recording stopped, if it did.
    #[must_use]
    pub fn stopped(&self) -> Option<&RecordingError> {
        self.stopped.as_ref()
    }

    /// Returns the size of the journal in bytes.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Ends the recording and returns the writer.
    pub fn into_inner(self) -> W {
        self.writer
    }

    fn record(&mut self, now: SessionTime, input: &Input<'_>) {
        if self.stopped.is_some() {
            return;
        }
        let mut built = record::input(&mut self.line, now, input);
        if self.written + (self.line.len() + record::STOP) as u64 > self.cap {
            self.stopped = Some(RecordingError::Full(self.cap));
            self.line.clear();
            built = record::stopped(&mut self.line, now, self.cap);
        }
        self.write(built);
    }

    fn write(&mut self, built: serde_json::Result<()>) {
        let written = built.map_err(io::Error::from).and_then(|()| {
            self.writer.write_all(&self.line)?;
            self.writer.flush()
        });
        match written {
            Ok(()) => self.written += self.line.len() as u64,
            Err(error) => self.stopped = Some(error.into()),
        }
        self.line.clear();
        self.line.shrink_to(KEPT);
    }
}

impl<W> fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("written", &self.written)
            .field("cap", &self.cap)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
