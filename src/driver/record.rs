//! The path of inputs into the session: through the journal, if there is one, and the trace, if it is enabled.

use std::fmt;

use super::Tracer;
#[cfg(feature = "session")]
use super::host_calls::{HostCalls, JournalBuffer, Waiting, is_traced};
use super::host_calls::{TraceEvent, Writer};
use crate::base::ids::{PromptId, RequestId};
use crate::base::time::SessionTime;
#[cfg(unix)]
use crate::journal::JournalFile;
use crate::journal::{Recorder, RecordingError};
use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

/// While the session is idle, the journal is replaced at its usual size divided by this number.
const IDLE: u64 = 16;

/// State of a required journal: an input takes effect only after it is recorded.
struct Required {
    epoch: u64,
    /// Size in bytes that triggers the replacement of the journal by a new one, which starts with a snapshot.
    rotates_at: u64,
    /// Number of the last action that the host has handled.
    acknowledged: u64,
}

/// Observer of every input before it takes effect.
pub(super) struct Record {
    recorder: Option<Recorder<Writer>>,
    pub(super) tracer: Tracer,
    /// Set when the session has received an input.
    has_started: bool,
    /// Present if the journal is required.
    required: Option<Required>,
    /// Deferred data for the host's code, if its calls are deferred.
    #[cfg(feature = "session")]
    host_calls: Option<(Vec<TraceEvent>, JournalBuffer)>,
}

impl Record {
    pub(super) fn new(tracer: Tracer) -> Self {
        Self {
            recorder: None,
            tracer,
            has_started: false,
            required: None,
            #[cfg(feature = "session")]
            host_calls: None,
        }
    }

    pub(super) fn start(&mut self, protocol: &Protocol, writer: Writer, cap: u64) {
        self.recorder = Some(match self.has_started {
            false => Recorder::new(writer, protocol.config(), protocol.now(), cap),
            true => Recorder::late(writer),
        });
    }

    /// Records that the session is resumed, so its start is not recorded.
    pub(super) fn resumed(&mut self) {
        self.has_started = true;
    }

    /// Begins or continues a required journal.
    #[cfg(unix)]
    pub(super) fn require(&mut self, protocol: &Protocol, journal: JournalFile) {
        let (epoch, rotates_at, is_new) = (journal.epoch(), journal.rotates_at(), journal.is_new());
        let writer: Writer = Box::new(journal);
        // A session that has begun begins its journal with a snapshot.
        self.recorder = Some(match is_new {
            true => Recorder::required(writer, protocol, epoch, self.has_started),
            false => Recorder::resumed(writer),
        });
        self.required = Some(Required { epoch, rotates_at, acknowledged: protocol.action_number() });
    }

    /// Records that the host has handled the actions up to a number. A journal that has reached its size is then replaced.
    pub(super) fn acknowledge(&mut self, protocol: &Protocol, number: u64) {
        let (Some(required), Some(recorder)) = (&mut self.required, &mut self.recorder) else { return };
        let number = number.min(protocol.action_number());
        if number <= required.acknowledged {
            return;
        }
        required.acknowledged = number;
        recorder.handled(protocol.now(), number);
        let rewrite_from = if protocol.is_idle() { required.rotates_at / IDLE } else { required.rotates_at };
        if number == protocol.action_number() && recorder.written() > rewrite_from {
            recorder.rotate(protocol, required.epoch);
        }
    }

    /// Returns `true` if the session is stopped, because its required journal cannot be written.
    pub(super) fn is_suspended(&self) -> bool {
        self.required.is_some() && self.stopped().is_some()
    }

    /// Returns `true` if bytes may be sent. With a required journal, all records must have left the process before.
    pub(super) fn may_send(&self) -> bool {
        self.required.is_none() || self.stopped().is_none() && !self.is_spooled()
    }

    /// Returns whether there is a journal that is required.
    pub(super) fn is_required(&self) -> bool {
        self.required.is_some()
    }

    pub(super) fn stopped(&self) -> Option<&RecordingError> {
        self.recorder.as_ref()?.stopped()
    }

