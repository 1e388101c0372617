//! A `Protocol` that remembers what it was told, so that the input sequence can be judged again.

use std::hash::{Hash, Hasher};

use claude_duplex::{
    Action, ChildCommand, Config, IncomingId, IncomingResponse, Input, Interrupt, Prompt, PromptId, Protocol,
    RefusedError, RequestId, RespondError, SessionTime, StaleIdError,
};

use crate::sequence::Sequence;

pub(crate) struct Recorded {
    protocol: Protocol,
    inputs: Vec<(SessionTime, Input<'static>)>,
}

impl Recorded {
    pub(crate) fn new(config: Config) -> Self {
        Self { protocol: Protocol::new(config, SessionTime::ZERO), inputs: Vec::new() }
    }

    pub(crate) fn sequence(&self) -> Sequence {
        Sequence { config: self.protocol.config().clone(), start: SessionTime::ZERO, inputs: self.inputs.clone() }
    }

    /// Hashes what the protocol was told, which determines its state.
    pub(crate) fn hash(&self, hasher: &mut impl Hasher) {
        for (now, input) in &self.inputs {
            match input {
                // Nothing.
                Input::Sent(0) => {}
                Input::Receive(bytes) if bytes.is_empty() => {}
                Input::Receive(bytes) => (now.as_nanos(), bytes).hash(hasher),
                input => (now.as_nanos(), format!("{input:?}")).hash(hasher),
            }
        }
    }

    /// What has no answer.
    pub(crate) fn apply(&mut self, now: SessionTime, input: Input<'static>) {
        self.inputs.push((now, input.clone()));
        self.protocol.apply(now, input);
    }

    pub(crate) fn prompt(&mut self, now: SessionTime, prompt: Prompt) -> Result<PromptId, RefusedError<Prompt>> {
        self.inputs.push((now, Input::Prompt(prompt.clone())));
        self.protocol.prompt(now, prompt)
    }

    pub(crate) fn cancel(&mut self, now: SessionTime, prompt: PromptId) -> Result<(), StaleIdError> {
        self.inputs.push((now, Input::Cancel(prompt)));
        self.protocol.cancel(now, prompt)
    }

    pub(crate) fn interrupt(
        &mut self,
        now: SessionTime,
        interrupt: Interrupt,
    ) -> Result<RequestId, RefusedError<Interrupt>> {
        self.inputs.push((now, Input::Interrupt(interrupt.clone())));
        self.protocol.interrupt(now, interrupt)
    }

    pub(crate) fn answer(
        &mut self,
        now: SessionTime,
        incoming: IncomingId,
        answer: IncomingResponse,
    ) -> Result<(), RespondError> {
        self.inputs.push((now, Input::Respond(incoming, answer.clone())));
        self.protocol.respond(now, incoming, answer)
    }

    pub(crate) fn poll_transmit(&self) -> &[u8] {
        self.protocol.poll_transmit()
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.protocol.poll_action()
    }

    pub(crate) fn poll_child_command(&mut self) -> Option<ChildCommand> {
        self.protocol.poll_child_command()
    }
}
