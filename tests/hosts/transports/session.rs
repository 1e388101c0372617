//! A session under test: every action that it gave, and that each thing was settled once.

use claude_duplex::{
    Action, IncomingId, IncomingResponse, Interrupt, Message, Outcome, Prompt, PromptId, Protocol, RejectedReason,
    Request, RequestId, RespondError, SessionClosed,
};

use crate::one_end::Settled;
use crate::runner::Runs;

pub(crate) struct Session {
    claude: Box<dyn Runs>,
    pub(crate) actions: Vec<Action>,
    settled: Settled,
}

impl Session {
    pub(crate) fn new(claude: Box<dyn Runs>) -> Self {
        Self { claude, actions: Vec::new(), settled: Settled::default() }
    }

    /// The child's process id.
    #[cfg(unix)]
    pub(crate) fn id(&self) -> u32 {
        self.claude.id()
    }

    pub(crate) fn next(&mut self) -> Option<&Action> {
        let action = self.claude.next()?;
        self.settled.action(&action);
        self.actions.push(action);
        self.actions.last()
    }

    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&Action) -> bool) -> Action {
        while let Some(action) = self.next() {
            if wanted(action) {
                return action.clone();
            }
        }
        panic!("the session ended before {what}: {:?}", self.actions);
    }

    pub(crate) fn until_message(&mut self) {
        self.until("the first message", |action| matches!(action, Action::Message { .. }));
    }

    pub(crate) fn until_prompt_ended(&mut self) {
        self.until("the prompt's end", |action| matches!(action, Action::PromptEnded { .. }));
    }

    pub(crate) fn until_request(&mut self) -> IncomingId {
        match self.until("the ask", |action| matches!(action, Action::IncomingRequest(_))) {
            Action::IncomingRequest(incoming) => incoming.id(),
            _ => unreachable!("it was waited for"),
        }
    }

    /// Drives it to its end: nothing comes after that, and everything is settled.
    pub(crate) fn end(&mut self) -> SessionClosed {
        let end = self.until("its end", |action| matches!(action, Action::Closed(_)));
        assert!(self.next().is_none() && self.protocol().is_closed());
        self.settled.finish().unwrap_or_else(|reason| panic!("{reason}: {:?}", self.actions));
        match end {
            Action::Closed(closed) => closed,
            _ => unreachable!("it was waited for"),
        }
    }

    pub(crate) fn close_and_end(&mut self) -> SessionClosed {
        self.close();
        self.end()
    }

    // Commands.

    pub(crate) fn prompt(&mut self, prompt: impl Into<Prompt>) -> PromptId {
        self.try_prompt(prompt).expect("the prompt is taken")
    }

    pub(crate) fn try_prompt(&mut self, prompt: impl Into<Prompt>) -> Option<PromptId> {
        self.claude.prompt(prompt.into()).inspect(|id| self.settled.prompt(*id)).ok()
    }

    pub(crate) fn request(&mut self, request: Request) -> RequestId {
        self.try_request(request).expect("the request is taken")
    }

    pub(crate) fn try_request(&mut self, request: Request) -> Option<RequestId> {
        self.claude.request(request).inspect(|id| self.settled.request(*id)).ok()
    }

    pub(crate) fn interrupt(&mut self, interrupt: Interrupt) -> RequestId {
        self.claude.interrupt(interrupt).inspect(|id| self.settled.request(*id)).expect("the interrupt is taken")
    }

    pub(crate) fn answer(
        &mut self,
        incoming: IncomingId,
        answer: impl Into<IncomingResponse>,
    ) -> Result<(), RespondError> {
        self.claude.answer(incoming, answer.into()).inspect(|()| self.settled.answer(incoming))
    }

    pub(crate) fn close(&mut self) {
        self.claude.close();
    }

    pub(crate) fn abort(&mut self) {
        self.claude.abort();
    }

    // What there was.

    pub(crate) fn protocol(&self) -> &Protocol {
        self.claude.protocol()
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.actions.iter().filter_map(|action| match action {
            Action::Message { message, .. } => Some(message),
            _ => None,
        })
    }

    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |action: &Action| match action {
            Action::PromptEnded { outcome, .. } => Some(*outcome),
            _ => None,
        };
        self.actions.iter().filter_map(outcome).collect()
    }

    pub(crate) fn rejected(&self) -> Vec<RejectedReason> {
        let reason = |action: &Action| match action {
            Action::RejectedLine(rejected) => Some(rejected.reason),
            _ => None,
        };
        self.actions.iter().filter_map(reason).collect()
    }
}
