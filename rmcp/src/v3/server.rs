//! A service of the SDK as an MCP server in the host.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use claude_duplex::{McpConnection, McpService};
use rmcp::{RoleServer, Service};
use tokio::runtime::Handle;

use super::bridge::Bridge;

/// Server in the host whose service is made by a closure: for each session, and again for each `initialize` of the CLI.
///
/// Clones share the closure, so that one value serves any number of sessions:
///
/// ```no_run
/// use claude_duplex::Session;
/// use claude_duplex_rmcp::v3::RmcpServer;
/// # #[derive(Clone)] struct Notes;
/// # impl rmcp::ServerHandler for Notes {}
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let notes = Notes;
///     let server = RmcpServer::new(move || notes.clone());
///     for prompt in ["What did I note today?", "And yesterday?"] {
///         let claude = Session::builder()
///             .sdk_mcp_server("notes", server.clone())
///             .spawn_tokio()?;
///         println!("{}", claude.prompt(prompt)?.await?.text());
///     }
///     Ok(())
/// }
/// ```
///
/// # Messages
///
/// | Message | Effect |
/// |---|---|
/// | `initialize` | the service is made and started. A running one is stopped, and its open requests get an error |
/// | another request | goes to the service. Its response goes back under the id of the request; a second response is dropped |
/// | a request under an id that is in flight | gets an error (-32600) |
/// | a notification, or a response to the server | is acknowledged when it has been queued for the service: at most 64 are queued |
/// | `notifications/cancelled` | the request gets an error at once, and its `RequestContext::ct` is cancelled |
/// | a withdrawal of the control request | the same, without a response |
/// | a request before the first `initialize` | starts the service without a handshake |
///
/// Notifications and requests of the service (list changes, progress, logging, elicitation, sampling, roots) go to the CLI. A
/// request that the CLI refuses fails with `ServiceError::TransportSend`. What each version of the CLI does with them is in
/// the README.
///
/// # Failures
///
/// A handler that panics ends its request with an error (-32603), and the service goes on. If the service ends, if the closure
/// panics, or if the runtime is gone, open and later requests get an error (-32603) with the reason, until the CLI sends
/// `initialize` again (`mcp_reconnect`).
///
/// # The end
///
/// When the session ends, the service is stopped as by `RunningService::cancel`: handlers see `RequestContext::ct` cancelled, and
/// have 2 s to end. The futures of those that have not ended are dropped. A handler that blocks its thread holds that thread
/// until it returns.
pub struct RmcpServer<F> {
    service: Arc<F>,
    runtime: Option<Handle>,
}

impl<F, S> RmcpServer<F>
where
    F: Fn() -> S + Send + Sync + 'static,
    S: Service<RoleServer>,
{
    /// Creates a server of the service that the closure makes. It runs on the tokio runtime in which the session is started.
    pub fn new(service: F) -> Self {
        Self { service: Arc::new(service), runtime: None }
    }

    /// Sets the tokio runtime that the service runs on, for hosts that are not on tokio. It needs its timer (`enable_time`), and
    /// a thread that drives it.
    ///
    /// Without this call, and with a session that is started outside of a runtime, every request gets an error with that reason.
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }
}

impl<F, S> McpService for RmcpServer<F>
where
    F: Fn() -> S + Send + Sync + 'static,
    S: Service<RoleServer>,
{
    fn serve(self, connection: McpConnection) -> impl Future<Output = ()> + Send + 'static {
        let runtime = self.runtime.or_else(|| Handle::try_current().ok());
        Bridge::new(connection, self.service, runtime).run()
    }
}

impl<F> Clone for RmcpServer<F> {
    fn clone(&self) -> Self {
        Self { service: Arc::clone(&self.service), runtime: self.runtime.clone() }
    }
}

impl<F> fmt::Debug for RmcpServer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RmcpServer").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}
