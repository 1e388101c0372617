//! The end of a CLI, and of its session.

use agent_client_protocol::v1::schema::CloseSessionResponse;
use agent_client_protocol::{Error, Responder};
use claude_duplex::{RequestError, Response, SessionClosed};

use super::{Session, Waiting};
use crate::failure;

impl Session {
    /// Closes the session: refuses open requests, and interrupts running turns.
    pub(super) fn close(&mut self, responder: Option<Responder<CloseSessionResponse>>) {
        self.closing.get_or_insert_default().extend(responder);
        if let Some(claude) = &mut self.claude {
            claude.close_now();
        }
    }

    /// Kills a CLI that does not respond.
    pub(super) fn abort(&mut self) {
        if let Some(claude) = &mut self.claude {
            claude.abort();
        }
    }

    /// Handles a response of the CLI.
    pub(super) fn response_received(&mut self, waiting: Waiting, response: Result<Response, RequestError>) {
        match waiting {
            Waiting::Opening => self.opened(response),
            // The client relies on the end of the turn.
            Waiting::Interrupt if matches!(response, Err(RequestError::TimedOut)) => self.abort(),
            Waiting::Interrupt => {}
            Waiting::Mode(mode, responder) => self.mode_set(mode, responder, response),
            Waiting::Option(request, responder) => self.option_set(request, responder, response),
            Waiting::Title(title, responder) => self.title_set(title, responder, response),
        }
    }

    /// Responds to all requests that wait for a CLI that has ended.
    pub(super) fn closed(&mut self, closed: &SessionClosed) {
        self.lose(&failure::ended(closed));
    }

    /// Gives up a CLI that has not ended, and from which no further output can be read.
    pub(super) fn given_up(&mut self) {
        if let Some(claude) = &self.claude {
            let error = failure::internal(format!("the session cannot continue: {}", claude.trouble()));
            self.lose(&error);
        }
    }

    fn lose(&mut self, error: &Error) {
        self.open_requests.cancel_all();
        self.note_loss(error);
        self.turns.clear();
        self.lose_compaction(error);
        self.translator.restart();
        self.lose_prompts(error);
        self.not_opened(error);
        self.choices.forget_request();
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            waiting.fail(error);
        }
        self.ended = self.claude.take();
    }

    /// Ends the keeper of a CLI that has ended, and removes its files.
    pub(super) async fn clean_up(&mut self) {
        #[cfg(unix)]
        if let Some(keeper) = self.ended.take().and_then(|ended| ended.keeper().cloned()) {
            // What is left ends by its policy.
            let _ = keeper.end().await;
        }
        #[cfg(not(unix))]
        drop(self.ended.take());
    }

    /// Responds to all requests that still wait for a session that has ended.
    pub(super) fn forget(&mut self) {
        let error = agent_client_protocol::v1::schema::Error::session_not_found(self.client.session().clone()).into();
        self.lose_prompts(&error);
        for responder in self.closing.take().into_iter().flatten() {
            let _ = responder.respond(CloseSessionResponse::new());
        }
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            command.refuse(&error);
        }
    }
}

impl Waiting {
    /// Responds with an error in place of the CLI's response.
    pub(super) fn fail(self, error: &Error) {
        let _ = match self {
            Self::Opening | Self::Interrupt => Ok(()),
            Self::Mode(_, responder) => responder.respond_with_error(error.clone()),
            Self::Option(_, responder) => responder.respond_with_error(error.clone()),
            Self::Title(_, responder) => responder.respond_with_error(error.clone()),
        };
    }
}

impl super::Command {
    /// Responds with an error to a request that the session cannot handle any more.
    pub(crate) fn refuse(self, error: &Error) {
        let _ = match self {
            Self::Prompt(_, responder) => return responder.fail(error.clone()),
            Self::Cancel => Ok(()),
            Self::SetMode(_, responder) => responder.respond_with_error(error.clone()),
            Self::SetOption(_, responder) => responder.respond_with_error(error.clone()),
            Self::SetTitle(_, responder) => responder.respond_with_error(error.clone()),
            Self::Close(responder) => responder.respond(CloseSessionResponse::new()),
            Self::Discard => Ok(()),
        };
    }
}
