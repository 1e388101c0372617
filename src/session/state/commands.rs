//! Commands of handles. They take effect at once, or are refused with the end of the session.

use std::sync::Arc;

use super::State;
use crate::base::ids::{IncomingId, PromptId, RequestId};
use crate::incoming::IncomingResponse;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::error::{RefusedError, RespondError, StaleIdError};
use crate::session::drive::Drive;
use crate::session::reply::PendingResponse;
use crate::session::waiting::mailbox::Mailbox;
use crate::session::waiting::slot::Slot;

impl State {
    /// Records that the host has handled the actions up to a number.
    pub(in crate::session) fn acknowledge(&mut self, number: u64) {
        if let Some(driver) = &mut self.driver {
            driver.acknowledge(number.min(self.last_action));
        }
    }

    /// Returns the number of the last action that was delivered.
    pub(in crate::session) fn action_number(&self) -> u64 {
        self.last_action
    }

    pub(in crate::session) fn prompt(
        &mut self,
        prompt: Prompt,
    ) -> Result<(PromptId, Arc<Mailbox>), RefusedError<Prompt>> {
        let id = self.give(prompt, |driver, prompt| driver.prompt(prompt))?;
        Ok((id, self.router.open(id)))
    }

    pub(in crate::session) fn cancel(&mut self, prompt: PromptId) -> Result<(), StaleIdError> {
        match &mut self.driver {
            Some(driver) => driver.cancel(prompt),
            None => Err(StaleIdError::new(self.closed.clone())),
        }
    }

    pub(in crate::session) fn interrupt(
        &mut self,
        interrupt: Interrupt,
    ) -> Result<PendingResponse, RefusedError<Interrupt>> {
        let id = self.give(interrupt, |driver, interrupt| driver.interrupt(interrupt))?;
        Ok(self.expect(id))
    }

    pub(in crate::session) fn request(&mut self, request: Request) -> Result<PendingResponse, RefusedError<Request>> {
        let id = self.give(request, |driver, request| driver.request(request))?;
        Ok(self.expect(id))
    }

    pub(in crate::session) fn answer(
        &mut self,
        incoming: IncomingId,
        answer: IncomingResponse,
    ) -> Result<(), RespondError> {
        let Some(driver) = &mut self.driver else {
            return Err(self.closed.clone().map_or(RespondError::Stale, |end| RespondError::Closed(Box::new(end))));
        };
        let answered = driver.answer(incoming, answer);
        if !matches!(answered, Err(RespondError::Mismatch | RespondError::Full)) {
            self.owners.answered(incoming);
        }
        answered
    }

    pub(in crate::session) fn close(&mut self) {
        self.is_closing = true;
        if let Some(driver) = &mut self.driver {
            driver.close();
        }
    }

    pub(in crate::session) fn close_now(&mut self) {
        self.is_closing = true;
        if let Some(driver) = &mut self.driver {
            driver.close_now();
        }
    }

    pub(in crate::session) fn abort(&mut self) {
        self.is_closing = true;
        if let Some(driver) = &mut self.driver {
            driver.abort();
        }
    }

    fn expect(&mut self, request: RequestId) -> PendingResponse {
        let slot = Slot::new();
        self.replies.insert(request, Arc::clone(&slot));
        PendingResponse::new(request, slot)
    }

    fn give<T, R>(
        &mut self,
        value: T,
        command: impl FnOnce(&mut dyn Drive, T) -> Result<R, RefusedError<T>>,
    ) -> Result<R, RefusedError<T>> {
        let Some(driver) = &mut self.driver else { return Err(RefusedError::closed_with(value, self.closed.clone())) };
        let taken = command(&mut **driver, value);
        self.wants_room |= matches!(&taken, Err(refused) if refused.is_full());
        taken
    }
}
