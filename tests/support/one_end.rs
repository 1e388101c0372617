//! Invariant 5: what was begun is ended once, and nothing comes after the end. A prompt ends in the turn that took it last.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use claude_duplex::{Action, Attribution, IncomingId, Input, PromptId, Protocol, RequestId, SessionTime, TurnId};

/// How often each thing was begun and ended.
#[derive(Default)]
pub(crate) struct Settled {
    prompts: Tally<String>,
    turns: Tally<String>,
    requests: Tally<String>,
    incoming_requests: Tally<String>,
    answers: Tally<String>,
    /// The turn that took each prompt last.
    takers: HashMap<PromptId, TurnId>,
    closed: bool,
    broken: Option<String>,
}

#[derive(Debug, Default)]
struct Tally<K> {
    counts: HashMap<K, (u32, u32)>,
}

impl<K: Hash + Eq + Debug> Tally<K> {
    fn begin(&mut self, key: K) {
        self.counts.entry(key).or_default().0 += 1;
    }

    fn end(&mut self, key: K) {
        self.counts.entry(key).or_default().1 += 1;
    }

    fn check(&self, what: &str) -> Result<(), String> {
        match self.counts.iter().find(|(_, count)| **count != (1, 1)) {
            Some((key, (begun, ended))) => Err(format!("{what} {key:?} was begun {begun} and ended {ended} times")),
            None => Ok(()),
        }
    }
}

impl Settled {
    /// Was accepted.
    pub(crate) fn prompt(&mut self, id: PromptId) {
        self.prompts.begin(format!("{id:?}"));
    }

    /// Was accepted; interrupts are requests too.
    pub(crate) fn request(&mut self, id: RequestId) {
        self.requests.begin(format!("{id:?}"));
    }

    /// The answer was accepted.
    pub(crate) fn answer(&mut self, incoming: IncomingId) {
        self.answers.begin(format!("{incoming:?}"));
    }

    #[allow(dead_code, reason = "not every test has the core in its hands")]
    pub(crate) fn input(&mut self, protocol: &mut Protocol, now: SessionTime, input: Input<'static>) {
        match input {
            Input::Prompt(prompt) => drop(protocol.prompt(now, prompt).map(|id| self.prompt(id))),
            Input::Request(request) => drop(protocol.request(now, request).map(|id| self.request(id))),
            Input::Interrupt(interrupt) => drop(protocol.interrupt(now, interrupt).map(|id| self.request(id))),
            Input::Respond(incoming, answer) => {
                drop(protocol.respond(now, incoming, answer).map(|()| self.answer(incoming)))
            }
            input => protocol.apply(now, input),
        }
        while let Some(action) = protocol.poll_action() {
            self.action(&action);
        }
    }

    pub(crate) fn action(&mut self, action: &Action) {
        if self.closed {
            self.broken = Some(format!("after the end: {action:?}"));
        }
        match action {
            Action::TurnStarted { turn, .. } => self.turns.begin(format!("{turn:?}")),
            Action::TurnEnded { turn, .. } => self.turns.end(format!("{turn:?}")),
            Action::PromptTaken { prompt, turn, .. } => drop(self.takers.insert(*prompt, *turn)),
            Action::PromptEnded { prompt, turn, attribution, .. } => {
                self.prompts.end(format!("{prompt:?}"));
                // What a rule gives it after its turn was over, nobody was told to have taken.
                let corrected = *attribution == Attribution::Inferred && !self.takers.contains_key(prompt);
                if self.takers.get(prompt) != turn.as_ref() && !corrected {
                    let taker = self.takers.get(prompt);
                    self.broken = Some(format!("{prompt:?} was taken by {taker:?} and ended in {turn:?}"));
                }
            }
            Action::ResponseReceived { request, .. } => self.requests.end(format!("{request:?}")),
            Action::IncomingRequest(incoming) => self.incoming_requests.begin(format!("{:?}", incoming.id())),
            Action::IncomingAnswered { id: incoming, .. } => {
                self.incoming_requests.end(format!("{incoming:?}"));
                self.answers.end(format!("{incoming:?}"));
            }
            Action::IncomingCancelled { id: incoming, .. } => self.incoming_requests.end(format!("{incoming:?}")),
            Action::Closed(_) => self.closed = true,
            _ => {}
        }
    }

    /// How much was begun.
    #[allow(dead_code, reason = "not every test asks")]
    pub(crate) fn begun(&self) -> usize {
        self.prompts.counts.len()
            + self.turns.counts.len()
            + self.requests.counts.len()
            + self.incoming_requests.counts.len()
    }

    pub(crate) fn finish(&self) -> Result<(), String> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        if !self.closed {
            return Err("it is not closed".into());
        }
        self.prompts.check("prompt")?;
        self.turns.check("turn")?;
        self.requests.check("request")?;
        self.incoming_requests.check("ask")?;
        self.answers.check("answer")
    }
}
