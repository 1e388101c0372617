//! Messages of a session, passed on to the running service.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use claude_duplex::incoming::mcp::{IncomingMcpMessage, McpResponse, code};
use claude_duplex::{McpConnection, Responder};
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::FuturesUnordered;
use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage, ClientNotification, ClientRequest,
    GetMeta, JsonRpcMessage, RequestId,
};
use rmcp::{RoleServer, Service};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::generation::Generation;
use super::pending::Reply;

/// JSON-RPC error code of an invalid request.
const INVALID_REQUEST: i64 = -32600;

pub(super) struct Bridge<F> {
    connection: McpConnection,
    service: Arc<F>,
    runtime: Option<Handle>,
    state: State,
    /// Requests without a response.
    open: FuturesUnordered<BoxFuture<'static, Settled>>,
    /// An `initialize` is among them.
    initializing: bool,
    /// Further `initialize` requests, which restart the service. Versions up to 2.1.143 can send a second one at once: it waits here
    /// until the first has its response.
    parked: VecDeque<Responder>,
}

enum State {
    New,
    Running(Generation),
    /// The service has ended for this reason.
    Stopped(Arc<str>),
}

enum Event {
    /// A message of the CLI, or the end of the session.
    Message(Option<Responder>),
    /// A request has ended.
    Settled(Settled),
    /// The service goes on, or has ended for this reason.
    Service(Option<Arc<str>>),
}

/// End of a request.
struct Settled {
    id: RequestId,
    is_initialize: bool,
    is_withdrawn: bool,
}

