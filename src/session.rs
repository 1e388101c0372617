//! Handles on a session, for use from many tasks and threads.
//!
//! Layers of the module. Each part knows only the parts below it:
//!
//! ```text
//! Session, Runner   PromptHandle   IncomingRequests, Responder
//!         \______ shared ______/         locks, last handle, end of the session
//!                /      \
//!            state      runner_inbox     driver and waiting tasks; work of dropped handles
//!           /  |   \
//!     router owners reply, drive         routes of messages; owners of incoming requests
//!           \  |   /        Subscriber
//!            waiting ________/           a queue for each handle, and the wakers to wake
//! ```

mod answer;
mod builder;
mod call;
mod call_error;
mod declined;
mod drive;
mod error;
mod incoming;
mod initialize;
mod limits;
mod mcp;
mod prompt_end;
mod prompt_handle;
mod reply;
mod resumed;
mod runner;
mod runner_inbox;
#[cfg(all(test, any(loom, shuttle)))]
#[path = "../tests/schedules/models/mod.rs"]
mod schedules;
mod setup;
mod shared;
mod state;
mod subscriber;
mod task;
mod unpolled;
mod waiting;
mod when_dropped;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;

use crate::base::ids::PromptId;
use crate::driver::Driver;
use crate::driver::sync::Counted;
use crate::driver::transport::Transport;
use crate::incoming::{IncomingKinds, IncomingRequest};
use crate::journal::RecordingError;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::Stats;
#[cfg(any(unix, windows))]
use crate::protocol::config::Config;
use crate::protocol::end::SessionClosed;
use crate::protocol::error::{RefusedError, StaleIdError};

pub use answer::{Answer, PromptError};
pub use builder::SessionBuilder;
pub use call_error::CallError;
pub use declined::DeclinedRequest;
pub use error::SessionError;
pub use incoming::{
    Handler, HandlerFn, HandlerRequest, Handlers, Hook, IncomingRequests, LocalHandlers, OpenRequests, Responder,
    handler_fn,
};
pub use limits::HandleLimits;
pub use mcp::{McpClient, McpConnection, McpService, SdkMcpCalls};
pub use prompt_end::PromptEnd;
pub use prompt_handle::{PendingAnswer, PromptHandle};
pub use reply::PendingResponse;
pub use resumed::ResumedSession;
pub use runner::Runner;
pub use state::IncomingError;
pub use subscriber::Subscriber;
pub use waiting::ring::{Lagged, Overflow};
pub use when_dropped::WhenDropped;

use setup::Setup;
use shared::Presence;
use state::State;
use waiting::ring::Room;

/// A handle on a session with a child. Clone it, send it anywhere, and call its commands from any task or thread.
/// Commands take effect at once. Their bytes are written when the [`Runner`] runs, which the host must poll.
///
/// # Effects of dropping
///
/// | Dropped | Then |
/// |---|---|
/// | a `Session`, a [`PromptHandle`], a [`Responder`] | nothing at first; with the last of them the session closes as by [`close_now`](Self::close_now): a running turn is interrupted, and the CLI exits within seconds. [`SessionBuilder::when_dropped`] changes this |
/// | a [`PromptHandle`] | its prompt continues, unless [`interrupt_on_drop`](PromptHandle::interrupt_on_drop) was called |
/// | a [`Responder`] | the incoming request is declined, with the response that is safe for its kind |
/// | an [`IncomingRequests`] | requests that it had not taken, and later ones, are declined |
/// | a [`Subscriber`], a [`PendingResponse`] | the session no longer notifies it |
/// | the [`Runner`] | the child's process group is killed, everything pending ends as lost, and all waiting tasks are woken. Processes that the CLI started in another group continue, e.g. a command of the tool Bash |
/// | the last handle of a session of `spawn_thread` | the session closes as above, and the thread that drops the handle waits for its end |
/// | the tokio runtime of a session of `spawn_tokio` | the session closes as by [`close_now`](Self::close_now), and the thread that shuts the runtime down waits for its end, on Unix. Elsewhere the child is killed |
///
/// The session of this example has a mock CLI. A [builder](Self::builder) opens a session with a child.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime};
/// use claude_duplex::Session;
///
/// async fn two_questions(claude: &Session) -> Result<String, Box<dyn std::error::Error>> {
///     let (first, second) =
///         (claude.prompt("what is in this folder?")?, claude.prompt("and why?")?);
///     Ok(format!("{} {}", first.await?.text(), second.await?.text()))
/// }
///
/// let runtime = TestRuntime::new();
/// let script = Script::default()
///     .then([Step::text("Sources.")])
///     .then([Step::text("To be compiled.")]);
/// let (claude, runner) = Session::builder().open_on(runtime.start(script));
/// let answers = runtime
///     .run(runner.run_until(async move { two_questions(&claude).await }))
///     .unwrap();
/// assert_eq!(answers, "Sources. To be compiled.");
/// ```
#[derive(Clone)]
pub struct Session {
    presence: Counted<Presence>,
}

