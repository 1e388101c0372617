//! The agent: the client's requests, and the sessions that they are for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent_client_protocol::v1::schema::{
    AuthenticateRequest, AuthenticateResponse, CancelNotification, CloseSessionRequest, Error as SchemaError,
    InitializeRequest, ListSessionsRequest, ListSessionsResponse, LoadSessionRequest, McpServer, NewSessionRequest,
    PromptRequest, ResumeSessionRequest, SessionId, SetSessionConfigOptionRequest, SetSessionModeRequest,
};
use agent_client_protocol::v1::{ConnectionTo, Responder};
use agent_client_protocol::{Agent as Role, Client as Peer, Error, on_receive_notification, on_receive_request};
use async_channel::{Receiver, Sender, TrySendError, bounded, unbounded};
use async_executor::Executor;
use futures_lite::future::or;

use crate::arguments::Arguments;
use crate::capabilities::{self, Abilities};
use crate::client::Client;
use crate::failure;
use crate::history;
use crate::lines::{self, Outlet};
use crate::options::{self, Place};
use crate::session::{self, Command, Opener, Setup, WAITING};
use crate::signals;

/// The agent of one client.
struct Agent {
    arguments: Arc<Arguments>,
    executor: Arc<Executor<'static>>,
    outlet: Arc<Outlet>,
    state: Mutex<State>,
}

/// What changes while the agent runs.
struct State {
    abilities: Abilities,
    sessions: HashMap<SessionId, Running>,
    /// Held by each session until its CLI has ended.
    alive: Sender<()>,
}

/// A session that runs.
struct Running {
    commands: Sender<Command>,
    /// Closed when its CLI has ended.
    ended: Receiver<()>,
}

/// Serves the client on stdin and stdout, until it is gone and all sessions have ended.
pub(crate) async fn serve(arguments: Arguments, executor: Arc<Executor<'static>>) -> Result<(), Error> {
    let (alive, ended): (_, Receiver<()>) = bounded(1);
    let outlet = Arc::new(Outlet::default());
    let state = State { abilities: Abilities::default(), sessions: HashMap::new(), alive };
    let agent = Arc::new(Agent {
        arguments: Arc::new(arguments),
        executor,
        outlet: Arc::clone(&outlet),
        state: Mutex::new(state),
    });
    let served = or(connection(&agent), async {
        signals::end().await;
        Ok(())
    })
    .await;
    // The sessions see that nobody commands them any more, and close.
    outlet.close();
    let alive = {
        let mut state = agent.state();
        state.sessions.clear();
        std::mem::replace(&mut state.alive, bounded(1).0)
    };
    drop(alive);
    let _ = ended.recv().await;
    served
}

/// Runs the connection until the client closes it.
async fn connection(agent: &Arc<Agent>) -> Result<(), Error> {
    /// Registers a request that a method of the agent deals with.
    macro_rules! on {
        ($builder:expr, $request:ty, $method:ident) => {{
            let agent = Arc::clone(agent);
            $builder.on_receive_request(
                async move |request: $request, responder, connection: ConnectionTo<Peer>| {
                    agent.$method(request, responder, connection)
                },
                on_receive_request!(),
            )
        }};
    }
    let builder = Role.v1().name("claude-duplex-acp");
    let builder = on!(builder, InitializeRequest, initialize);
    let builder = builder.on_receive_request(
        async move |_: AuthenticateRequest, responder, _| responder.respond(AuthenticateResponse::new()),
        on_receive_request!(),
    );
    let builder = on!(builder, NewSessionRequest, new_session);
    let builder = on!(builder, LoadSessionRequest, load_session);
    let builder = on!(builder, ResumeSessionRequest, resume_session);
    let builder = on!(builder, ListSessionsRequest, list_sessions);
    let builder = on!(builder, CloseSessionRequest, close_session);
    let builder = on!(builder, PromptRequest, prompt);
    let builder = on!(builder, SetSessionModeRequest, set_mode);
    let builder = on!(builder, SetSessionConfigOptionRequest, set_option);
    let cancelling = Arc::clone(agent);
    let builder = builder.on_receive_notification(
        async move |cancelled: CancelNotification, _| {
            cancelling.cancel(&cancelled.session_id);
            Ok(())
        },
        on_receive_notification!(),
    );
    builder.connect_to(lines::stdio(Arc::clone(&agent.outlet))).await
}

impl Agent {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn initialize(
        &self,
        request: InitializeRequest,
        responder: Responder<agent_client_protocol::v1::schema::InitializeResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        self.state().abilities = Abilities::from(&request.client_capabilities);
        responder.respond(capabilities::ours())
    }

    fn new_session(
        self: &Arc<Self>,
        request: NewSessionRequest,
        responder: Responder<agent_client_protocol::v1::schema::NewSessionResponse>,
        connection: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        let place = place(request.cwd, request.additional_directories, request.mcp_servers);
        self.open(SessionId::new(options::new_id()), place, Opener::New(responder), connection);
        Ok(())
    }

