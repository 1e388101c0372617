//! Law 5: what was begun is ended once, and nothing comes after the end.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use claude_duplex::{Action, AskId, Input, PromptId, Protocol, RequestId, Time, TurnId};

use crate::history::History;

/// Counts what was begun.
pub(crate) fn judge(history: &History) -> usize {
    let history = history.drained();
    let mut protocol = history.begin();
    let mut settled = Settled::default();
    for (now, input) in &history.inputs {
        settled.input(&mut protocol, *now, input.clone());
    }
    assert!(settled.closed && protocol.is_closed(), "it is not closed");
    let Settled { prompts, turns, requests, asks, .. } = settled;
    prompts.check("prompt") + turns.check("turn") + requests.check("request") + asks.check("ask")
}

/// How often each thing was begun and ended.
#[derive(Default)]
struct Settled {
    prompts: Tally<PromptId>,
    turns: Tally<TurnId>,
    requests: Tally<RequestId>,
    asks: Tally<AskId>,
    closed: bool,
}

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

    fn check(&self, what: &str) -> usize {
        for (key, (begun, ended)) in &self.counts {
            assert_eq!((*begun, *ended), (1, 1), "how often {what} {key:?} was begun and ended");
        }
        self.counts.len()
    }
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self { counts: HashMap::new() }
    }
}

impl Settled {
    fn input(&mut self, protocol: &mut Protocol, now: Time, input: Input<'static>) {
        match input {
            Input::Prompt(prompt) => {
                if let Ok(id) = protocol.prompt(now, prompt) {
                    self.prompts.begin(id);
                }
            }
            Input::Request(request) => {
                if let Ok(id) = protocol.request(now, request) {
                    self.requests.begin(id);
                }
            }
            Input::Interrupt(interrupt) => {
                if let Ok(id) = protocol.interrupt(now, interrupt) {
                    self.requests.begin(id);
                }
            }
            Input::Answer(ask, answer) => {
                if protocol.answer(now, ask, answer).is_ok() {
                    self.asks.end(ask);
                }
            }
            input => protocol.apply(now, input),
        }
        while let Some(action) = protocol.poll_action() {
            self.action(action);
        }
    }

    fn action(&mut self, action: Action) {
        assert!(!self.closed, "after the end: {action:?}");
        match action {
            Action::TurnStarted { turn, .. } => self.turns.begin(turn),
            Action::TurnEnded { turn, .. } => self.turns.end(turn),
            Action::PromptEnded { prompt, .. } => self.prompts.end(prompt),
            Action::Replied { request, .. } => self.requests.end(request),
            Action::Asked(ask) => self.asks.begin(ask.id()),
            Action::Withdrawn { ask, .. } => self.asks.end(ask),
            Action::Closed(_) => self.closed = true,
            _ => {}
        }
    }
}
