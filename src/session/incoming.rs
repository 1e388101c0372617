//! Owners of incoming requests.

mod handlers;
mod hook;
mod in_flight;
mod open_requests;
mod request;
mod serve;

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::shared::{Presence, Shared};
use super::waiting::inbox::Inbox;
use super::waiting::withdrawal::{Withdrawal, Withdrawn};
use crate::driver::sync::Counted;
use crate::incoming::{IncomingRequest, IncomingResponse};
use crate::protocol::action::CancelledReason;
use crate::protocol::error::RespondError;

pub use handlers::{Handlers, LocalHandlers};
pub use hook::Hook;
pub(super) use in_flight::InFlight;
pub use open_requests::OpenRequests;
pub use request::HandlerRequest;
pub use serve::{Handler, HandlerFn, handler_fn};

/// The incoming requests of a session, as a stream or served by handlers ([`serve`](Self::serve)). They have one
/// owner.
///
/// A request arrives here if the session [handles](crate::Config::handle) its kind. Subscribers also see it, but
/// only its owner responds. A request that arrives without an owner is [declined](IncomingResponse::Decline) at
/// once, so take the stream before the runner runs. Dropping the stream declines requests that it has not taken,
/// and later ones. Requests that were taken belong to their [`Responder`].
///
/// The stream is not a handle on the session, but each open [`Responder`] is one.
///
/// ```
/// use claude_duplex::testing::{Script, Step, ToolStep, TestRuntime};
/// use claude_duplex::{IncomingKind, Config, Decision, Driver, Seed};
/// use futures_lite::future::zip;
///
/// let runtime = TestRuntime::new();
/// let tool = ToolStep::bash("ls").requires_permission();
/// let script = Script::default().then([Step::from(tool), Step::text("done")]);
/// let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
/// let (claude, runner) = Driver::new(config, runtime.start(script)).into_session();
/// let mut asks = claude.incoming().unwrap();
/// assert!(claude.incoming().is_err(), "there is one owner");
/// let deciding = async {
///     let mut names = Vec::new();
///     while let Some(asked) = asks.next().await {
///         // A `Responder` derefs to its `IncomingRequest`.
///         names.push(asked.permission().unwrap().tool_name);
///         asked.respond(Decision::allow()).unwrap();
///     }
///     names
/// };
/// let talk = async move { claude.prompt("look").unwrap().finish().await.is_success() };
/// let ended = runtime.run(zip(runner.run_until(talk), deciding));
/// assert_eq!(ended, (true, vec!["Bash".to_owned()]));
/// ```
#[must_use = "dropping it declines every ask"]
pub struct IncomingRequests {
    inbox: Arc<Inbox>,
    pub(super) shared: Arc<Shared>,
    /// `true` if each open request counts as a handle.
    are_handles: bool,
}

impl IncomingRequests {
    pub(super) fn new(inbox: Arc<Inbox>, shared: Arc<Shared>) -> Self {
        Self { inbox, shared, are_handles: true }
    }

    /// Creates the stream that the runner serves, which does not keep a session open.
    pub(super) fn of_runner(inbox: Arc<Inbox>, shared: Arc<Shared>) -> Self {
        Self { inbox, shared, are_handles: false }
    }

    /// Returns the next incoming request, or `None` after the session has ended. Requests that were cancelled
    /// meanwhile are skipped.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Responder> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<Responder>> {
        self.shared.runner_inbox.waiting(self.inbox.poll_next(cx), cx).map(|next| {
            let (incoming, withdrawal) = next?;
            let presence = self.are_handles.then(|| self.shared.presence()).flatten();
            let shared = Arc::clone(&self.shared);
            Some(Responder { incoming, withdrawal, shared, open: true, _presence: presence })
        })
    }
}

impl Stream for IncomingRequests {
    type Item = Responder;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Responder>> {
        self.poll(cx)
    }
}

impl Drop for IncomingRequests {
    fn drop(&mut self) {
        let unread = self.inbox.leave();
        if !unread.is_empty() {
            self.shared.runner_inbox.leave(|left| left.declined.extend(unread));
        }
    }
}

impl fmt::Debug for IncomingRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingRequests").field("kinds", &self.inbox.kinds()).finish_non_exhaustive()
    }
}

/// An [`IncomingRequest`] that awaits a response. The host can respond now or later, from any task, in any order.
///
/// Dropping the responder [declines](IncomingResponse::Decline) the request with the response that is safe for
/// its kind, unless the request was cancelled. To respond later, keep the responder; [`OpenRequests`] keeps
/// responders by their ids on the wire.
#[must_use = "dropping a responder declines its request"]
pub struct Responder {
    incoming: IncomingRequest,
    withdrawal: Arc<Withdrawal>,
    shared: Arc<Shared>,
    open: bool,
    /// An open incoming request counts as a handle.
    _presence: Option<Counted<Presence>>,
}

impl Responder {
    /// Responds to the request.
    ///
    /// # Errors
    /// * [`RespondError::Stale`] if the request was cancelled;
    /// * [`RespondError::Mismatch`] if the response is of another kind, and [`RespondError::Full`] if it is too
    ///   long. The request is then declined.
    pub fn respond(mut self, answer: impl Into<IncomingResponse>) -> Result<(), RespondError> {
        let (id, answer) = (self.incoming.id(), answer.into());
        let answered = self.shared.command(|state| state.answer(id, answer));
        self.open = matches!(answered, Err(RespondError::Mismatch | RespondError::Full));
        answered
    }

    /// Returns a future that completes when the request is cancelled.
    pub(super) fn withdrawal(&self) -> Withdrawn {
        self.withdrawal.wait()
    }

    /// Returns `true` if the request was cancelled: a response would be stale.
    fn is_cancelled(&self) -> bool {
        self.withdrawal.is_set()
    }

    /// Waits until the request is cancelled. Any number of tasks can wait.
    pub async fn withdrawn(&self) -> CancelledReason {
        self.withdrawal.wait().await
    }
}

impl Deref for Responder {
    type Target = IncomingRequest;

    fn deref(&self) -> &IncomingRequest {
        &self.incoming
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if self.open && !self.withdrawal.is_set() {
            self.shared.runner_inbox.leave(|left| left.declined.push(self.incoming.id()));
        }
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Responder").field(&self.incoming).finish()
    }
}
