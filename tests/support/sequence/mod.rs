//! Sequences: arbitrary sequences of everything that can be said to a session, made once and judged by every invariant.
//! The fuzz targets make them from the same types.

#![allow(dead_code, reason = "each test takes its part")]

pub(crate) mod answer;
mod author;
pub(crate) mod cli;
mod config;
pub(crate) mod step;

use arbitrary::{Result, Unstructured};
use claude_duplex::{Action, ChildCommand, Config, Deadline, Input, Protocol, SessionTime};

pub(crate) use author::Author;

/// A sequence as it was played: the settings and every input with its time.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(crate) config: Config,
    pub(crate) start: SessionTime,
    pub(crate) inputs: Vec<(SessionTime, Input<'static>)>,
}

/// What one playing of an input sequence gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trace {
    pub(crate) actions: Vec<Action>,
    pub(crate) children: Vec<ChildCommand>,
    /// All that was sent, as far as the input sequence says `Sent`.
    pub(crate) written: Vec<u8>,
    /// What was to be sent at the end.
    pub(crate) unsent: Vec<u8>,
    /// How much was to be sent, and when the session wanted to be woken, after each input.
    pub(crate) deadlines: Vec<(usize, Option<(SessionTime, Deadline)>)>,
}

/// How much is said to a session that is over, to which nothing matters.
const AFTER_THE_END: usize = 5;

/// Makes an input sequence: each step becomes the input that it means in the state that the session has reached.
pub(crate) fn sequence(u: &mut Unstructured<'_>) -> Result<Sequence> {
    let mut author = Author::new(config::config(u)?);
    let mut after = 0;
    while !u.is_empty() && after < AFTER_THE_END {
        after += usize::from(author.is_closed());
        author.step(u.arbitrary()?);
    }
    Ok(author.sequence())
}

impl Sequence {
    /// The session before its first input.
    pub(crate) fn begin(&self) -> Protocol {
        Protocol::new(self.config.clone(), self.start)
    }

    /// The session after its last input, with every action read.
    pub(crate) fn reached(&self) -> Protocol {
        let mut protocol = self.begin();
        for (now, input) in &self.inputs {
            protocol.apply(*now, input.clone());
            while protocol.poll_action().is_some() {}
        }
        protocol
    }

    /// The inputs again, in the same states.
    pub(crate) fn play(&self) -> Trace {
        let mut protocol = self.begin();
        let mut trace = Trace::default();
        for (now, input) in &self.inputs {
            trace.apply(&mut protocol, *now, input.clone());
            trace.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
        }
        trace.unsent = protocol.poll_transmit().to_vec();
        trace
    }

    /// The sequence with what brings it to its end: the host closes, all output is sent, and every deadline passes.
    pub(crate) fn drained(&self) -> Self {
        let mut drained = self.clone();
        let mut protocol = self.reached();
        let mut say = |protocol: &mut Protocol, now: SessionTime, input: Input<'static>| {
            protocol.apply(now, input.clone());
            drained.inputs.push((now, input));
        };
        let now = protocol.now();
        say(&mut protocol, now, Input::Close);
        for _ in 0..self.most_steps() {
            let now = protocol.now();
            match (protocol.poll_transmit().len(), protocol.poll_timeout()) {
                _ if protocol.is_closed() => return drained,
                (0, Some((due, _))) => say(&mut protocol, due, Input::Timeout),
                (0, None) => panic!("it is not closed and waits for nothing"),
                (pending, _) => say(&mut protocol, now, Input::Sent(pending)),
            }
        }
        panic!("the end does not come");
    }

    /// How many deadlines an end may take: each request may have its own, each prompt three, and an end has a few.
    pub(crate) fn most_steps(&self) -> usize {
        3 * self.inputs.len() + 40
    }
}

impl Trace {
    pub(crate) fn apply(&mut self, protocol: &mut Protocol, now: SessionTime, input: Input<'_>) {
        if let Input::Sent(count) = input {
            let pending = protocol.poll_transmit();
            self.written.extend_from_slice(&pending[..count.min(pending.len())]);
        }
        protocol.apply(now, input);
        self.children.extend(std::iter::from_fn(|| protocol.poll_child_command()));
        self.deadlines.push((protocol.poll_transmit().len(), protocol.poll_timeout()));
    }
}
