//! A session and what drives it, for this suite on any runtime.

use std::process::Command;

use claude_duplex::{
    Action, Driver, IncomingId, IncomingResponse, Interrupt, Prompt, PromptId, Protocol, RefusedError, Request,
    RequestId, RespondError, SpawnError, Transport,
};

/// A session and what drives it, as a test sees both: from outside, waiting.
pub(crate) trait Runs {
    fn next(&mut self) -> Option<Action>;
    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, RefusedError<Prompt>>;
    fn request(&mut self, request: Request) -> Result<RequestId, RefusedError<Request>>;
    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>>;
    fn answer(&mut self, request: IncomingId, response: IncomingResponse) -> Result<(), RespondError>;
    fn close(&mut self);
    fn abort(&mut self);
    fn protocol(&self) -> &Protocol;
    /// The child's id, and its group's.
    fn id(&self) -> u32;
}

/// Changes the command of a child before it is started.
pub(crate) type Change = fn(&mut Command);

/// A child that was started, and its session.
pub(crate) type Started = Result<Box<dyn Runs>, SpawnError>;

/// A session whose driver this program polls.
pub(crate) struct Driven<T, N> {
    pub(crate) claude: Driver<T>,
    /// Id of the child.
    pub(crate) id: u32,
    /// Waits for the next action.
    pub(crate) next: N,
}

impl<T: Transport, N: FnMut(&mut Driver<T>) -> Option<Action>> Runs for Driven<T, N> {
    fn next(&mut self) -> Option<Action> {
        (self.next)(&mut self.claude)
    }

    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, RefusedError<Prompt>> {
        self.claude.prompt(prompt)
    }

    fn request(&mut self, request: Request) -> Result<RequestId, RefusedError<Request>> {
        self.claude.request(request)
    }

    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        self.claude.interrupt(interrupt)
    }

    fn answer(&mut self, request: IncomingId, response: IncomingResponse) -> Result<(), RespondError> {
        self.claude.respond(request, response)
    }

    fn close(&mut self) {
        self.claude.close();
    }

    fn abort(&mut self) {
        self.claude.abort();
    }

    fn protocol(&self) -> &Protocol {
        self.claude.protocol()
    }

    fn id(&self) -> u32 {
        self.id
    }
}
