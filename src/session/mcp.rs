//! MCP servers in the host: the service behind a server, and the two directions of its messages.

mod calls;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::call_error::CallError;
use super::reply::PendingResponse;
use super::shared::Shared;
use super::{IncomingRequests, Responder};
use crate::base::json::Json;
use crate::outgoing::request::{McpMessage, Request};

pub use calls::SdkMcpCalls;

/// Service behind an MCP server in the host: [`SessionBuilder::sdk_mcp_server`](crate::SessionBuilder::sdk_mcp_server) runs it.
///
/// [`SdkMcpServer::on_call`](crate::incoming::mcp::SdkMcpServer::on_call) returns a service. The package
/// `claude-duplex-rmcp` converts any service of the official SDK `rmcp`.
///
/// ```
/// use claude_duplex::{McpConnection, McpService};
///
/// /// Has no tools, and says so.
/// struct Empty;
///
/// impl McpService for Empty {
///     async fn serve(self, mut connection: McpConnection) {
///         while let Some(responder) = connection.next().await {
///             if let Ok(message) = responder.mcp() {
///                 let _ = responder.respond(message.unknown_method("all"));
///             }
///         }
///     }
/// }
/// ```
pub trait McpService: Send + 'static {
    /// Serves the connection until the session has ended. The session drops the future with its
    /// [`Runner`](crate::Runner).
    ///
    /// If the future ends earlier, later messages for the server are declined. If it panics, the session ends, as with a
    /// [handler](crate::SessionBuilder::handlers) that panics.
    fn serve(self, connection: McpConnection) -> impl Future<Output = ()> + Send + 'static;
}

/// Connection of the CLI to one MCP server in the host: a stream of [`Responder`]s. Each is for one JSON-RPC
/// message ([`IncomingRequest::mcp`](crate::IncomingRequest::mcp)), including notifications and responses.
/// [`client`](Self::client) sends messages to the CLI.
///
/// At most [`Limits::open_incoming`](crate::Limits::open_incoming) messages are open at a time. Messages that the
/// CLI cancels before they are taken are skipped. Dropping the connection declines messages that it has not
/// taken, and later ones. The connection is not a handle on the session.
#[must_use = "dropping a connection declines every message for its server"]
pub struct McpConnection {
    messages: IncomingRequests,
    client: McpClient,
}

impl McpConnection {
    pub(super) fn new(name: String, messages: IncomingRequests) -> Self {
        let client = McpClient { server: name.into(), shared: Arc::clone(&messages.shared) };
        Self { messages, client }
    }

    /// Returns the next message, or `None` after the session has ended. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Responder> {
        self.messages.next().await
    }

    /// Returns the CLI as the client of this server.
    #[must_use]
    pub fn client(&self) -> McpClient {
        self.client.clone()
    }
}

impl Stream for McpConnection {
    type Item = Responder;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Responder>> {
        Pin::new(&mut self.messages).poll_next(cx)
    }
}

impl fmt::Debug for McpConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpConnection").field("server", &self.client.server).finish_non_exhaustive()
    }
}

/// The CLI as the client of one MCP server in the host. Sends messages that the server initiates. The client is
/// not a handle on the session.
#[derive(Clone)]
pub struct McpClient {
    server: Arc<str>,
    shared: Arc<Shared>,
}

impl McpClient {
    /// Returns the name of the server.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Sends a JSON-RPC message of the server: a notification, e.g. `notifications/tools/list_changed`, or a request.
    ///
    /// Waits until the limits of the session allow the message. The message is queued when the future is ready.
    /// The [`PendingResponse`] is the acknowledgment of the CLI. The response to a JSON-RPC request arrives as a
    /// separate message.
    ///
    /// # Errors
    /// [`CallError::Closed`] or [`CallError::Closing`] if the session has ended or is closing.
    /// [`CallError::Refused`] if the message is longer than [`Limits::unsent_hard`](crate::Limits::unsent_hard).
    pub async fn send(&self, message: impl Into<Json>) -> Result<PendingResponse, CallError> {
        self.shared.send(Request::from(McpMessage::new(&*self.server, message))).await
    }
}

impl fmt::Debug for McpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpClient").field("server", &self.server).finish_non_exhaustive()
    }
}
