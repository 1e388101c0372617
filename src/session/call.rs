//! Requests that are sent and awaited in one call.

use std::time::Duration;

use super::Session;
use super::call_error::CallError;
use crate::base::error::RequestError;
use crate::outgoing::request::{Request, Response, TypedRequest};

impl Session {
    /// Sends one of the typed [requests](crate::request) to the CLI and waits for the response. If a limit is
    /// reached, waits until the request can be sent.
    ///
    /// The request is sent when the future is first polled. Dropping the future then only discards the response.
    /// To set a separate timeout, or to await the response later, use [`request`](Self::request).
    ///
    /// ```
    /// use claude_duplex::request::{ListModels, SetModel};
    /// use claude_duplex::{CallError, Session};
    ///
    /// async fn take_the_first(claude: &Session) -> Result<(), CallError> {
    ///     if let Some(model) = claude.call(ListModels::new()).await?.models.first() {
    ///         claude.call(SetModel::new(&model.value)).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// * [`CallError::Request`] if the CLI refused the request or did not respond [in
    ///   time](crate::Timeouts::request);
    /// * [`CallError::Response`] if the response lacks a required field;
    /// * [`CallError::Closed`] with the complete end of the session, if it ended;
    /// * [`CallError::Closing`] if the host has closed the session;
    /// * [`CallError::Refused`] if the request is too long or its id is in use.
    pub async fn call<C: TypedRequest>(&self, call: C) -> Result<C::Response, CallError> {
        Ok(self.reply_to(call.into()).await?.decode_as::<C>()?)
    }

    /// Checks that the CLI responds within this time. The request (`mcp_status`) exists in every version and
    /// changes nothing. A refusal also counts as a response.
    ///
    /// # Errors
    /// [`CallError::Request`] if the CLI did not respond in time; [`CallError::Closed`] and
    /// [`CallError::Closing`] as for
    /// [`call`](Self::call).
    pub async fn ping(&self, within: Duration) -> Result<(), CallError> {
        match self.reply_to(Request::new("mcp_status").timeout(within)).await {
            Ok(_) | Err(CallError::Request(RequestError::Refused { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn reply_to(&self, request: Request) -> Result<Response, CallError> {
        self.presence.send(request).await?.await
    }
}
