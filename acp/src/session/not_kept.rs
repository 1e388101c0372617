//! Sessions on systems without keepers: none outlives the agent.

use agent_client_protocol::Error;
use claude_duplex::Message;

use super::{Opener, Session};

impl Session {
    pub(super) async fn resume(&mut self, _: bool) -> Result<bool, Error> {
        Ok(false)
    }

    pub(super) fn resumed(&mut self, opener: Opener) {
        opener.respond(self.client.session(), Ok((self.choices.modes(), self.choices.options())));
    }

    pub(super) async fn client_gone(&mut self) {
        self.close(None);
    }

    pub(super) fn acknowledge(&mut self) {}

    pub(super) fn note_commands(&mut self, _: &Message) {}

    pub(super) fn note(&self) {}
}
