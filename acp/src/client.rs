//! The client at the other end, as one session sees it.

use std::sync::Arc;

use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{SessionId, SessionNotification, SessionUpdate};
use agent_client_protocol::{Error, JsonRpcRequest};

use crate::lines::Outlet;

/// Where a session's updates and requests go.
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

    /// Sends an update of the session. One that cannot be sent has nobody to read it.
    pub(crate) fn update(&self, update: SessionUpdate) {
        let notification = SessionNotification::new(self.session.clone(), update);
        if self.connection.send_notification(notification).is_ok() {
            self.outlet.queued();
        }
    }

    /// Sends a request and waits for its response. A request whose future is dropped is cancelled.
    pub(crate) fn request<R: JsonRpcRequest>(
        &self,
        request: R,
    ) -> impl Future<Output = Result<R::Response, Error>> + Send + use<R>
    where
        R::Response: Send,
    {
        self.connection.send_request(request).block_task()
    }

    /// Waits until the client has read enough of what it was sent.
    pub(crate) async fn room(&self) {
        self.outlet.room().await;
    }
}