impl<T: Transport + Send + 'static> Driver<T> {
    /// Converts the driver into a handle, which accepts commands, and the future that drives the session.
    /// [`Session::builder`] can also set limits and handlers.
    pub fn into_session(self) -> (Session, Runner) {
        Setup::default().start(self)
    }
}

impl Session {
    /// Returns a builder with default options and settings, which starts the session.
    #[cfg(any(unix, windows))]
    pub fn builder() -> SessionBuilder {
        SessionBuilder::new(Config::default())
    }

    // Commands.

    /// Sends a prompt to the model.
    ///
    /// # Errors
    /// Returns the prompt with the reason: see [`Protocol::prompt`](crate::Protocol::prompt). If the session has
    /// ended, the error [contains its end](RefusedError::closed). After
    /// [`Full`](crate::RefusedReason::Full), [`ready`](Self::ready) waits until a retry can succeed.
    pub fn prompt(&self, prompt: impl Into<Prompt>) -> Result<PromptHandle, RefusedError<Prompt>> {
        let (id, mailbox) = self.presence.command(|state| state.prompt(prompt.into()))?;
        Ok(PromptHandle::new(id, mailbox, Counted::clone(&self.presence)))
    }

    /// Cancels a prompt that no turn has taken up: see [`Protocol::cancel`](crate::Protocol::cancel).
    ///
    /// # Errors
    /// [`StaleIdError`] if the prompt has ended, or belongs to another session.
    pub fn cancel(&self, prompt: PromptId) -> Result<(), StaleIdError> {
        self.presence.command(|state| state.cancel(prompt))
    }

    /// Interrupts the running turn. The response is the CLI's acknowledgment.
    /// [`Response::interrupted`](crate::Response::interrupted) reads the queued and the cancelled prompts from
    /// it.
    ///
    /// # Errors
    /// Returns the interrupt with the reason: see [`Protocol::interrupt`](crate::Protocol::interrupt).
    pub fn interrupt(&self, interrupt: Interrupt) -> Result<PendingResponse, RefusedError<Interrupt>> {
        let pending = self.presence.command(|state| state.interrupt(interrupt))?;
        Ok(pending.for_host(&self.presence.runner_inbox))
    }

    /// Sends a control request to the CLI. The response can be awaited later, or not at all. [`call`](Self::call)
    /// sends a request and awaits the response.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use claude_duplex::request::ListModels;
    /// use claude_duplex::{Request, Session};
    ///
    /// async fn count(claude: &Session) -> Result<usize, Box<dyn std::error::Error>> {
    ///     let reply = claude.request(
    ///         Request::from(ListModels::new()).timeout(Duration::from_secs(5)),
    ///     )?;
    ///     println!("asked as {}", reply.id());
    ///     Ok(reply.await?.decode_as::<ListModels>()?.models.len())
    /// }
    /// ```
    ///
    /// # Errors
    /// Returns the request with the reason: see [`Protocol::request`](crate::Protocol::request).
    pub fn request(&self, request: impl Into<Request>) -> Result<PendingResponse, RefusedError<Request>> {
        let pending = self.presence.command(|state| state.request(request.into()))?;
        Ok(pending.for_host(&self.presence.runner_inbox))
    }

    /// Closes the session gracefully: see [`Protocol::close`](crate::Protocol::close). The runner continues to
    /// the end.
    ///
    /// Waits for the running turn before stdin is closed, for at most
    /// [`ShutdownTimeouts::turn`](crate::ShutdownTimeouts::turn) (default: 120 s). [`close_now`](Self::close_now)
    /// interrupts the turn instead.
    pub fn close(&self) {
        self.presence.command(State::close);
    }

    /// Closes the session gracefully within seconds: interrupts the running turn, then closes. See
    /// [`Protocol::close_now`](crate::Protocol::close_now). The session can be resumed afterwards.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestRuntime};
    /// use claude_duplex::{Config, Driver, Outcome, Seed};
    /// use std::time::Duration;
    ///
    /// let runtime = TestRuntime::new();
    /// let slow = Step::text_in_parts("a long answer", 100, Duration::from_secs(1));
    /// let child = runtime.start(Script::default().then([slow]));
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let (claude, runner) = Driver::new(config, child).into_session();
    /// let outcome = runtime.run(runner.run_until(async {
    ///     let mut prompt = claude.prompt("talk").unwrap();
    ///     prompt.next().await;
    ///     claude.close_now();
    ///     prompt.finish().await.outcome
    /// }));
    /// assert_eq!(outcome, Outcome::Interrupted);
    /// ```
    pub fn close_now(&self) {
        self.presence.command(State::close_now);
    }

    /// Ends the session immediately: see [`Protocol::abort`](crate::Protocol::abort). The runner continues to the
    /// end.
    pub fn abort(&self) {
        self.presence.command(State::abort);
    }

    // Subscriptions and streams.

