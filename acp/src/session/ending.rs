//! The end of a CLI, and of its session.

use agent_client_protocol::Error;
use agent_client_protocol::v1::Responder;
use agent_client_protocol::v1::schema::CloseSessionResponse;
use claude_duplex::{RequestError, Response, SessionClosed};

use super::{Session, Waiting};
use crate::failure;

impl Session {
    /// Closes the session: what is open is refused, what runs is interrupted.
    pub(super) fn close(&mut self, responder: Option<Responder<CloseSessionResponse>>) {
        self.closing.get_or_insert_default().extend(responder);
        if let Some(claude) = &mut self.claude {
            claude.driver.close_now();
        }
    }

    /// Ends a CLI that cannot be relied on.
    pub(super) fn abort(&mut self) {
        if let Some(claude) = &mut self.claude {
            claude.driver.abort();
        }
    }

    /// The CLI has responded to a request.
    pub(super) fn replied(&mut self, waiting: Waiting, response: Result<Response, RequestError>) {
        match waiting {
            Waiting::Opening => self.opened(response),
            // What does not stop is ended: the client was told that it would.
            Waiting::Interrupt if matches!(response, Err(RequestError::TimedOut)) => self.abort(),
            Waiting::Interrupt => {}
            Waiting::Mode(mode, responder) => self.mode_set(mode, responder, response),
            Waiting::Option(request, responder) => self.option_set(request, responder, response),
        }
    }

    /// The CLI has ended: all who wait for it are told.
    pub(super) fn closed(&mut self, closed: &SessionClosed) {
        let error = failure::ended(closed);
        self.asked.clear();
        self.turns.clear();
        self.shown.restart();
        self.lose_prompts(&error);
        self.not_opened(&error);
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            waiting.fail(&error);
        }
        self.claude = None;
    }

    /// Answers all who still wait for a session that is over.
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
    /// Tells who waits that there is no response.
    pub(super) fn fail(self, error: &Error) {
        let _ = match self {
            Self::Opening | Self::Interrupt => Ok(()),
            Self::Mode(_, responder) => responder.respond_with_error(error.clone()),
            Self::Option(_, responder) => responder.respond_with_error(error.clone()),
        };
    }
}

impl super::Command {
    /// Answers what the session cannot do any more.
    pub(crate) fn refuse(self, error: &Error) {
        let _ = match self {
            Self::Prompt(_, responder) => responder.respond_with_error(error.clone()),
            Self::Cancel => Ok(()),
            Self::SetMode(_, responder) => responder.respond_with_error(error.clone()),
            Self::SetOption(_, responder) => responder.respond_with_error(error.clone()),
            Self::Close(responder) => responder.respond(CloseSessionResponse::new()),
        };
    }
}
