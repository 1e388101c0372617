//! The start of a session's CLI.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    LoadSessionResponse, NewSessionResponse, ResumeSessionResponse, SessionConfigOption, SessionModeState,
};
use claude_duplex::request::Initialize;
use claude_duplex::{RequestError, Response};

use super::{Opener, Session, Waiting};
use crate::failure;
use crate::history;
use crate::options::{self, From};
use crate::translate;

/// A CLI that has not said yet what it can do, and who waits for it.
pub(super) struct Opening(Option<Opener>);

impl Opener {
    /// Responds with the session's choices, or why there is no session.
    fn respond(
        self,
        id: &agent_client_protocol::v1::schema::SessionId,
        opened: Result<(SessionModeState, Vec<SessionConfigOption>), Error>,
    ) {
        // A client that is gone needs no response.
        let _ = match (self, opened) {
            (Self::New(responder), Ok((modes, options))) => {
                responder.respond(NewSessionResponse::new(id.clone()).modes(modes).config_options(options))
            }
            (Self::Load(responder), Ok((modes, options))) => {
                responder.respond(LoadSessionResponse::new().modes(modes).config_options(options))
            }
            (Self::Resume(responder), Ok((modes, options))) => {
                responder.respond(ResumeSessionResponse::new().modes(modes).config_options(options))
            }
            (Self::New(responder), Err(error)) => responder.respond_with_error(error),
            (Self::Load(responder), Err(error)) => responder.respond_with_error(error),
            (Self::Resume(responder), Err(error)) => responder.respond_with_error(error),
        };
    }
}

impl Session {
    /// Starts the session. Returns whether there is one.
    pub(super) async fn open(&mut self, opener: Opener) -> bool {
        let from = match opener {
            Opener::New(_) => From::Nothing,
            Opener::Load(_) | Opener::Resume(_) => From::Disk,
        };
        let id = self.client.session().clone();
        if from == From::Disk {
            let Some(path) = history::find(&id.0).await else {
                let error = agent_client_protocol::v1::schema::Error::session_not_found(id.clone());
                opener.respond(&id, Err(error.into()));
                return false;
            };
            if matches!(opener, Opener::Load(_)) {
                let Self { shown, client, .. } = self;
                if let Err(error) = history::replay(&path, shown, client).await {
                    let what = format!("the history {} cannot be read", path.display());
                    opener.respond(&id, Err(failure::caused(&what, &error)));
                    return false;
                }
            }
        }
        if let Err(error) = self.start(from) {
            opener.respond(&id, Err(error));
            return false;
        }
        self.opening = Some(Opening(Some(opener)));
        true
    }

    /// Starts a CLI for the session.
    fn start(&mut self, from: From) -> Result<(), Error> {
        let kept = (self.choices.mode(), self.choices.model());
        let id = self.client.session();
        let mut started = options::start(&self.arguments, self.abilities, &self.place, &id.0, from, kept)?;
        let request =
            started.driver.request(Initialize::new()).map_err(|error| failure::internal(error.to_string()))?;
        self.waiting.insert(request, Waiting::Opening);
        self.opening = Some(Opening(None));
        self.claude = Some(started);
        Ok(())
    }

    /// Starts a CLI again after the last one has ended, with what that one wrote to disk.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        let from = if history::find_now(&self.client.session().0).is_some() { From::Disk } else { From::Nothing };
        self.start(from)
    }

    /// The CLI has said what it can do, or that it cannot start.
    pub(super) fn opened(&mut self, response: Result<Response, RequestError>) {
        let Some(Opening(opener)) = self.opening.take() else { return };
        let id = self.client.session().clone();
        let response = match response {
            Ok(response) => response.decode_as::<Initialize>().ok(),
            // The end of the session has the reason.
            Err(RequestError::Lost(_)) => return self.opening = Some(Opening(opener)),
            Err(error) => {
                if let Some(opener) = opener {
                    opener.respond(&id, Err(failure::internal(format!("the CLI does not start: {error}"))));
                }
                return self.abort();
            }
        };
        self.choices.offered(response.as_ref(), self.arguments.allow_bypass);
        if let Some(opener) = opener {
            opener.respond(&id, Ok((self.choices.modes(), self.choices.options())));
        }
        self.client.update(translate::commands(response.and_then(|response| response.commands).unwrap_or_default()));
    }

    /// The CLI has ended before it could say what it can do.
    pub(super) fn not_opened(&mut self, error: &Error) {
        if let Some(Opening(Some(opener))) = self.opening.take() {
            opener.respond(&self.client.session().clone(), Err(error.clone()));
            self.closing.get_or_insert_default();
        }
    }
}
