//! Requests whose reply is waited for in one call.

use std::time::Duration;

use thiserror::Error;

use super::Session;
use crate::base::error::{DecodeError, LostReason, RequestError};
use crate::outgoing::request::{Request, Response, TypedRequest};

/// Why a [call](Session::call) has no reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The CLI refused it, or did not answer.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The CLI answered, and the answer lacks what the reply must have.
    #[error("the CLI's reply is not of the request's type; `Session::request` gives it as JSON")]
    Response(#[from] DecodeError),
}

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
    /// [`CallError::Request`] where the CLI refused it, did not answer [in time](crate::Timeouts::request), or the session
    /// is over; [`CallError::Response`] where the answer lacks what must be there.
    pub async fn call<C: TypedRequest>(&self, call: C) -> Result<C::Response, CallError> {
        Ok(self.reply_to(call.into()).await?.decode_as::<C>()?)
    }

    /// Whether the CLI still answers: it is asked for something that every version has and that changes nothing
    /// (`mcp_status`), and has so long to reply. That it refuses is an answer too.
    ///
    /// # Errors
    /// [`RequestError::TimedOut`], or [`RequestError::Lost`] where the session ended.
    pub async fn ping(&self, within: Duration) -> Result<(), RequestError> {
        match self.reply_to(Request::new("mcp_status").timeout(within)).await {
            Ok(_) | Err(RequestError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn reply_to(&self, mut request: Request) -> Result<Response, RequestError> {
        loop {
            match self.request(request) {
                Ok(reply) => return reply.await,
                Err(refused) if refused.is_full() => {
                    request = refused.into_inner();
                    self.ready().await;
                }
                Err(_) => return Err(RequestError::Lost(LostReason::Closed)),
            }
        }
    }
}