    /// Passes an input to the session that has no return value.
    pub(super) fn apply(&mut self, protocol: &mut Protocol, now: SessionTime, input: Input<'_>) {
        self.has_started = true;
        self.input(now, &input);
        if !self.is_suspended() {
            protocol.apply(now, input);
        }
    }

    /// Announces a command whose return value the caller needs. The input is only built if a journal or trace observes it.
    pub(super) fn command<'i>(&mut self, now: SessionTime, input: impl FnOnce() -> Input<'i>) -> bool {
        self.has_started = true;
        if self.recorder.is_some() || self.wants_commands() {
            self.input(now, &input());
        }
        !self.is_suspended()
    }

    pub(super) fn prompted(&mut self, prompt: PromptId) {
        self.trace(false, |tracer| tracer.prompt_accepted(prompt), || TraceEvent::Prompted(prompt));
    }

    pub(super) fn requested(&mut self, request: RequestId) {
        self.trace(false, |tracer| tracer.request_accepted(request), || TraceEvent::Requested(request));
    }

    pub(super) fn refused(&mut self, reason: &dyn fmt::Display) {
        self.trace(false, |tracer| tracer.command_refused(reason), || TraceEvent::Refused(reason.to_string()));
    }

    pub(super) fn action(&mut self, action: &Action) {
        self.trace(false, |tracer| tracer.action(action), || TraceEvent::Action(action.clone()));
    }

    pub(super) fn order(&mut self, order: ChildCommand) {
        self.trace(false, |tracer| tracer.child_command(order), || TraceEvent::Order(order));
    }

    fn input(&mut self, now: SessionTime, input: &Input<'_>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.input(now, input);
        }
        let often = matches!(input, Input::Receive(_) | Input::Sent(_) | Input::Timeout);
        self.trace(often, |tracer| tracer.input(input), || TraceEvent::Input(input.clone().into_owned()));
    }
}

#[cfg(feature = "session")]
impl Record {
    /// Defers the host's code from now on: the writer of the journal and the subscriber of the trace. The caller passes on
    /// the [deferred data](Self::take_waiting), in order, when it holds no lock.
    pub(super) fn defer_host_calls(&mut self) -> HostCalls {
        let journal = JournalBuffer::default();
        let writer = self.recorder.as_mut().map(|recorder| recorder.replace_writer(Box::new(journal.clone())));
        self.host_calls = Some((Vec::new(), journal));
        HostCalls::new(std::mem::replace(&mut self.tracer, Tracer::none()), writer)
    }

    /// Returns the amount of deferred data: bytes of the journal, and events of the trace.
    pub(super) fn waits(&self) -> usize {
        self.host_calls.as_ref().map_or(0, |(events, journal)| events.len() + journal.len())
    }

    pub(super) fn take_waiting(&mut self) -> Waiting {
        let waiting = self
            .host_calls
            .as_mut()
            .map(|(events, journal)| Waiting { events: std::mem::take(events), journal: journal.take() });
        waiting.unwrap_or_default()
    }

    /// Records that the journal could not be written.
    pub(super) fn failed(&mut self, error: std::io::Error) {
        if let Some(recorder) = &mut self.recorder {
            recorder.fail(error);
        }
    }

    /// Returns whether lines of the journal wait for their writer.
    fn is_spooled(&self) -> bool {
        self.host_calls.as_ref().is_some_and(|(_, journal)| journal.len() > 0)
    }

    fn wants_commands(&self) -> bool {
        match self.host_calls {
            Some(_) => is_traced(false),
            None => self.tracer.wants_commands(),
        }
    }

    /// Passes an event to the tracer now, or defers it.
    fn trace(&mut self, often: bool, now: impl FnOnce(&mut Tracer), later: impl FnOnce() -> TraceEvent) {
        match &mut self.host_calls {
            None => now(&mut self.tracer),
            Some((events, _)) if is_traced(often) => events.push(later()),
            Some(_) => {}
        }
    }
}

#[cfg(not(feature = "session"))]
impl Record {
    fn is_spooled(&self) -> bool {
        false
    }

    fn wants_commands(&self) -> bool {
        self.tracer.wants_commands()
    }

    fn trace(&mut self, _: bool, now: impl FnOnce(&mut Tracer), _: impl FnOnce() -> TraceEvent) {
        now(&mut self.tracer);
    }
}
