//! Client of one session.

use std::future::pending;
use std::sync::Arc;

use agent_client_protocol::v1::schema::{SessionId, SessionNotification, SessionUpdate};
use agent_client_protocol::{
    ConnectionTo, Error, JsonRpcRequest, JsonRpcResponse, UntypedMessage, is_connection_terminated,
    is_incoming_transport_closed,
};

use crate::lines::Outlet;
#[cfg(feature = "protocol-v2")]
use crate::v2;

/// Connection to the client, in the version of the protocol that was negotiated.
#[derive(Clone)]
pub(crate) struct Connection {
    inner: ConnectionTo<agent_client_protocol::Client>,
    #[cfg(feature = "protocol-v2")]
    is_v2: bool,
}

impl Connection {
    pub(crate) fn v1(inner: agent_client_protocol::v1::ConnectionTo<agent_client_protocol::Client>) -> Self {
        Self {
            inner: inner.into_raw(),
            #[cfg(feature = "protocol-v2")]
            is_v2: false,
        }
    }

    #[cfg(feature = "protocol-v2")]
    pub(crate) fn v2(inner: agent_client_protocol::v2::ConnectionTo<agent_client_protocol::Client>) -> Self {
        Self { inner: inner.into_raw(), is_v2: true }
    }
}

/// Client of one session. Updates and requests are passed in the form of version 1, and translated for a client of version 2.
#[derive(Clone)]
pub(crate) struct Client {
    connection: Connection,
    outlet: Arc<Outlet>,
    session: SessionId,
}

impl Client {
    pub(crate) fn new(connection: Connection, outlet: Arc<Outlet>, session: SessionId) -> Self {
        Self { connection, outlet, session }
    }

    /// Returns the session's id.
    pub(crate) fn session(&self) -> &SessionId {
        &self.session
    }

    /// Returns `true` for version 2, in which the client gets the response to a prompt before the prompt ends.
    #[cfg(feature = "protocol-v2")]
    pub(crate) fn is_v2(&self) -> bool {
        self.connection.is_v2
    }

    /// Sends an update of the session. Has no effect if the client is gone.
    pub(crate) fn update(&self, update: SessionUpdate) {
        #[cfg(feature = "protocol-v2")]
        if self.is_v2() {
            v2::update(&update).into_iter().for_each(|update| self.update_v2(update));
            return;
        }
        self.notify(SessionNotification::new(self.session.clone(), update));
    }

    /// Sends an update that only version 2 has.
    #[cfg(feature = "protocol-v2")]
    pub(crate) fn update_v2(&self, update: agent_client_protocol::v2::schema::SessionUpdate) {
        let session = v2::session(&self.session);
        self.notify(agent_client_protocol::v2::schema::UpdateSessionNotification::new(session, update));
    }

    fn notify(&self, notification: impl agent_client_protocol::JsonRpcNotification) {
        if self.connection.inner.send_notification(notification).is_ok() {
            self.outlet.queued();
        }
    }

    /// Sends a request and waits for its response. A request whose future is dropped is cancelled.
    ///
    /// If the client is gone, the future never completes: the session ends, or leaves the request to the next agent.
    pub(crate) fn request<R: JsonRpcRequest>(
        &self,
        request: R,
    ) -> impl Future<Output = Result<R::Response, Error>> + Send + use<R>
    where
        R::Response: Send,
    {
        let method = request.method().to_owned();
        let message = request.to_untyped_message().and_then(|message| self.translated(message));
        let sent = message.map(|message| self.connection.inner.send_request(message).block_task());
        async move {
            match sent?.await {
                Err(error) if is_incoming_transport_closed(&error) || is_connection_terminated(&error) => {
                    pending().await
                }
                response => R::Response::from_json(&method, response?),
            }
        }
    }

    /// Returns a request of version 1 in the version of the client.
    fn translated(&self, message: UntypedMessage) -> Result<UntypedMessage, Error> {
        #[cfg(feature = "protocol-v2")]
        if self.is_v2() {
            return v2::request(message);
        }
        Ok(message)
    }

    /// Waits until few enough updates wait for the client to read them.
    pub(crate) async fn room(&self) {
        self.outlet.room().await;
    }
}
