//! Replay of a journal.

use std::fmt;
use std::slice;

use super::Journal;
use crate::base::text::{Cut, TruncatedList};
use crate::base::time::SessionTime;
use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

impl Journal {
    /// Replays the inputs with a new [`Protocol`]. Each input yields one [`ReplayStep`].
    ///
    /// ```no_run
    /// # use claude_duplex::Journal;
    /// let journal = Journal::read(&std::fs::read("session.journal")?)?;
    /// for step in journal.replay() {
    ///     println!("{:?} {:?}", step.time, step.actions);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replay(&self) -> Replay<'_> {
        Replay { protocol: self.begin(), inputs: self.inputs.iter() }
    }

    /// Returns the session in its state after the last input, so that a host can continue it: see `Driver::resume`. The
    /// actions that the host has not [handled](Self::handled) are unread.
    ///
    /// ```
    /// use claude_duplex::{Config, Input, Journal, Prompt, Recorder, Seed, SessionTime};
    ///
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let mut recorder =
    ///     Recorder::new(Vec::new(), &config, SessionTime::ZERO, 1024 * 1024);
    /// let prompt = Input::Prompt(Prompt::text("hello"));
    /// recorder.input(SessionTime::ZERO, &prompt);
    /// let session = Journal::read(&recorder.into_inner())?.resume();
    /// assert!(session.poll_transmit().starts_with(b"{\"type\":\"user\""));
    /// # Ok::<(), claude_duplex::journal::JournalError>(())
    /// ```
    #[must_use]
    pub fn resume(&self) -> Protocol {
        let mut protocol = self.begin();
        for (now, input) in &self.inputs {
            protocol.apply(*now, input.clone());
            protocol.skip_actions(self.handled);
        }
        protocol
    }

    /// Returns the session before the first input.
    fn begin(&self) -> Protocol {
        match &self.snapshot {
            Some(snapshot) => Protocol::restore(snapshot).expect("it was restored when it was read"),
            None => Protocol::new(self.config.clone(), self.start),
        }
    }
}

/// An iterator over the steps of a replay.
#[derive(Clone)]
#[must_use = "a replay does nothing until its steps are read"]
pub struct Replay<'j> {
    protocol: Protocol,
    inputs: slice::Iter<'j, (SessionTime, Input<'static>)>,
}

impl Replay<'_> {
    /// Returns the session after the last step.
    #[must_use]
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }
}

/// Consequences of one input.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayStep<'j> {
    /// Time of the input.
    pub time: SessionTime,
    /// Input of the session.
    pub input: &'j Input<'static>,
    /// Actions that the session emitted.
    pub actions: Vec<Action>,
    /// Commands to the child process.
    pub children: Vec<ChildCommand>,
    /// Bytes that were queued for the child's stdin.
    pub output: Vec<u8>,
    /// Number of unsent bytes after the step: all output so far, without sent and discarded bytes.
    pub unsent: usize,
    /// Next deadline after the step, and its kind.
    pub deadline: Option<(SessionTime, Deadline)>,
}

impl fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("protocol", &self.protocol).field("inputs", &self.inputs.len()).finish()
    }
}

impl fmt::Debug for ReplayStep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayStep")
            .field("time", &self.time)
            .field("input", &self.input)
            .field("actions", &TruncatedList(&self.actions))
            .field("children", &self.children)
            .field("output", &Cut(&self.output))
            .field("unsent", &self.unsent)
            .field("deadline", &self.deadline)
            .finish()
    }
}

impl<'j> Iterator for Replay<'j> {
    type Item = ReplayStep<'j>;

    fn next(&mut self) -> Option<ReplayStep<'j>> {
        let (time, input) = self.inputs.next()?;
        let protocol = &mut self.protocol;
        let mut waiting = protocol.poll_transmit().len();
        if let Input::Sent(count) = input {
            waiting = waiting.saturating_sub(*count);
        }
        protocol.apply(*time, input.clone());
        let children = std::iter::from_fn(|| protocol.poll_child_command()).collect();
        let actions = std::iter::from_fn(|| protocol.poll_action()).collect();
        // Unsent bytes are discarded only at an end, after which none are added.
        let output = protocol.poll_transmit().get(waiting..).unwrap_or_default().to_vec();
        let (unsent, deadline) = (protocol.poll_transmit().len(), protocol.poll_timeout());
        Some(ReplayStep { time: *time, input, actions, children, output, unsent, deadline })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inputs.size_hint()
    }
}
