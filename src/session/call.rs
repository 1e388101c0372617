//! Requests whose reply is waited for in one call.

use std::time::Duration;

use super::Session;
use super::call_error::CallError;
use crate::base::error::RequestError;
use crate::outgoing::request::{Request, Response, TypedRequest};

impl Session {
    /// Asks something of the CLI itself, by one of the typed [requests](crate::request), and waits for the reply; before
    /// that for room, if there is none.
    ///
    /// It is asked when the future is first polled. Dropping the future then changes nothing but that nobody hears the
    /// reply. For a deadline of its own, and to wait later, there is [`request`](Self::request).
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
    /// [`CallError::Request`] if the CLI refused the request or did not answer [in time](crate::Timeouts::request);
    /// [`CallError::Response`] if the answer lacks what must be there; [`CallError::Closed`] with the end of the session, once
    /// that is complete, if it ended; [`CallError::Closing`] if the host has closed it; [`CallError::Refused`] if the request
    /// is too long or its id is in use.
    pub async fn call<C: TypedRequest>(&self, call: C) -> Result<C::Response, CallError> {
        Ok(self.reply_to(call.into()).await?.decode_as::<C>()?)
    }

    /// Whether the CLI still answers: it is asked for something that every version has and that changes nothing
    /// (`mcp_status`), and has so long to reply. That it refuses is an answer too.
    ///
    /// # Errors
    /// [`CallError::Request`] if the CLI did not answer in time; [`CallError::Closed`] and [`CallError::Closing`] as for
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
