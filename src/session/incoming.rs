//! Who answers what the CLI asks.

mod handlers;
mod hook;
mod in_flight;
mod request;
mod serve;

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use event_listener::EventListener;
use futures_lite::Stream;

use super::shared::{Presence, Shared};
use super::waiting::inbox::Inbox;
use super::waiting::withdrawal::Withdrawal;
use crate::incoming::{IncomingRequest, IncomingResponse};
use crate::protocol::action::CancelledReason;
use crate::protocol::error::RespondError;

pub use handlers::{Handlers, LocalHandlers};
pub use hook::Hook;
pub(super) use in_flight::InFlight;
pub use request::HandlerRequest;
pub use serve::{Handler, HandlerFn, handler_fn};

/// The incoming requests of a session, as their one owner: a stream, or [`serve`](Self::serve) with handlers.
///
/// An incoming request comes here if the session [owns](crate::Config::handle) its kind, and is then nobody else's; subscribers see it.
/// One that comes while nobody owns it is [declined](IncomingResponse::Decline) at once, so become its owner before the runner runs.
/// Dropping the owner declines what it has not taken and what comes later; what it has taken is [`IncomingRequest`]'s.
///
/// It is not a handle on the session, but each open [`IncomingRequest`] is one.
///
/// ```
/// use claude_duplex::testing::{Script, Step, ToolStep, TestRuntime};
/// use claude_duplex::{IncomingKind, Config, Decision, Driver, Seed};
/// use futures_lite::future::zip;
///
/// let world = TestRuntime::new();
/// let script = Script::default().then([Step::from(ToolStep::bash("ls").requires_permission()), Step::text("done")]);
/// let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
/// let (claude, runner) = Driver::new(config, world.start(script)).into_session();
/// let mut asks = claude.incoming().unwrap();
/// assert!(claude.incoming().is_err(), "there is one owner");
/// let deciding = async {
///     let mut names = Vec::new();
///     while let Some(asked) = asks.next().await {
///         names.push(asked.permission().unwrap().tool_name); // it derefs to the `IncomingRequest`
///         asked.respond(Decision::allow()).unwrap();
///     }
///     names
/// };
/// let talk = async move { claude.prompt("look").unwrap().finish().await.is_success() };
/// assert_eq!(world.run(zip(runner.run_until(talk), deciding)), (true, vec!["Bash".to_owned()]));
/// ```
#[must_use = "dropping it declines every ask"]
pub struct IncomingRequests {
    inbox: Arc<Inbox>,
    pub(super) shared: Arc<Shared>,
    /// Each open request counts as a handle.
    are_handles: bool,
}

impl IncomingRequests {
    pub(super) fn new(inbox: Arc<Inbox>, shared: Arc<Shared>) -> Self {
        Self { inbox, shared, are_handles: true }
    }

    /// The stream that the runner serves: it keeps no session open.
    pub(super) fn of_runner(inbox: Arc<Inbox>, shared: Arc<Shared>) -> Self {
        Self { inbox, shared, are_handles: false }
    }

    /// The next incoming request; `None` when the session is over. Those that were withdrawn meanwhile are passed over.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Responder> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<Responder>> {
        self.shared.desk.waiting(self.inbox.poll_next(cx), cx).map(|next| {
            let (ask, withdrawal) = next?;
            let presence = self.are_handles.then(|| self.shared.presence()).flatten();
            let shared = Arc::clone(&self.shared);
            Some(Responder { ask, withdrawal, shared, open: true, _presence: presence })
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
            self.shared.desk.leave(|left| left.declined.extend(unread));
        }
    }
}

impl fmt::Debug for IncomingRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingRequests").field("kinds", &self.inbox.kinds()).finish_non_exhaustive()
    }
}

/// An [`IncomingRequest`] with the duty to answer it: now, later, from anywhere, in any order.
///
/// Dropping it [declines](IncomingResponse::Decline) it in the way that is safe for its kind, unless it was withdrawn. To answer
/// later, keep it, by its [`id`](IncomingRequest::id) if there are many.
#[must_use = "dropping it declines the ask"]
pub struct Responder {
    ask: IncomingRequest,
    withdrawal: Arc<Withdrawal>,
    shared: Arc<Shared>,
    open: bool,
    /// An open incoming request counts as a handle.
    _presence: Option<Arc<Presence>>,
}

impl Responder {
    /// Answers it.
    ///
    /// # Errors
    /// [`RespondError::Stale`] where it was withdrawn. [`RespondError::Mismatch`] where the answer is of another kind, and
    /// [`RespondError::Full`] where it is too long: it is then declined.
    pub fn respond(mut self, answer: impl Into<IncomingResponse>) -> Result<(), RespondError> {
        let (id, answer) = (self.ask.id(), answer.into());
        let answered = self.shared.command(|state| state.answer(id, answer));
        self.open = matches!(answered, Err(RespondError::Mismatch | RespondError::Full));
        answered
    }

    /// Returns a future of the withdrawal.
    pub(super) fn withdrawal(&self) -> EventListener {
        self.withdrawal.listen()
    }

    /// Waits until it is withdrawn. Any number may wait.
    pub async fn withdrawn(&self) -> CancelledReason {
        self.withdrawal.wait().await
    }
}

impl Deref for Responder {
    type Target = IncomingRequest;

    fn deref(&self) -> &IncomingRequest {
        &self.ask
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if self.open && !self.withdrawal.is_told() {
            self.shared.desk.leave(|left| left.declined.push(self.ask.id()));
        }
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Responder").field(&self.ask).finish()
    }
}
