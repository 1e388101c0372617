//! A `Protocol` that remembers what it was told, so that the history can be judged again.

use claude_duplex::{
    Action, Answer, AnswerError, AskId, ChildAction, Config, Input, Interrupt, Prompt, PromptId, Protocol, Refused,
    RequestId, Stale, Time,
};

use crate::history::History;

pub(crate) struct Recorded {
    protocol: Protocol,
    inputs: Vec<(Time, Input<'static>)>,
}

impl Recorded {
    pub(crate) fn new(config: Config) -> Self {
        Self { protocol: Protocol::new(config, Time::ZERO), inputs: Vec::new() }
    }

    pub(crate) fn history(&self) -> History {
        History { config: self.protocol.config().clone(), start: Time::ZERO, inputs: self.inputs.clone() }
    }

    /// What has no answer.
    pub(crate) fn tell(&mut self, now: Time, input: Input<'static>) {
        self.inputs.push((now, input.clone()));
        self.protocol.apply(now, input);
    }

    pub(crate) fn prompt(&mut self, now: Time, prompt: Prompt) -> Result<PromptId, Refused<Prompt>> {
        self.inputs.push((now, Input::Prompt(prompt.clone())));
        self.protocol.prompt(now, prompt)
    }

    pub(crate) fn cancel(&mut self, now: Time, prompt: PromptId) -> Result<(), Stale> {
        self.inputs.push((now, Input::Cancel(prompt)));
        self.protocol.cancel(now, prompt)
    }

    pub(crate) fn interrupt(&mut self, now: Time, interrupt: Interrupt) -> Result<RequestId, Refused<Interrupt>> {
        self.inputs.push((now, Input::Interrupt(interrupt.clone())));
        self.protocol.interrupt(now, interrupt)
    }

    pub(crate) fn answer(&mut self, now: Time, ask: AskId, answer: Answer) -> Result<(), AnswerError> {
        self.inputs.push((now, Input::Answer(ask, answer.clone())));
        self.protocol.answer(now, ask, answer)
    }

    pub(crate) fn poll_transmit(&self) -> &[u8] {
        self.protocol.poll_transmit()
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.protocol.poll_action()
    }

    pub(crate) fn poll_child(&mut self) -> Option<ChildAction> {
        self.protocol.poll_child()
    }
}
