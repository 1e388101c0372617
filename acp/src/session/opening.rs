//! The start of a session's CLI.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    Error as SchemaError, ForkSessionResponse, LoadSessionResponse, NewSessionResponse, ResumeSessionResponse,
    SessionConfigOption, SessionId, SessionModeState,
};
use claude_duplex::request::Initialize;
use claude_duplex::{Message, RequestError, Response};

use super::{Opener, Session, Waiting};
use crate::failure;
use crate::history::{self, History};
use crate::options::{self, From};
use crate::translate;

/// A CLI that has not responded to `initialize` yet, with the request of the client that waits for it.
pub(super) struct Opening(Option<Opener>);

impl Opener {
    /// Responds with the session's choices, or with the reason why there is no session.
    pub(crate) fn respond(self, id: &SessionId, opened: Result<(SessionModeState, Vec<SessionConfigOption>), Error>) {
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
            (Self::Fork(_, responder), Ok((modes, options))) => {
                responder.respond(ForkSessionResponse::new(id.clone()).modes(modes).config_options(options))
            }
            (Self::New(responder), Err(error)) => responder.respond_with_error(error),
            (Self::Load(responder), Err(error)) => responder.respond_with_error(error),
            (Self::Resume(responder), Err(error)) => responder.respond_with_error(error),
            (Self::Fork(_, responder), Err(error)) => responder.respond_with_error(error),
        };
    }
}

impl Session {
    /// Opens the session. Returns `true` on success.
    pub(super) async fn open(&mut self, opener: Opener) -> bool {
        match self.begin(Source::of(&opener)).await {
            Ok(Opened::Started) => self.opening = Some(Opening(Some(opener))),
            Ok(Opened::Resumed) => self.resumed(opener),
            Err(error) => {
                opener.respond(self.client.session(), Err(error));
                return false;
            }
        }
        true
    }

    async fn begin(&mut self, source: Source) -> Result<Opened, Error> {
        let from = match source {
            Source::Nothing => From::Nothing,
            Source::Fork(session) => {
                find(&session).await?;
                From::Fork(session)
            }
            Source::Known { shows } => {
                if self.resume(shows).await? {
                    return Ok(Opened::Resumed);
                }
                let history = find(self.client.session()).await?;
                if shows {
                    self.show_history(&history, |_| false).await?;
                }
                From::Disk
            }
        };
        self.begins = from.clone();
        self.start(from).await?;
        Ok(Opened::Started)
    }

    /// Shows the client the history of the session, up to a message that is not part of it.
    pub(super) async fn show_history(
        &mut self,
        history: &History,
        is_end: impl FnMut(&Message) -> bool,
    ) -> Result<(), Error> {
        let Self { translator, client, .. } = self;
        let replayed = history::replay(history, translator, client, is_end).await;
        replayed.map_err(|error| {
            failure::caused(&format!("the history {} cannot be read", history.path().display()), &error)
        })
    }

    /// Starts a CLI for the session.
    async fn start(&mut self, from: From) -> Result<(), Error> {
        let id = self.client.session();
        let mut started = options::start(&self.arguments, &self.place, &id.0, from, self.choices.chosen()).await?;
        let request =
            started.claude.request(Initialize::new()).map_err(|error| failure::internal(error.to_string()))?;
        self.waiting.insert(request, Waiting::Opening);
        self.opening = Some(Opening(None));
        self.servers = started.servers;
        self.claude = Some(started.claude);
        // For an agent that goes on before the CLI has responded.
        self.note();
        Ok(())
    }

    /// Starts a new CLI after the last one has ended. It continues the conversation on disk.
    pub(super) async fn restart(&mut self) -> Result<(), Error> {
        let is_on_disk = history::find(&self.client.session().0).await.is_some();
        let from = if is_on_disk { From::Disk } else { self.begins.clone() };
        self.start(from).await
    }

    /// Handles the response of the CLI to `initialize`.
    pub(super) fn opened(&mut self, response: Result<Response, RequestError>) {
        let Some(Opening(opener)) = self.opening.take() else { return };
        let response = match response {
            Ok(response) => response,
            // The end of the session has the reason.
            Err(RequestError::Lost(_)) => return self.opening = Some(Opening(opener)),
            Err(error) => {
                if let Some(opener) = opener {
                    let error = failure::internal(format!("the CLI cannot start: {error}"));
                    opener.respond(self.client.session(), Err(error));
                }
                return self.abort();
            }
        };
        // The CLI has read the file, which has secrets.
        self.servers = None;
        (self.initialized, self.commands_changed) = (response.payload().cloned(), None);
        self.note();
        let offers = response.decode_as::<Initialize>().ok();
        self.choices.offered(offers.as_ref(), self.arguments.allow_bypass);
        if let Some(opener) = opener {
            self.report_resumption(&opener);
            opener.respond(self.client.session(), Ok((self.choices.modes(), self.choices.options())));
        }
        self.client.update(translate::commands(offers.and_then(|offers| offers.commands).unwrap_or_default()));
    }

    /// Responds to the opener of a CLI that has ended before it responded to `initialize`.
    pub(super) fn not_opened(&mut self, error: &Error) {
        if let Some(Opening(Some(opener))) = self.opening.take() {
            opener.respond(self.client.session(), Err(error.clone()));
            self.closing.get_or_insert_default();
        }
    }
}

/// Conversation that a client opens.
enum Source {
    Nothing,
    Fork(SessionId),
    /// The conversation with the session's id, with or without showing its history.
    Known {
        shows: bool,
    },
}

impl Source {
    fn of(opener: &Opener) -> Self {
        match opener {
            Opener::New(_) => Self::Nothing,
            Opener::Fork(session, _) => Self::Fork(session.clone()),
            Opener::Load(_) => Self::Known { shows: true },
            Opener::Resume(_) => Self::Known { shows: false },
        }
    }
}

/// State of a session after its start.
enum Opened {
    /// The CLI was started, and has not responded yet.
    Started,
    /// A keeper has kept the CLI.
    Resumed,
}

/// Returns the messages of a session on disk.
async fn find(session: &SessionId) -> Result<History, Error> {
    let history = History::find(&session.0).await;
    history.ok_or_else(|| SchemaError::session_not_found(session.clone()).into())
}
