//! Handles of a resumed session.

use std::sync::Arc;

use super::State;
use crate::base::ids::PromptId;
use crate::protocol::handed_out::HandedOut;
use crate::session::waiting::calls::Calls;
use crate::session::waiting::mailbox::Mailbox;

impl State {
    /// Restores the handles of a former host. Returns the open prompts.
    pub(in crate::session) fn resume(&mut self) -> Vec<(PromptId, Arc<Mailbox>)> {
        let Some(driver) = &self.driver else { return Vec::new() };
        let HandedOut { prompts, turns, incoming } = driver.handed_out();
        (self.cli_session, self.last_action, self.resumed) = (driver.cli_session(), driver.action_number(), incoming);
        self.resumed.iter().for_each(|request| self.router.resume_incoming(request));
        turns.into_iter().for_each(|turn| self.router.resume_turn(turn));
        prompts.into_iter().map(|(prompt, turn)| (prompt, self.router.resume(prompt, turn))).collect()
    }

    /// Delivers the open requests of a resumed session to their owners, before later actions.
    pub(super) fn redeliver_open(&mut self, calls: &mut Calls) {
        for request in std::mem::take(&mut self.resumed) {
            if !self.owners.deliver(&request, calls) {
                self.undeclined.push(request.id());
            }
        }
    }
}
