//! A request without a response yet.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::call_error::CallError;
use super::runner_inbox::RunnerInbox;
use super::waiting::slot::Slot;
use crate::base::ids::RequestId;
use crate::outgoing::request::Response;

pub(super) type Replied = Result<Response, CallError>;

/// A future of the response to a request. The future always becomes ready: with the response, or with an error
/// after a timeout or the end of the session.
///
/// After the end of the session the error ([`CallError::Closed`]) explains that end. The error is returned when
/// the end is complete, i.e. after the child's exit and the ends of its pipes. The
/// [`ShutdownTimeouts`](crate::ShutdownTimeouts) limit this time.
///
/// Dropping the future only discards the response. The future is not a handle on the session.
///
/// ```
/// use claude_duplex::request::SetModel;
/// use claude_duplex::testing::{CliVersion, Script, TestRuntime};
/// use claude_duplex::{CallError, Config, Driver, Request, RequestError, Seed};
/// use std::time::Duration;
///
/// let runtime = TestRuntime::new();
/// let child = runtime.start(Script::new(CliVersion::V1_0_128));
/// let (claude, runner) =
///     Driver::new(Config::new(Seed::from_bytes([1; 16])), child).into_session();
/// runtime.run(runner.run_until(async {
///     claude.request(SetModel::new("opus")).unwrap().await.unwrap();
///     let unknown =
///         Request::new("of_a_later_version").timeout(Duration::from_secs(5));
///     let error = claude.request(unknown).unwrap().await.unwrap_err();
///     assert_eq!(error, CallError::Request(RequestError::TimedOut));
/// }));
/// ```
#[must_use = "futures do nothing unless they are awaited; the request is under way"]
pub struct PendingResponse {
    id: RequestId,
    slot: Arc<Slot<Replied>>,
    /// Inbox of the runner, if the host awaits the response.
    runner_inbox: Option<Arc<RunnerInbox>>,
}

impl PendingResponse {
    pub(super) fn new(id: RequestId, slot: Arc<Slot<Replied>>) -> Self {
        Self { id, slot, runner_inbox: None }
    }

    /// Marks the response as awaited by the host.
    pub(super) fn for_host(self, runner_inbox: &Arc<RunnerInbox>) -> Self {
        Self { runner_inbox: Some(Arc::clone(runner_inbox)), ..self }
    }

    /// Returns the id of the request.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.id
    }
}

impl Future for PendingResponse {
    type Output = Result<Response, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.slot.poll_take(cx);
        match &self.runner_inbox {
            Some(runner_inbox) => runner_inbox.waiting(polled, cx),
            None => polled,
        }
    }
}

impl fmt::Debug for PendingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingResponse").field(&self.id).finish()
    }
}