impl<F, S> Bridge<F>
where
    F: Fn() -> S + Send + Sync + 'static,
    S: Service<RoleServer>,
{
    pub(super) fn new(connection: McpConnection, service: Arc<F>, runtime: Option<Handle>) -> Self {
        let (open, parked) = (FuturesUnordered::new(), VecDeque::new());
        Self { connection, service, runtime, state: State::New, open, initializing: false, parked }
    }

    pub(super) async fn run(mut self) {
        loop {
            match self.next().await {
                Event::Message(None) => return,
                Event::Message(Some(responder)) => self.receive(responder),
                Event::Settled(settled) => self.settle(settled),
                Event::Service(None) => {}
                Event::Service(Some(reason)) => self.stop(reason),
            }
        }
    }

    async fn next(&mut self) -> Event {
        let is_behind = matches!(&self.state, State::Running(generation) if generation.is_behind());
        let service = async {
            match &mut self.state {
                State::Running(generation) => generation.next().await,
                State::New | State::Stopped(_) => pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(settled) = self.open.next() => Event::Settled(settled),
            ended = service => Event::Service(ended),
            message = self.connection.next(), if !is_behind => Event::Message(message),
        }
    }

    fn receive(&mut self, responder: Responder) {
        // A request without a message is declined.
        let Ok(message) = responder.mcp() else { return };
        let rpc = match serde_json::from_str::<ClientJsonRpcMessage>(message.message.as_str()) {
            Ok(rpc) => rpc,
            Err(error) => {
                return respond(responder, message.error(INVALID_REQUEST, format!("not a message of MCP: {error}")));
            }
        };
        match rpc {
            JsonRpcMessage::Request(request) => {
                let begins = matches!(request.request, ClientRequest::InitializeRequest(_));
                if begins && self.initializing {
                    return self.parked.push_back(responder);
                }
                let handshake = begins
                    || matches!(request.request, ClientRequest::DiscoverRequest(_))
                    || request.request.get_meta().protocol_version().is_some();
                let id = request.id.clone();
                let opened = self.generation(begins, handshake).map(|generation| generation.pending.open(&id));
                match opened {
                    Err(reason) => respond(responder, stopped(&message, &reason)),
                    Ok(None) => {
                        let error = format!("a request with the id {id} is in flight");
                        respond(responder, message.error(INVALID_REQUEST, error));
                    }
                    Ok(Some(reply)) => {
                        self.initializing |= begins;
                        self.open.push(finish(responder, message, id, begins, reply).boxed());
                        self.forward(JsonRpcMessage::Request(request));
                    }
                }
            }
            rpc => {
                if let (Some(id), State::Running(generation)) = (cancels(&rpc), &self.state) {
                    generation.pending.end(id, Reply::Cancelled);
                }
                self.forward(rpc);
                respond(responder, message.acknowledge());
            }
        }
    }

    /// Returns the service that a request goes to, and starts it if there is none, or if the request begins anew.
    fn generation(&mut self, begins: bool, handshake: bool) -> Result<&mut Generation, Arc<str>> {
        if begins || matches!(self.state, State::New) {
            self.stop("the server was started again".into());
            let runtime =
                self.runtime.as_ref().ok_or("no tokio runtime is running; set one by `RmcpServer::runtime`")?;
            let client = self.connection.client();
            self.state = State::Running(Generation::start(runtime, Arc::clone(&self.service), client, handshake));
        }
        match &mut self.state {
            State::Running(generation) => Ok(generation),
            State::Stopped(reason) => Err(Arc::clone(reason)),
            State::New => unreachable!("it was started"),
        }
    }

    fn forward(&mut self, message: ClientJsonRpcMessage) {
        if let State::Running(generation) = &mut self.state {
            generation.forward(message);
        }
    }

    fn settle(&mut self, settled: Settled) {
        if settled.is_withdrawn {
            self.cancel(settled.id);
        }
        if settled.is_initialize {
            self.initializing = false;
            std::mem::take(&mut self.parked).into_iter().for_each(|responder| self.receive(responder));
        }
    }

    /// Notifies the service that a request was withdrawn.
    fn cancel(&mut self, id: RequestId) {
        let params = CancelledNotificationParam::new(Some(id), Some("withdrawn".to_owned()));
        let cancelled = ClientNotification::CancelledNotification(CancelledNotification::new(params));
        self.forward(JsonRpcMessage::notification(cancelled));
    }

    fn stop(&mut self, reason: Arc<str>) {
        if let State::Running(generation) = std::mem::replace(&mut self.state, State::Stopped(Arc::clone(&reason))) {
            generation.pending.stop(&reason);
        }
    }
}

/// Responds to a request when its reply is there, unless the CLI withdraws the request first.
async fn finish(
    responder: Responder,
    message: IncomingMcpMessage,
    id: RequestId,
    is_initialize: bool,
    reply: oneshot::Receiver<Reply>,
) -> Settled {
    let reply = tokio::select! {
        biased;
        _ = responder.withdrawn() => return Settled { id, is_initialize, is_withdrawn: true },
        reply = reply => reply,
    };
    let response = match reply {
        Ok(Reply::Response(json)) => McpResponse::raw(json),
        Ok(Reply::Cancelled) => message.error(code::INTERNAL_ERROR, "the request was cancelled"),
        Ok(Reply::Stopped(reason)) => stopped(&message, &reason),
        Err(_) => stopped(&message, "no response"),
    };
    respond(responder, response);
    Settled { id, is_initialize, is_withdrawn: false }
}

fn stopped(message: &IncomingMcpMessage, reason: &str) -> McpResponse {
    message.error(code::INTERNAL_ERROR, format!("the server {:?} has stopped: {reason}", message.server_name))
}

fn respond(responder: Responder, response: McpResponse) {
    // The request may have been withdrawn meanwhile, and the session may have ended.
    let _ = responder.respond(response);
}

/// Returns the request that a notification cancels.
fn cancels(message: &ClientJsonRpcMessage) -> Option<&RequestId> {
    match message {
        JsonRpcMessage::Notification(notification) => match &notification.notification {
            ClientNotification::CancelledNotification(cancelled) => cancelled.params.request_id.as_ref(),
            _ => None,
        },
        _ => None,
    }
}
