//! Service from its start to its end.

use std::collections::VecDeque;
use std::sync::Arc;

use claude_duplex::McpClient;
use rmcp::model::ClientJsonRpcMessage;
use rmcp::service::{QuitReason, serve_directly_with_ct, serve_server_with_ct};
use rmcp::{RoleServer, Service};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::guarded::{Guarded, panic_text};
use super::pending::Pending;
use super::transport::SessionTransport;

/// Messages that may wait for a service. More wait in the session.
const QUEUED: usize = 64;

/// Service that runs. Dropping it stops the service.
pub(super) struct Generation {
    pub(super) pending: Arc<Pending>,
    inlet: mpsc::Sender<ClientJsonRpcMessage>,
    /// Messages that wait for room in the queue. While there are any, no more are taken from the session.
    backlog: VecDeque<ClientJsonRpcMessage>,
    task: JoinHandle<String>,
    _stop: DropGuard,
}

impl Generation {
    /// Starts a service: with a handshake, or without one if the CLI begins with another request.
    pub(super) fn start<F, S>(runtime: &Handle, service: Arc<F>, client: McpClient, handshake: bool) -> Self
    where
        F: Fn() -> S + Send + Sync + 'static,
        S: Service<RoleServer>,
    {
        let (inlet, messages) = mpsc::channel(QUEUED);
        let pending = Arc::new(Pending::default());
        let transport = SessionTransport::new(messages, Arc::clone(&pending), client);
        let stop = CancellationToken::new();
        let task = runtime.spawn(run(service, transport, handshake, stop.clone()));
        Self { pending, inlet, backlog: VecDeque::new(), task, _stop: stop.drop_guard() }
    }

    /// Sends the service a message.
    pub(super) fn forward(&mut self, message: ClientJsonRpcMessage) {
        if self.is_behind() {
            return self.backlog.push_back(message);
        }
        match self.inlet.try_send(message) {
            Err(TrySendError::Full(message)) => self.backlog.push_back(message),
            // A service that takes no more messages has ended.
            Ok(()) | Err(TrySendError::Closed(_)) => {}
        }
    }

    /// Returns whether messages wait for room in the queue.
    pub(super) fn is_behind(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Waits until the service has taken a message for which there was no room, or has ended by itself. Returns the reason of its
    /// end.
    pub(super) async fn next(&mut self) -> Option<Arc<str>> {
        tokio::select! {
            biased;
            Ok(permit) = self.inlet.reserve(), if !self.backlog.is_empty() => {
                if let Some(message) = self.backlog.pop_front() {
                    permit.send(message);
                }
                None
            }
            ended = &mut self.task => Some(ended.unwrap_or_else(explain).into()),
        }
    }
}

async fn run<F, S>(service: Arc<F>, transport: SessionTransport, handshake: bool, stop: CancellationToken) -> String
where
    F: Fn() -> S + Send + Sync + 'static,
    S: Service<RoleServer>,
{
    // Cancelled when this future is dropped, and last: after the SDK has given handlers their time to end.
    let end = CancellationToken::new();
    let _end = end.clone().drop_guard();
    let service = Guarded::new(service(), end);
    let running = match handshake {
        true => serve_server_with_ct(service, transport, stop).await,
        false => Ok(serve_directly_with_ct(service, transport, None, stop)),
    };
    match running {
        Err(error) => format!("the handshake failed: {error}"),
        Ok(running) => match running.waiting().await {
            Ok(QuitReason::JoinError(error)) | Err(error) => explain(error),
            Ok(reason) => format!("the service has ended: {reason:?}"),
        },
    }
}

fn explain(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => format!("the service panicked: {}", panic_text(&*panic)),
        Err(_) => "the tokio runtime of the service is shut down".to_owned(),
    }
}
