//! The title of a session.

use agent_client_protocol::Responder;
use agent_client_protocol::v1::schema::{SessionInfoUpdate, SessionUpdate, SetSessionTitleResponse};
use claude_duplex::request::RenameSession;
use claude_duplex::{RequestError, Response};

use super::{Session, Waiting};
use crate::failure;

impl Session {
    /// Sends the CLI a request to rename the session.
    pub(super) fn set_title(&mut self, title: &str, responder: Responder<SetSessionTitleResponse>) {
        let title = title.trim().to_owned();
        if title.is_empty() {
            let _ = responder.respond_with_error(failure::invalid("the title is empty"));
            return;
        }
        self.request(RenameSession::new(title.clone()), Waiting::Title(title, responder));
    }

    pub(super) fn title_set(
        &mut self,
        title: String,
        responder: Responder<SetSessionTitleResponse>,
        response: Result<Response, RequestError>,
    ) {
        let _ = match response {
            Ok(_) => {
                let update = SessionInfoUpdate::new().title(title.clone());
                self.client.update(SessionUpdate::SessionInfoUpdate(update));
                responder.respond(SetSessionTitleResponse::new(title))
            }
            Err(error) => responder.respond_with_error(failure::internal(error.to_string())),
        };
    }
}