    fn load_session(
        self: &Arc<Self>,
        request: LoadSessionRequest,
        responder: Responder<agent_client_protocol::v1::schema::LoadSessionResponse>,
        connection: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        let place = place(request.cwd, request.additional_directories, request.mcp_servers);
        self.open(request.session_id, place, Opener::Load(responder), connection);
        Ok(())
    }

    fn resume_session(
        self: &Arc<Self>,
        request: ResumeSessionRequest,
        responder: Responder<agent_client_protocol::v1::schema::ResumeSessionResponse>,
        connection: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        let place = place(request.cwd, request.additional_directories, request.mcp_servers);
        self.open(request.session_id, place, Opener::Resume(responder), connection);
        Ok(())
    }

    /// Opens a session in a task of its own. One of the same id is closed first.
    fn open(self: &Arc<Self>, id: SessionId, place: Place, opener: Opener, connection: ConnectionTo<Peer>) {
        // Its length is limited where it is filled: a queue of that size from the start would be most of a session's memory.
        let (sender, commands) = unbounded();
        let (running, ended) = bounded(1);
        let mut state = self.state();
        let former = state.sessions.insert(id.clone(), Running { commands: sender.clone(), ended });
        let setup = Setup {
            arguments: Arc::clone(&self.arguments),
            abilities: state.abilities,
            client: Client::new(connection, Arc::clone(&self.outlet), id.clone()),
            place,
            commands,
            opener,
        };
        let (alive, own) = (state.alive.clone(), sender.downgrade());
        let agent = Arc::clone(self);
        let run = async move {
            if let Some(Running { commands, ended }) = former {
                // Without commands it closes.
                drop(commands);
                let _ = ended.recv().await;
            }
            session::run(setup).await;
            agent.forget(&id, own.upgrade());
            drop((running, alive));
        };
        self.executor.spawn(run).detach();
    }

    /// Forgets a session that has ended, unless another has its id by now.
    fn forget(&self, id: &SessionId, own: Option<Sender<Command>>) {
        let mut state = self.state();
        let is_own = |running: &Running| own.as_ref().is_some_and(|own| running.commands.same_channel(own));
        if state.sessions.get(id).is_some_and(is_own) {
            state.sessions.remove(id);
        }
    }

    fn list_sessions(
        &self,
        request: ListSessionsRequest,
        responder: Responder<ListSessionsResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        let listing = async move {
            // A client that is gone needs no response.
            let _ = responder.respond(ListSessionsResponse::new(history::list(request.cwd).await));
        };
        self.executor.spawn(listing).detach();
        Ok(())
    }

    fn close_session(
        &self,
        request: CloseSessionRequest,
        responder: Responder<agent_client_protocol::v1::schema::CloseSessionResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        let session = self.state().sessions.remove(&request.session_id);
        match session {
            Some(session) => send(request.session_id, &session.commands, Command::Close(responder)),
            None => responder.respond_with_error(SchemaError::session_not_found(request.session_id).into()),
        }
    }

    fn prompt(
        &self,
        request: PromptRequest,
        responder: Responder<agent_client_protocol::v1::schema::PromptResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        self.pass(request.session_id.clone(), Command::Prompt(request, responder))
    }

    fn set_mode(
        &self,
        request: SetSessionModeRequest,
        responder: Responder<agent_client_protocol::v1::schema::SetSessionModeResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        self.pass(request.session_id, Command::SetMode(request.mode_id, responder))
    }

    fn set_option(
        &self,
        request: SetSessionConfigOptionRequest,
        responder: Responder<agent_client_protocol::v1::schema::SetSessionConfigOptionResponse>,
        _: ConnectionTo<Peer>,
    ) -> Result<(), Error> {
        self.pass(request.session_id.clone(), Command::SetOption(request, responder))
    }

    /// Passes a request on to its session.
    fn pass(&self, id: SessionId, command: Command) -> Result<(), Error> {
        match self.session(&id) {
            Some(session) => send(id, &session, command),
            None => {
                command.refuse(&SchemaError::session_not_found(id).into());
                Ok(())
            }
        }
    }

    /// Cancels what a session does. If its queue is full, a cancellation is behind the last prompt in it already.
    fn cancel(&self, id: &SessionId) {
        if let Some(session) = self.session(id).filter(|session| session.len() < 2 * WAITING) {
            let _ = session.try_send(Command::Cancel);
        }
    }

    fn session(&self, id: &SessionId) -> Option<Sender<Command>> {
        self.state().sessions.get(id).map(|session| session.commands.clone())
    }
}

fn place(directory: std::path::PathBuf, additional: Vec<std::path::PathBuf>, servers: Vec<McpServer>) -> Place {
    Place { directory, additional, servers }
}

/// Queues a request for its session. Half of the queue is for cancellations alone.
fn send(id: SessionId, session: &Sender<Command>, command: Command) -> Result<(), Error> {
    if session.len() >= WAITING {
        command.refuse(&failure::internal("too many requests wait for the session"));
        return Ok(());
    }
    if let Err(TrySendError::Closed(command) | TrySendError::Full(command)) = session.try_send(command) {
        command.refuse(&SchemaError::session_not_found(id).into());
    }
    Ok(())
}
