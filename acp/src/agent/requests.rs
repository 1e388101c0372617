//! Handlers of the client's requests, one method for each.

use std::path::PathBuf;
use std::sync::Arc;

use agent_client_protocol::v1::schema::{
    CloseSessionRequest, CloseSessionResponse, DeleteSessionRequest, DeleteSessionResponse, Error as SchemaError,
    ForkSessionRequest, ForkSessionResponse, InitializeRequest, InitializeResponse, ListSessionsRequest,
    ListSessionsResponse, LoadSessionRequest, LoadSessionResponse, McpServer, NewSessionRequest, NewSessionResponse,
    PromptRequest, PromptResponse, ResumeSessionRequest, ResumeSessionResponse, SessionId,
    SetSessionConfigOptionRequest, SetSessionConfigOptionResponse, SetSessionModeRequest, SetSessionModeResponse,
    SetSessionTitleRequest, SetSessionTitleResponse,
};
use agent_client_protocol::{Error, Responder};

use super::{Agent, Running, send};
use crate::capabilities::{self, Abilities};
use crate::client::Connection;
use crate::failure;
use crate::history;
use crate::options::{self, Place};
use crate::session::{Command, Opener, PromptResponder};

impl Agent {
    pub(super) fn initialize(
        &self,
        request: InitializeRequest,
        responder: Responder<InitializeResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        self.state().abilities = Abilities::from(&request.client_capabilities);
        responder.respond(capabilities::ours())
    }

    pub(super) fn new_session(
        self: &Arc<Self>,
        request: NewSessionRequest,
        responder: Responder<NewSessionResponse>,
        connection: Connection,
    ) -> Result<(), Error> {
        let place = place(request.cwd, request.additional_directories, request.mcp_servers);
        self.open(SessionId::new(options::new_id()), place, Opener::New(responder), connection);
        Ok(())
    }

    pub(super) fn load_session(
        self: &Arc<Self>,
        request: LoadSessionRequest,
        responder: Responder<LoadSessionResponse>,
        connection: Connection,
    ) -> Result<(), Error> {
        let place = place(request.cwd, request.additional_directories, request.mcp_servers);
        self.open(request.session_id, place, Opener::Load(responder), connection);
        Ok(())
    }

    pub(super) fn resume_session(
        self: &Arc<Self>,
        request: ResumeSessionRequest,
        responder: Responder<ResumeSessionResponse>,
        connection: Connection,
    ) -> Result<(), Error> {
        let place = place(request.cwd, request.additional_directories, request.mcp_servers);
        self.open(request.session_id, place, Opener::Resume(responder), connection);
        Ok(())
    }

    pub(super) fn fork_session(
        self: &Arc<Self>,
        request: ForkSessionRequest,
        responder: Responder<ForkSessionResponse>,
        connection: Connection,
    ) -> Result<(), Error> {
        let place = place(request.cwd, request.additional_directories, request.mcp_servers);
        let opener = Opener::Fork(request.session_id, responder);
        self.open(SessionId::new(options::new_id()), place, opener, connection);
        Ok(())
    }

    pub(super) fn list_sessions(
        &self,
        request: ListSessionsRequest,
        responder: Responder<ListSessionsResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        // The list is one page: no cursor was ever given out.
        if request.cursor.is_some() {
            return responder.respond_with_error(failure::invalid("there is no such cursor"));
        }
        let listing = async move {
            // A client that is gone needs no response.
            let _ = responder.respond(ListSessionsResponse::new(history::list(request.cwd).await));
        };
        self.executor.spawn(listing).detach();
        Ok(())
    }

    pub(super) fn close_session(
        &self,
        request: CloseSessionRequest,
        responder: Responder<CloseSessionResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        let id = request.session_id;
        if let Some(session) = self.state().sessions.remove(&id) {
            return send(id, &session.commands, Command::Close(responder));
        }
        let (name, keeps) = (id.0.to_string(), self.arguments.keep.is_some());
        let closing = async move {
            let _ = responder.respond_with_result(match end_kept(&name, keeps).await {
                Ok(true) => Ok(CloseSessionResponse::new()),
                Ok(false) => Err(SchemaError::session_not_found(id).into()),
                Err(error) => Err(error),
            });
        };
        self.executor.spawn(closing).detach();
        Ok(())
    }

    /// Deletes a session. One that does not exist counts as deleted.
    pub(super) fn delete_session(
        &self,
        request: DeleteSessionRequest,
        responder: Responder<DeleteSessionResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        let session = self.state().sessions.remove(&request.session_id);
        let (id, keeps) = (request.session_id.0.to_string(), self.arguments.keep.is_some());
        let deleting = async move {
            if let Some(Running { commands, ended }) = session {
                let _ = commands.try_send(Command::Discard);
                let _ = ended.recv().await;
            }
            let deleted = match end_kept(&id, keeps).await {
                Ok(_) => history::delete(&id).await,
                Err(error) => Err(error),
            };
            let _ = responder.respond_with_result(deleted.map(|()| DeleteSessionResponse::new()));
        };
        self.executor.spawn(deleting).detach();
        Ok(())
    }

    pub(super) fn prompt(
        &self,
        request: PromptRequest,
        responder: Responder<PromptResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        self.pass(request.session_id.clone(), Command::Prompt(request, PromptResponder::AtEnd(responder)))
    }

    pub(super) fn set_mode(
        &self,
        request: SetSessionModeRequest,
        responder: Responder<SetSessionModeResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        self.pass(request.session_id, Command::SetMode(request.mode_id, responder))
    }

    pub(super) fn set_option(
        &self,
        request: SetSessionConfigOptionRequest,
        responder: Responder<SetSessionConfigOptionResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        self.pass(request.session_id.clone(), Command::SetOption(request, responder))
    }

    pub(super) fn set_title(
        &self,
        request: SetSessionTitleRequest,
        responder: Responder<SetSessionTitleResponse>,
        _: Connection,
    ) -> Result<(), Error> {
        self.pass(request.session_id, Command::SetTitle(request.title, responder))
    }
}

fn place(directory: PathBuf, additional: Vec<PathBuf>, servers: Vec<McpServer>) -> Place {
    Place { directory, additional, servers }
}

/// Ends a session that no agent has opened, if a keeper keeps it. Returns `true` if it was kept.
async fn end_kept(id: &str, keeps: bool) -> Result<bool, Error> {
    #[cfg(unix)]
    if let (true, Ok(keeper)) = (keeps, crate::kept::Keeper::new(id)) {
        return keeper.end().await;
    }
    let _ = (id, keeps);
    Ok(false)
}
