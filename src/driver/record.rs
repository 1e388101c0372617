//! The way in to the session: past the journal, if one is kept, and the trace, if that is on.

use std::fmt;
use std::io::Write;

use super::Tracer;
use super::aside::Told;
#[cfg(feature = "session")]
use super::aside::{Aside, Spool, Waiting, is_traced};
use crate::base::ids::{PromptId, RequestId};
use crate::base::time::SessionTime;
use crate::journal::{Recorder, RecordingError};
use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

pub(super) type Writer = Box<dyn Write + Send + Sync>;

/// Sees every input before it takes effect.
pub(super) struct Record {
    recorder: Option<Recorder<Writer>>,
    pub(super) tracer: Tracer,
    /// The session was told something.
    begun: bool,
    /// What waits for the host's code, if that runs aside.
    #[cfg(feature = "session")]
    aside: Option<(Vec<Told>, Spool)>,
}

impl Record {
    pub(super) fn new(tracer: Tracer) -> Self {
        Self {
            recorder: None,
            tracer,
            begun: false,
            #[cfg(feature = "session")]
            aside: None,
        }
    }

    pub(super) fn start(&mut self, protocol: &Protocol, writer: Writer, cap: u64) {
        self.recorder = Some(match self.begun {
            false => Recorder::new(writer, protocol.config(), protocol.now(), cap),
            true => Recorder::late(writer),
        });
    }

    pub(super) fn stopped(&self) -> Option<&RecordingError> {
        self.recorder.as_ref()?.stopped()
    }

    /// Tells the session something that it has no reply to.
    pub(super) fn tell(&mut self, protocol: &mut Protocol, now: SessionTime, input: Input<'_>) {
        self.begun = true;
        self.input(now, &input);
        protocol.apply(now, input);
    }

    /// A command is about to be given, by one who wants the reply. What it is, is made up only where somebody looks.
    pub(super) fn command<'i>(&mut self, now: SessionTime, input: impl FnOnce() -> Input<'i>) {
        self.begun = true;
        if self.recorder.is_some() || self.wants_commands() {
            self.input(now, &input());
        }
    }

    pub(super) fn prompted(&mut self, prompt: PromptId) {
        self.trace(false, |tracer| tracer.prompt_accepted(prompt), || Told::Prompted(prompt));
    }

    pub(super) fn requested(&mut self, request: RequestId) {
        self.trace(false, |tracer| tracer.request_accepted(request), || Told::Requested(request));
    }

    pub(super) fn refused(&mut self, reason: &dyn fmt::Display) {
        self.trace(false, |tracer| tracer.command_refused(reason), || Told::Refused(reason.to_string()));
    }

    pub(super) fn action(&mut self, action: &Action) {
        self.trace(false, |tracer| tracer.action(action), || Told::Action(action.clone()));
    }

    pub(super) fn order(&mut self, order: ChildCommand) {
        self.trace(false, |tracer| tracer.child_command(order), || Told::Order(order));
    }

    fn input(&mut self, now: SessionTime, input: &Input<'_>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.input(now, input);
        }
        let often = matches!(input, Input::Receive(_) | Input::Sent(_) | Input::Timeout);
        self.trace(often, |tracer| tracer.input(input), || Told::Input(input.clone().into_owned()));
    }
}

#[cfg(feature = "session")]
impl Record {
    /// Has the host's code, the writer of the journal and the subscriber of the trace, run aside from now on: the caller
    /// gives it what [waits](Self::take_waiting), in order, when it holds no lock.
    pub(super) fn set_aside(&mut self) -> Aside {
        let spool = Spool::default();
        let writer = self.recorder.as_mut().map(|recorder| recorder.replace_writer(Box::new(spool.clone())));
        self.aside = Some((Vec::new(), spool));
        Aside::new(std::mem::replace(&mut self.tracer, Tracer::none()), writer)
    }

    /// Returns how much waits: bytes of the journal, and events of the trace.
    pub(super) fn waits(&self) -> usize {
        self.aside.as_ref().map_or(0, |(told, spool)| told.len() + spool.len())
    }

    pub(super) fn take_waiting(&mut self) -> Waiting {
        let waiting =
            self.aside.as_mut().map(|(told, spool)| Waiting { told: std::mem::take(told), journal: spool.take() });
        waiting.unwrap_or_default()
    }

    /// Notes that what was to be recorded could not be written.
    pub(super) fn failed(&mut self, error: std::io::Error) {
        if let Some(recorder) = &mut self.recorder {
            recorder.fail(error);
        }
    }

    fn wants_commands(&self) -> bool {
        match self.aside {
            Some(_) => is_traced(false),
            None => self.tracer.wants_commands(),
        }
    }

    /// Tells the tracer now, or later.
    fn trace(&mut self, often: bool, now: impl FnOnce(&mut Tracer), later: impl FnOnce() -> Told) {
        match &mut self.aside {
            None => now(&mut self.tracer),
            Some((told, _)) if is_traced(often) => told.push(later()),
            Some(_) => {}
        }
    }
}

#[cfg(not(feature = "session"))]
impl Record {
    fn wants_commands(&self) -> bool {
        self.tracer.wants_commands()
    }

    fn trace(&mut self, _: bool, now: impl FnOnce(&mut Tracer), _: impl FnOnce() -> Told) {
        now(&mut self.tracer);
    }
}
