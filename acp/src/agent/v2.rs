//! Requests of clients of version 2: those of version 1, except that a prompt gets its response when it is inserted into the
//! conversation.

use std::sync::Arc;

use agent_client_protocol::v1::schema as v1;
use agent_client_protocol::v2::schema::{
    CancelSessionNotification, CloseSessionRequest, CloseSessionResponse, DeleteSessionRequest, ForkSessionRequest,
    InitializeRequest, InitializeResponse, ListSessionsRequest, NewSessionRequest, PromptRequest, PromptResponse,
    ReplayFrom, ResumeSessionRequest, ResumeSessionResponse, SetSessionConfigOptionRequest, SetSessionTitleRequest,
};
use agent_client_protocol::v2::{ConnectionTo, Responder};
use agent_client_protocol::{
    Agent as Role, Client as Peer, ConnectTo, Error, ErrorCode, on_receive_notification, on_receive_request,
};

use super::Agent;
use crate::client::Connection;
use crate::session::{Command, Insertion, PromptResponder};
use crate::{capabilities, failure, v2};

/// Returns the agent for clients of version 2.
pub(super) fn agent(agent: &Arc<Agent>) -> impl ConnectTo<Peer> + use<> {
    /// Registers a method of version 1 for a request that both versions have.
    macro_rules! on {
        ($builder:expr, $request:ty, $method:ident) => {{
            let agent = Arc::clone(agent);
            $builder.on_receive_request(
                async move |request: $request, responder: Responder<_>, connection: ConnectionTo<Peer>| match v2::old(
                    &request,
                ) {
                    Ok(request) => agent.$method(request, v2::responder(responder), Connection::v2(connection)),
                    Err(error) => responder.respond_with_error(error),
                },
                on_receive_request!(),
            )
        }};
    }
    /// Registers a method of version 2.
    macro_rules! on_v2 {
        ($builder:expr, $request:ty, $method:ident) => {{
            let agent = Arc::clone(agent);
            $builder.on_receive_request(
                async move |request: $request, responder, connection| agent.$method(request, responder, connection),
                on_receive_request!(),
            )
        }};
    }
    let builder = Role.v2().name("claude-duplex-acp");
    let builder = on_v2!(builder, InitializeRequest, initialize_v2);
    let builder = on!(builder, NewSessionRequest, new_session);
    let builder = on_v2!(builder, ResumeSessionRequest, resume_session_v2);
    let builder = on!(builder, ListSessionsRequest, list_sessions);
    let builder = on!(builder, ForkSessionRequest, fork_session);
    let builder = on_v2!(builder, CloseSessionRequest, close_session_v2);
    let builder = on!(builder, DeleteSessionRequest, delete_session);
    let builder = on_v2!(builder, PromptRequest, prompt_v2);
    let builder = on!(builder, SetSessionConfigOptionRequest, set_option);
    let builder = on!(builder, SetSessionTitleRequest, set_title);
    let cancelling = Arc::clone(agent);
    builder.on_receive_notification(
        async move |cancelled: CancelSessionNotification, _| {
            cancelling.cancel(&v1::SessionId::new(cancelled.session_id.0));
            Ok(())
        },
        on_receive_notification!(),
    )
}

impl Agent {
    fn initialize_v2(
        &self,
        request: InitializeRequest,
        responder: Responder<InitializeResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        self.state().abilities = capabilities::Abilities::from(&request.capabilities);
        responder.respond(capabilities::ours_v2())
    }

    fn resume_session_v2(
        self: &Arc<Self>,
        request: ResumeSessionRequest,
        responder: Responder<ResumeSessionResponse>,
        connection: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        let connection = Connection::v2(connection);
        let resumption = match &request.replay_from {
            None => v2::old(&request).map(Resumption::Continued),
            Some(ReplayFrom::Start(_)) => v2::old(&request).map(Resumption::Replayed),
            Some(_) => Err(failure::invalid("the history can only be replayed from its start")),
        };
        match resumption {
            Ok(Resumption::Continued(request)) => self.resume_session(request, v2::responder(responder), connection),
            Ok(Resumption::Replayed(request)) => self.load_session(request, v2::responder(responder), connection),
            Err(error) => responder.respond_with_error(error),
        }
    }

    /// Closes a session. One that does not exist counts as closed.
    fn close_session_v2(
        &self,
        request: CloseSessionRequest,
        responder: Responder<CloseSessionResponse>,
        connection: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        let responder = responder.wrap_params(|_, closed: Result<CloseSessionResponse, Error>| match closed {
            Err(error) if error.code == ErrorCode::RESOURCE_NOT_FOUND => Ok(CloseSessionResponse::new()),
            closed => closed,
        });
        match v2::old(&request) {
            Ok(request) => self.close_session(request, v2::responder(responder), Connection::v2(connection)),
            Err(error) => responder.respond_with_error(error),
        }
    }

    fn prompt_v2(
        &self,
        request: PromptRequest,
        responder: Responder<PromptResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        match v2::old::<_, v1::PromptRequest>(&request) {
            Ok(prompt) => {
                let insertion = Insertion::new(responder, request.prompt);
                self.pass(prompt.session_id.clone(), Command::Prompt(prompt, PromptResponder::AtInsertion(insertion)))
            }
            Err(error) => responder.respond_with_error(error),
        }
    }
}

/// The request of version 1 for a session that is resumed.
enum Resumption {
    Continued(v1::ResumeSessionRequest),
    Replayed(v1::LoadSessionRequest),
}
