//! The way in to the session: past the journal, if one is kept, and the trace, if that is on.

use std::io::Write;

use crate::input::Input;
use crate::journal::{Recorder, Stopped};
use crate::protocol::Protocol;
use crate::time::Time;

use super::Tracer;

pub(super) type Writer = Box<dyn Write + Send + Sync>;

/// Sees every input before it takes effect.
pub(super) struct Record {
    recorder: Option<Recorder<Writer>>,
    pub(super) tracer: Tracer,
    /// The session was told something.
    begun: bool,
}

impl Record {
    pub(super) fn new(tracer: Tracer) -> Self {
        Self { recorder: None, tracer, begun: false }
    }

    pub(super) fn start(&mut self, protocol: &Protocol, writer: Writer, cap: u64) {
        self.recorder = Some(match self.begun {
            false => Recorder::new(writer, protocol.config(), protocol.now(), cap),
            true => Recorder::late(writer),
        });
    }

    pub(super) fn stopped(&self) -> Option<&Stopped> {
        self.recorder.as_ref()?.stopped()
    }

    /// Tells the session something that it has no reply to.
    pub(super) fn tell(&mut self, protocol: &mut Protocol, now: Time, input: Input<'_>) {
        self.begun = true;
        if let Some(recorder) = &mut self.recorder {
            recorder.input(now, &input);
        }
        self.tracer.input(&input);
        protocol.apply(now, input);
    }

    /// A command is about to be given, by one who wants the reply. What it is, is made up only where somebody looks.
    pub(super) fn command<'i>(&mut self, now: Time, input: impl FnOnce() -> Input<'i>) {
        self.begun = true;
        if self.recorder.is_none() && !self.tracer.wants_commands() {
            return;
        }
        let input = input();
        if let Some(recorder) = &mut self.recorder {
            recorder.input(now, &input);
        }
        self.tracer.input(&input);
    }
}
