//! Requests of the CLI to the user.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use claude_duplex::{Decision, IncomingId, IncomingKind, IncomingRequest, IncomingResponse};

use super::{Session, elicitation, permission};

/// Future of the response to a request of the CLI.
pub(super) type PendingResponse = Pin<Box<dyn Future<Output = IncomingResponse> + Send>>;

/// Requests of the CLI without a response. The library limits their number.
#[derive(Default)]
pub(super) struct OpenRequests(Vec<(IncomingId, PendingResponse)>);

impl OpenRequests {
    /// Polls for the next response of the client.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(IncomingId, IncomingResponse)> {
        for (at, (id, pending)) in self.0.iter_mut().enumerate() {
            if let Poll::Ready(response) = pending.as_mut().poll(cx) {
                let id = *id;
                drop(self.0.remove(at));
                return Poll::Ready((id, response));
            }
        }
        Poll::Pending
    }

    /// Returns whether each request has its response.
    #[cfg(feature = "protocol-v2")]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Cancels a request at the client.
    pub(super) fn cancel(&mut self, id: IncomingId) {
        self.0.retain(|(open, _)| *open != id);
    }

    /// Cancels all requests at the client.
    pub(super) fn cancel_all(&mut self) {
        self.0.clear();
    }
}

impl Session {
    /// Sends a request of the CLI on to the client. The library declines requests for which the client has no method.
    pub(super) fn forward(&mut self, request: IncomingRequest) {
        let pending = match request.kind() {
            IncomingKind::Permission => permission::forward(self, &request),
            IncomingKind::Elicitation => elicitation::forward(&self.client, self.abilities, &request),
            _ => return,
        };
        self.open_requests.0.push((request.id(), pending));
    }
}

/// Returns a response that does not depend on the user.
pub(super) fn ready(response: IncomingResponse) -> PendingResponse {
    Box::pin(std::future::ready(response))
}

/// Returns a refusal of a permission, with a reason for the model.
pub(super) fn deny(reason: &str) -> IncomingResponse {
    Decision::deny(reason).into()
}
