//! The SDK's transport over the messages of a session.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::sync::Arc;

use claude_duplex::{CallError, Json, JsonError, McpClient};
use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::mpsc;

use super::pending::{Pending, Reply};

/// Sink and stream of one service: responses end pending requests, everything else goes to the CLI.
pub(super) struct SessionTransport {
    inlet: mpsc::Receiver<ClientJsonRpcMessage>,
    pending: Arc<Pending>,
    client: McpClient,
}

/// Error of sending a message to the CLI.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("the message is not JSON: {0}")]
    Json(#[from] JsonError),
    #[error("the CLI did not accept the message: {0}")]
    Call(#[from] CallError),
}

impl SessionTransport {
    pub(super) fn new(inlet: mpsc::Receiver<ClientJsonRpcMessage>, pending: Arc<Pending>, client: McpClient) -> Self {
        Self { inlet, pending, client }
    }
}

impl Transport<RoleServer> for SessionTransport {
    type Error = SendError;

    fn send(&mut self, message: ServerJsonRpcMessage) -> impl Future<Output = Result<(), SendError>> + Send + 'static {
        let (pending, client) = (Arc::clone(&self.pending), self.client.clone());
        async move {
            let json = Json::from_value(&message)?;
            match message {
                JsonRpcMessage::Response(response) => pending.end(&response.id, Reply::Response(json)),
                JsonRpcMessage::Error(error) => {
                    error.id.iter().for_each(|id| pending.end(id, Reply::Response(json.clone())));
                }
                // The response of the CLI is a message of its own. If it refuses the request, there is none.
                JsonRpcMessage::Request(_) => drop(client.send(json).await?.await?),
                JsonRpcMessage::Notification(_) => drop(client.send(json).await?),
            }
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        match self.inlet.recv().await {
            // The service is stopped by its token, which gives handlers less time than the end of a stream does.
            None => pending().await,
            message => message,
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), SendError>> + Send {
        self.inlet.close();
        ready(Ok::<_, Infallible>(()).map_err(|never| match never {}))
    }
}
