//! Calls of the host's code: the writer of the journal, and the subscriber of the trace.
//!
//! Handles share a session behind a lock, and such code may call a handle. Its calls are therefore deferred: the data waits,
//! in order, until no lock is held.

#![cfg_attr(not(feature = "session"), allow(dead_code, reason = "only handles have a lock"))]

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Tracer;
use crate::base::ids::{PromptId, RequestId};
use crate::protocol::action::Action;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

/// Writer of the journal.
pub(super) type Writer = Box<dyn Write + Send + Sync>;

/// The writer and the tracer of one session.
pub(crate) struct HostCalls {
    tracer: Tracer,
    /// `None` without a journal, and after a panic of the writer.
    writer: Option<Writer>,
}

/// Deferred data for writer and tracer.
#[derive(Default)]
pub(crate) struct Waiting {
    pub(super) events: Vec<TraceEvent>,
    pub(super) journal: Vec<u8>,
}

/// One event for the tracer.
pub(crate) enum TraceEvent {
    Input(Input<'static>),
    Prompted(PromptId),
    Requested(RequestId),
    Refused(String),
    Action(Action),
    Order(ChildCommand),
}

impl HostCalls {
    pub(super) fn new(tracer: Tracer, writer: Option<Writer>) -> Self {
        Self { tracer, writer }
    }

    /// Passes the deferred data to writer and tracer.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub(crate) fn run(&mut self, waiting: Waiting) -> io::Result<()> {
        let written = self.write(&waiting.journal);
        for events in waiting.events {
            events.to(&mut self.tracer);
        }
        written
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        // A writer that panics is not called again.
        let Some(mut writer) = self.writer.take() else { return Err(io::Error::other("the writer has panicked")) };
        let written = writer.write_all(lines).and_then(|()| writer.flush());
        self.writer = Some(writer);
        written
    }
}

impl Waiting {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.journal.is_empty()
    }
}

impl TraceEvent {
    fn to(self, tracer: &mut Tracer) {
        match self {
            Self::Input(input) => tracer.input(&input),
            Self::Prompted(prompt) => tracer.prompt_accepted(prompt),
            Self::Requested(request) => tracer.request_accepted(request),
            Self::Refused(reason) => tracer.command_refused(&reason),
            Self::Action(action) => tracer.action(&action),
            Self::Order(order) => tracer.child_command(order),
        }
    }
}

/// Returns `true` if a subscriber may be interested in events: those of every read and write (`often`), or the others. Calls
/// no subscriber, because that is code of the host.
#[cfg(feature = "tracing")]
pub(super) fn is_traced(often: bool) -> bool {
    use tracing::level_filters::LevelFilter;
    LevelFilter::current() >= if often { LevelFilter::TRACE } else { LevelFilter::ERROR }
}

#[cfg(not(feature = "tracing"))]
pub(super) fn is_traced(_: bool) -> bool {
    false
}

/// Lines of a journal that are not written yet.
#[derive(Clone, Default)]
pub(super) struct JournalBuffer(Arc<Mutex<Vec<u8>>>);

impl JournalBuffer {
    pub(super) fn len(&self) -> usize {
        self.lines().len()
    }

    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lines())
    }

    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for JournalBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