    /// Subscribes to the actions of the session from now on. First come an
    /// [`Action::IncomingRequest`](crate::Action::IncomingRequest) for each open request of the CLI, so that a
    /// late subscriber can show it too.
    ///
    /// `capacity` is the maximum number of unread actions, at least one. [`HandleLimits::subscriber_bytes`]
    /// limits their bytes. `overflow` applies beyond these limits. [`Overflow::Wait`] loses nothing and slows the
    /// CLI down. The other policies drop actions and delay nothing.
    pub fn subscribe(&self, capacity: usize, overflow: Overflow) -> Subscriber {
        let room = Room { items: capacity, bytes: self.presence.limits.subscriber_bytes, overflow };
        Subscriber::new(self.presence.state().subscribe(room), Arc::clone(&self.presence.runner_inbox))
    }

    /// Takes the incoming requests of all kinds that the session [handles](crate::Config::handle). A session that
    /// was built with [handlers](SessionBuilder::handlers) needs no stream for their kinds.
    ///
    /// # Errors
    /// [`IncomingError::AlreadyTaken`] if some of the kinds are taken. [`IncomingError::NotHandled`] if the
    /// session handles no kind.
    pub fn incoming(&self) -> Result<IncomingRequests, IncomingError> {
        self.take_incoming(None)
    }

    /// Takes the incoming requests of these kinds.
    ///
    /// # Errors
    /// [`IncomingError::AlreadyTaken`] if some of the kinds are taken. [`IncomingError::NotHandled`] if the
    /// session does not handle some of them.
    pub fn incoming_of(&self, kinds: IncomingKinds) -> Result<IncomingRequests, IncomingError> {
        self.take_incoming(Some(kinds))
    }

    fn take_incoming(&self, kinds: Option<IncomingKinds>) -> Result<IncomingRequests, IncomingError> {
        let inbox = self.presence.state().own(kinds)?;
        Ok(IncomingRequests::new(inbox, self.presence.shared()))
    }

    /// Waits until a command that was refused as [`Full`](crate::RefusedReason::Full) can be retried, or until
    /// the session has ended.
    pub async fn ready(&self) {
        self.presence.ready().await;
    }

    // Queries.

    /// Returns the id of the session, by which it can be resumed. Returns `None` before the first turn, in which
    /// the CLI reports the id. `/clear` changes the id.
    #[must_use]
    pub fn session_id(&self) -> Option<Arc<str>> {
        self.presence.state().cli_session().map(|session| Arc::clone(&session.id))
    }

    /// Returns the id, model, permission mode and compaction of the session, as the CLI last reported them.
    /// Returns `None` after the session has ended.
    #[must_use]
    pub fn status(&self) -> Option<crate::protocol::SessionStatus> {
        self.presence.state().status()
    }

    /// Returns the id, version and capabilities of the CLI, as far as it has reported them.
    #[must_use]
    pub fn cli_session(&self) -> Option<crate::protocol::action::CliSession> {
        self.presence.state().cli_session().cloned()
    }

    /// Returns the process id of the child. Returns `None` without a process and after the end.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.presence.state().process_id()
    }

    /// Returns the open requests of the CLI that were handed out, oldest first.
    ///
    /// Only the owner of the [`Responder`] can respond to them. This method is meant for code that shows them.
    #[must_use]
    pub fn open_incoming(&self) -> Vec<IncomingRequest> {
        self.presence.state().incoming()
    }

    /// Returns the reason why recording stopped, if the session was to be recorded: see [`Driver::record`].
    ///
    /// The journal of a session with handles is written right after each input took effect, outside of the
    /// session's lock. The journal's writer may therefore call any handle. If the host's process is killed, the
    /// last inputs can be missing.
    #[must_use]
    pub fn recording_error(&self) -> Option<RecordingError> {
        self.presence.state().report().stopped
    }

    /// Returns the first error of reading or writing, if any. The session reports the effect of the error: the
    /// end of a stream.
    #[must_use]
    pub fn io_error(&self) -> Option<io::Error> {
        self.presence.state().report().io_error
    }

    /// Returns counters of the lines that have no action.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.presence.state().report().counts
    }

    /// Returns `true` until the session has ended. A session that is closing, or whose child hangs, is alive: use
    /// [`ping`](Self::ping) to check that the CLI responds.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.presence.closed().is_none()
    }

    /// Returns the end of the session after it has ended: reason, exit status, end of stderr and last error.
    #[must_use]
    pub fn exit_status(&self) -> Option<SessionClosed> {
        self.presence.closed().cloned()
    }

    /// Waits until the session has ended. Any number of tasks can wait. The future does not count as a handle.
    pub fn wait_for_exit(&self) -> impl Future<Output = SessionClosed> + Send + use<> {
        let shared = self.presence.shared();
        async move { shared.end().await }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Writing to `f` may run the host's code, so no lock is held.
        let id = self.session_id();
        let mut debug = f.debug_struct("Session");
        debug.field("id", &id).field("closed", &self.presence.closed());
        if self.presence.runner_inbox.unpolled.is_unpolled() {
            debug.field("runner", &format_args!("has not been polled"));
        }
        debug.finish_non_exhaustive()
    }
}
