//! Agent of one client: the connection, and the sessions.

mod requests;
#[cfg(feature = "protocol-v2")]
mod v2;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent_client_protocol::v1::schema::{
    AuthenticateRequest, AuthenticateResponse, CancelNotification, CloseSessionRequest, DeleteSessionRequest,
    Error as SchemaError, ForkSessionRequest, InitializeRequest, ListSessionsRequest, LoadSessionRequest,
    NewSessionRequest, PromptRequest, ResumeSessionRequest, SessionId, SetSessionConfigOptionRequest,
    SetSessionModeRequest, SetSessionTitleRequest,
};
use agent_client_protocol::v1::{ConnectionTo, Responder};
use agent_client_protocol::{
    Agent as Role, Client as Peer, ConnectTo, Error, on_receive_notification, on_receive_request,
};
use async_channel::{Receiver, Sender, TrySendError, bounded, unbounded};
use async_executor::Executor;
use futures_lite::future::or;

use crate::arguments::Arguments;
use crate::capabilities::Abilities;
use crate::client::{Client, Connection};
use crate::failure;
use crate::lines::{self, Outlet};
use crate::options::Place;
use crate::session::{self, Command, Opener, Setup, WAITING};
use crate::signals;

/// The agent of one client.
struct Agent {
    arguments: Arc<Arguments>,
    executor: Arc<Executor<'static>>,
    outlet: Arc<Outlet>,
    state: Mutex<State>,
}

/// State that changes while the agent runs.
struct State {
    abilities: Abilities,
    sessions: HashMap<SessionId, Running>,
    /// Sender of a channel that closes when all sessions have ended: each session has a clone until its CLI has ended.
    alive: Sender<()>,
}

/// A running session.
struct Running {
    commands: Sender<Command>,
    /// Closed when its CLI has ended.
    ended: Receiver<()>,
}

/// Serves the client on stdin and stdout, until the client has disconnected and all sessions have ended.
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
    // Sessions close, or are left to the next agent, when their queues are closed.
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
    let transport = lines::stdio(Arc::clone(&agent.outlet));
    #[cfg(feature = "protocol-v2")]
    if agent.arguments.protocol_v2 {
        return Role.protocol_router().with_v1(v1(agent)).with_v2(v2::agent(agent)).connect_to(transport).await;
    }
    v1(agent).connect_to(transport).await
}

/// Returns the agent for clients of version 1.
fn v1(agent: &Arc<Agent>) -> impl ConnectTo<Peer> + use<> {
    /// Registers a method of the agent for a request.
    macro_rules! on {
        ($builder:expr, $request:ty, $method:ident) => {{
            let agent = Arc::clone(agent);
            $builder.on_receive_request(
                async move |request: $request, responder: Responder<_>, connection: ConnectionTo<Peer>| {
                    agent.$method(request, responder.into_raw(), Connection::v1(connection))
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
    let builder = on!(builder, ForkSessionRequest, fork_session);
    let builder = on!(builder, CloseSessionRequest, close_session);
    let builder = on!(builder, DeleteSessionRequest, delete_session);
    let builder = on!(builder, PromptRequest, prompt);
    let builder = on!(builder, SetSessionModeRequest, set_mode);
    let builder = on!(builder, SetSessionConfigOptionRequest, set_option);
    let builder = on!(builder, SetSessionTitleRequest, set_title);
    let cancelling = Arc::clone(agent);
    builder.on_receive_notification(
        async move |cancelled: CancelNotification, _| {
            cancelling.cancel(&cancelled.session_id);
            Ok(())
        },
        on_receive_notification!(),
    )
}

impl Agent {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session in a task of its own. A session with the same id is closed first.
    fn open(self: &Arc<Self>, id: SessionId, place: Place, opener: Opener, connection: Connection) {
        if !place.directory.is_absolute() {
            let message = format!("the directory {} is not an absolute path", place.directory.display());
            return opener.respond(&id, Err(failure::invalid(message)));
        }
        // `send` limits the length. A bounded queue would allocate all of its memory at the start.
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
                // A session ends when its queue is closed.
                drop(commands);
                let _ = ended.recv().await;
            }
            session::run(setup).await;
            agent.forget(&id, own.upgrade());
            drop((running, alive));
        };
        self.executor.spawn(run).detach();
    }

    /// Removes a session that has ended, unless another session has its id by now.
    fn forget(&self, id: &SessionId, own: Option<Sender<Command>>) {
        let mut state = self.state();
        let is_own = |running: &Running| own.as_ref().is_some_and(|own| running.commands.same_channel(own));
        if state.sessions.get(id).is_some_and(is_own) {
            state.sessions.remove(id);
        }
    }

    /// Sends a request to its session.
    fn pass(&self, id: SessionId, command: Command) -> Result<(), Error> {
        match self.session(&id) {
            Some(session) => send(id, &session, command),
            None => {
                command.refuse(&SchemaError::session_not_found(id).into());
                Ok(())
            }
        }
    }

    /// Cancels the prompts of a session. If the queue is full, cancellations are queued already.
    fn cancel(&self, id: &SessionId) {
        if let Some(session) = self.session(id).filter(|session| session.len() < 2 * WAITING) {
            let _ = session.try_send(Command::Cancel);
        }
    }

    fn session(&self, id: &SessionId) -> Option<Sender<Command>> {
        self.state().sessions.get(id).map(|session| session.commands.clone())
    }
}

/// Queues a request for its session. Half of the queue is reserved for cancellations.
fn send(id: SessionId, session: &Sender<Command>, command: Command) -> Result<(), Error> {
    if session.len() >= WAITING {
        command.refuse(&failure::internal("too many requests are queued for the session; wait for a response"));
        return Ok(());
    }
    if let Err(TrySendError::Closed(command) | TrySendError::Full(command)) = session.try_send(command) {
        command.refuse(&SchemaError::session_not_found(id).into());
    }
    Ok(())
}
