//! The writing side.

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

/// Beyond this, the buffer of a line gives its memory back.
const KEPT: usize = 64 * 1024;

/// Writes a journal: each record is one line, written at once and flushed, so that a crash loses at most the last.
///
/// It never disturbs the session. Where it cannot write, or has reached its cap, it stops, and
/// [`stopped`](Self::stopped) says why.
///
/// Give it a file, not a [`BufWriter`](io::BufWriter), which has nothing to gather; [`Journal::create`](super::Journal::create)
/// makes one that no other user can read.
///
/// ```
/// use claude_duplex::journal::RecordingError;
/// use claude_duplex::{Config, Input, Journal, Prompt, Recorder, Seed, SessionTime};
///
/// let mut recorder = Recorder::new(Vec::new(), &Config::new(Seed::random()), SessionTime::ZERO, 4096);
/// while recorder.stopped().is_none() {
///     recorder.input(SessionTime::ZERO, &Input::Prompt(Prompt::text("hello")));
/// }
/// assert!(matches!(recorder.stopped(), Some(RecordingError::Full(4096))) && recorder.written() <= 4096);
/// let journal = Journal::read(&recorder.into_inner())?; // what there is can be read, and says where it stops
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

/// Why nothing more is recorded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// One more record would have exceeded the cap. The last record says so.
    #[error("the journal has reached its limit of {0} bytes; give `Recorder::new` a higher one")]
    Full(u64),
    /// It could not be written. Its last line may be torn.
    #[error("the journal cannot be written")]
    Failed(#[from] io::Error),
    /// The session was told something before the recording began, so it could not be replayed. Nothing was written.
    #[error("the recording began after the session did; record from the session's start")]
    Late,
}

impl<W: Write> Recorder<W> {
    /// Begins the journal of a session of that `config` that starts at `start`: what
    /// [`Protocol::new`](crate::Protocol::new) is given. At most `cap` bytes are written; the header and the record that
    /// says that the cap is reached are written in any case.
    pub fn new(writer: W, config: &Config, start: SessionTime, cap: u64) -> Self {
        let mut recorder = Self { writer, cap, written: 0, line: Vec::new(), stopped: None };
        let built = record::header(&mut recorder.line, config, start);
        recorder.write(built);
        recorder
    }

    /// Begins the journal of a session without which nothing happens; with a snapshot if the session has begun.
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

    /// Begins the journal anew, with a snapshot in the place of everything before.
    #[cfg(feature = "driver")]
    pub(crate) fn rotate(&mut self, protocol: &Protocol, epoch: u64) {
        if self.stopped.is_none() {
            let snapshot = Some(protocol.snapshot());
            self.written = 0;
            let built = record::required_header(&mut self.line, protocol.config(), protocol.now(), epoch, snapshot);
            self.write(built);
        }
    }

    /// One that comes too late to record anything.
    #[cfg(feature = "driver")]
    pub(crate) fn late(writer: W) -> Self {
        Self { writer, cap: 0, written: 0, line: Vec::new(), stopped: Some(RecordingError::Late) }
    }

    /// Has what follows written elsewhere. Returns the writer so far.
    #[cfg(feature = "session")]
    pub(crate) fn replace_writer(&mut self, writer: W) -> W {
        std::mem::replace(&mut self.writer, writer)
    }

    /// Stops, because what was to be written could not be.
    #[cfg(feature = "session")]
    pub(crate) fn fail(&mut self, error: io::Error) {
        if !matches!(self.stopped, Some(RecordingError::Failed(_))) {
            self.stopped = Some(RecordingError::Failed(error));
        }
    }

    /// Records an input. This comes before the session is told of it, so that a journal holds what it crashed at.
    pub fn input(&mut self, now: SessionTime, input: &Input<'_>) {
        match input {
            // Cuts change nothing (invariant 1), and a line by itself is what a person looks for.
            Input::Receive(bytes) => parts(bytes).for_each(|part| self.record(now, &Input::Receive(part.into()))),
            Input::Stderr(bytes) if !bytes.is_empty() => {
                parts(bytes).for_each(|part| self.record(now, &Input::Stderr(part.into())));
            }
            input => self.record(now, input),
        }
    }

    /// Why nothing more is recorded, if that is so.
    #[must_use]
    pub fn stopped(&self) -> Option<&RecordingError> {
        self.stopped.as_ref()
    }

    /// How many bytes the journal has.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Ends the recording and gives the writer back.
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
