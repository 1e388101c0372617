//! A journal played again.

use std::fmt;
use std::slice;

use super::Journal;
use crate::base::text::{Cut, Few};
use crate::base::time::SessionTime;
use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

impl Journal {
    /// Plays the inputs through a fresh [`Protocol`]: each gives one [`ReplayStep`].
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

    /// Returns the session as it stands after the last input, to go on with it: see `Driver::resume`. Unread are the actions
    /// behind the last one that the host has [handled](Self::handled).
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

/// A journal that is being played: an iterator of its steps.
#[derive(Clone)]
#[must_use = "nothing is played but by asking for the next step"]
pub struct Replay<'j> {
    protocol: Protocol,
    inputs: slice::Iter<'j, (SessionTime, Input<'static>)>,
}

impl Replay<'_> {
    /// The session as it stands after the last step.
    #[must_use]
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }
}

/// What followed from one input.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayStep<'j> {
    /// When.
    pub time: SessionTime,
    /// What the session was told.
    pub input: &'j Input<'static>,
    /// What happened.
    pub actions: Vec<Action>,
    /// What was to be done to the child.
    pub children: Vec<ChildCommand>,
    /// What was added to that which is to be written to the child's stdin.
    pub output: Vec<u8>,
    /// How many bytes then wait to be written: all of the output so far, less what was sent, less what was given up.
    pub unsent: usize,
    /// When the session is then to be woken, and what for.
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
            .field("actions", &Few(&self.actions))
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
        // What waits is given up only at an end, after which nothing is added.
        let output = protocol.poll_transmit().get(waiting..).unwrap_or_default().to_vec();
        let (unsent, deadline) = (protocol.poll_transmit().len(), protocol.poll_timeout());
        Some(ReplayStep { time: *time, input, actions, children, output, unsent, deadline })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inputs.size_hint()
    }
}
