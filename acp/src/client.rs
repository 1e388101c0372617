//! Client of one session.

use std::future::pending;
use std::sync::Arc;

use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{SessionId, SessionNotification, SessionUpdate};
use agent_client_protocol::{Error, JsonRpcRequest, is_connection_terminated, is_incoming_transport_closed};

use crate::lines::Outlet;

/// Client of one session, for updates and requests.
#[derive(Clone)]
pub(crate) struct Client {
    connection: ConnectionTo<agent_client_protocol::Client>,
    outlet: Arc<Outlet>,
    session: SessionId,
}

impl Client {
    pub(crate) fn new(
        connection: ConnectionTo<agent_client_protocol::Client>,
        outlet: Arc<Outlet>,
        session: SessionId,
    ) -> Self {
        Self { connection, outlet, session }
    }

    /// Returns the session's id.
    pub(crate) fn session(&self) -> &SessionId {
        &self.session
    }

    /// Sends an update of the session. Has no effect if the client is gone.
    pub(crate) fn update(&self, update: SessionUpdate) {
        let notification = SessionNotification::new(self.session.clone(), update);
        if self.connection.send_notification(notification).is_ok() {
            self.outlet.queued();
        }
    }

    /// Sends a request and waits for its response. A request whose future is dropped is cancelled.
    ///
    /// Without a client the future never ends: the session then ends, or leaves the request to the next agent.
    pub(crate) fn request<R: JsonRpcRequest>(
        &self,
        request: R,
    ) -> impl Future<Output = Result<R::Response, Error>> + Send + use<R>
    where
        R::Response: Send,
    {
        let sent = self.connection.send_request(request).block_task();
        async move {
            match sent.await {
                Err(error) if is_incoming_transport_closed(&error) || is_connection_terminated(&error) => {
                    pending().await
                }
                response => response,
            }
        }
    }

    /// Waits until the client has read enough of what it was sent.
    pub(crate) async fn room(&self) {
        self.outlet.room().await;
    }
}
