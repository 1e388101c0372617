//! A driver on any transport, as one type.

use std::task::{Context, Poll};

use crate::action::Action;
use crate::ask::Answer;
use crate::driver::Driver;
use crate::error::{AnswerError, Refused, Stale};
use crate::ids::{AskId, PromptId, RequestId};
use crate::prompt::Prompt;
use crate::request::{Interrupt, Request};
use crate::transport::Transport;

pub(super) trait Drive: Send {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>>;
    fn unread(&mut self) -> Option<Action>;
    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, Refused<Prompt>>;
    fn cancel(&mut self, prompt: PromptId) -> Result<(), Stale>;
    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, Refused<Interrupt>>;
    fn request(&mut self, request: Request) -> Result<RequestId, Refused<Request>>;
    fn answer(&mut self, ask: AskId, answer: Answer) -> Result<(), AnswerError>;
    fn close(&mut self);
    fn abort(&mut self);
    fn lose(&mut self);
    fn process_id(&self) -> Option<u32>;
    fn snapshot(&self) -> crate::SessionSnapshot;
}

impl<T: Transport + Send> Drive for Driver<T> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        Driver::poll_next(self, cx)
    }

    fn unread(&mut self) -> Option<Action> {
        Driver::unread(self)
    }

    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, Refused<Prompt>> {
        Driver::prompt(self, prompt)
    }

    fn cancel(&mut self, prompt: PromptId) -> Result<(), Stale> {
        Driver::cancel(self, prompt)
    }

    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, Refused<Interrupt>> {
        Driver::interrupt(self, interrupt)
    }

    fn request(&mut self, request: Request) -> Result<RequestId, Refused<Request>> {
        Driver::request(self, request)
    }

    fn answer(&mut self, ask: AskId, answer: Answer) -> Result<(), AnswerError> {
        Driver::answer(self, ask, answer)
    }

    fn close(&mut self) {
        Driver::close(self);
    }

    fn abort(&mut self) {
        Driver::abort(self);
    }

    fn lose(&mut self) {
        Driver::lose(self);
    }

    fn process_id(&self) -> Option<u32> {
        self.transport().process_id()
    }

    fn snapshot(&self) -> crate::SessionSnapshot {
        self.protocol().snapshot().clone()
    }
}
