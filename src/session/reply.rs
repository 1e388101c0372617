//! A request without a reply yet.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::waiting::slot::Slot;
use crate::base::error::RequestError;
use crate::base::ids::RequestId;
use crate::outgoing::request::Response;

pub(super) type Replied = Result<Response, RequestError>;

/// The reply to a request of ours, when it comes; it always does, as a timeout or a loss if need be.
///
/// Dropping it changes nothing but that nobody hears the reply. It is not a handle on the session.
///
/// ```
/// use claude_duplex::request::SetModel;
/// use claude_duplex::testing::{CliVersion, Script, TestRuntime};
/// use claude_duplex::{Config, Driver, Request, RequestError, Seed};
/// use std::time::Duration;
///
/// let world = TestRuntime::new();
/// let child = world.start(Script::new(CliVersion::V1_0_128));
/// let (claude, runner) =
///     Driver::new(Config::new(Seed::from_bytes([1; 16])), child).into_session();
/// world.run(runner.run_until(async {
///     claude.request(SetModel::new("opus")).unwrap().await.unwrap();
///     let unknown =
///         Request::new("of_a_later_version").timeout(Duration::from_secs(5));
///     assert_eq!(claude.request(unknown).unwrap().await, Err(RequestError::TimedOut));
/// }));
/// ```
#[must_use = "futures do nothing unless they are awaited; the request is under way"]
pub struct PendingResponse {
    id: RequestId,
    slot: Arc<Slot<Replied>>,
}

impl PendingResponse {
    pub(super) fn new(id: RequestId, slot: Arc<Slot<Replied>>) -> Self {
        Self { id, slot }
    }

    /// The request.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.id
    }
}

impl Future for PendingResponse {
    type Output = Result<Response, RequestError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.slot.poll_take(cx)
    }
}

impl fmt::Debug for PendingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingReply").field(&self.id).finish()
    }
}
