//! Error of a request.

use thiserror::Error;

use crate::base::error::{DecodeError, RequestError};
use crate::outgoing::request::InitializeError;
use crate::protocol::end::SessionClosed;
use crate::protocol::error::RefusedReason;

/// Error of a [call](super::Session::call), or of a [`PendingResponse`](super::PendingResponse): the request has
/// no response.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The CLI refused the request, or did not respond in time.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The response of the CLI lacks a required field. A [`PendingResponse`](super::PendingResponse) does not
    /// check this.
    #[error("the CLI's response is not of the request's type; `Session::request` gives it as JSON")]
    Response(#[from] DecodeError),
    /// The session ended before the CLI responded, or had ended before the call.
    #[error("the session has ended: {0}")]
    Closed(Box<SessionClosed>),
    /// The host has closed or aborted the session, which has not ended yet: the request was not sent.
    #[error("the session is closing and accepts no more requests; open another")]
    Closing,
    /// The CLI responded to an `initialize` request, but does not apply a required setting.
    #[error(transparent)]
    Initialize(InitializeError),
    /// The request is longer than [`Limits::unsent_hard`](crate::Limits::unsent_hard), or its id is in use: it was not sent.
    #[error("the request was not sent: {0}")]
    Refused(RefusedReason),
}
