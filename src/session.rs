//! Handles on a session, for many tasks and threads.
//!
//! What each part knows is below it, and nothing above:
//!
//! ```text
//! Session, Runner   Turn   Asks, Asked       what the host holds and runs
//!         \______ shared ______/             the locks, the last handle, the end
//!                /      \
//!            state      desk                 the driver and who waits for what; what dropped handles leave
//!           /  |   \
//!     router owners reply, drive             whose message it is; whose ask it is
//!           \  |   /        Subscriber
//!            waiting ________/               what waits for each handle, and who is to be woken
//! ```

mod answer;
mod builder;
mod call;
mod call_error;
mod declined;
mod desk;
mod drive;
mod incoming;
mod initialize;
mod limits;
mod mcp;
mod prompt_end;
mod prompt_handle;
mod reply;
mod resumed;
mod runner;
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
pub use incoming::{
    Handler, HandlerFn, HandlerRequest, Handlers, Hook, IncomingRequests, LocalHandlers, Responder, handler_fn,
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

use builder::Setup;
use shared::Presence;
use state::State;
use waiting::ring::Room;

/// A handle on a session with a child: clone it, send it anywhere, give commands from any task or thread. They take effect
/// at once; what they write goes out when the [`Runner`] runs, which the host sees to.
///
/// # What dropping does
///
/// | Dropped | Then |
/// |---|---|
/// | a `Session`, a [`PromptHandle`], a [`Responder`] | nothing by itself; with the last of them the session closes as by [`close_now`](Self::close_now): a running turn is interrupted, and the CLI exits within seconds. [`SessionBuilder::when_dropped`] sets another way |
/// | a [`PromptHandle`] | its prompt runs on, unless [`interrupt_on_drop`](PromptHandle::interrupt_on_drop) was called |
/// | a [`Responder`] | the incoming request is declined, in the way that is safe for its kind |
/// | an [`IncomingRequests`] | what it had not taken, and what comes later, is declined |
/// | a [`Subscriber`], a [`PendingResponse`] | nobody listens any more |
/// | the [`Runner`] | the child's process group is killed, everything is settled as lost, and all who wait are woken. What the CLI started in another group lives on, e.g. a command of the tool Bash |
/// | the last handle of a session of `spawn_thread` | the session closes as above, and the thread that drops the handle waits for its end |
/// | the tokio runtime of a session of `spawn_tokio` | the session closes as by [`close_now`](Self::close_now), and the thread that shuts the runtime down waits for its end, on Unix. Elsewhere the child is killed |
///
/// This one is of a mock CLI; one of a child is opened by a [builder](Self::builder).
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
/// let world = TestRuntime::new();
/// let script = Script::default()
///     .then([Step::text("Sources.")])
///     .then([Step::text("To be compiled.")]);
/// let (claude, runner) = Session::builder().open_on(world.start(script));
/// let said = world
///     .run(runner.run_until(async move { two_questions(&claude).await }))
///     .unwrap();
/// assert_eq!(said, "Sources. To be compiled.");
/// ```
#[derive(Clone)]
pub struct Session {
    presence: Arc<Presence>,
}

impl<T: Transport + Send + 'static> Driver<T> {
    /// Converts the driver into a handle, with which commands are given, and the future that drives the session.
    /// [`Session::builder`] sets limits and handlers besides.
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

    /// Gives the model something to do.
    ///
    /// # Errors
    /// The prompt comes back: see [`Protocol::prompt`](crate::Protocol::prompt). If the session has ended, the error
    /// [has its end](RefusedError::closed). After
    /// [`Full`](crate::RefusedReason::Full), [`ready`](Self::ready) waits until it is worth another try.
    pub fn prompt(&self, prompt: impl Into<Prompt>) -> Result<PromptHandle, RefusedError<Prompt>> {
        let (id, mailbox) = self.presence.command(|state| state.prompt(prompt.into()))?;
        Ok(PromptHandle::new(id, mailbox, Arc::clone(&self.presence)))
    }

    /// Withdraws a prompt that no turn has taken: see [`Protocol::cancel`](crate::Protocol::cancel).
    ///
    /// # Errors
    /// [`StaleIdError`] if the prompt has ended, or belongs to another session.
    pub fn cancel(&self, prompt: PromptId) -> Result<(), StaleIdError> {
        self.presence.command(|state| state.cancel(prompt))
    }

    /// Stops what runs. The reply is the CLI's acknowledgement, which [`Response::interrupted`](crate::Response::interrupted)
    /// reads: what is still queued, and what was cancelled.
    ///
    /// # Errors
    /// The interrupt comes back: see [`Protocol::interrupt`](crate::Protocol::interrupt).
    pub fn interrupt(&self, interrupt: Interrupt) -> Result<PendingResponse, RefusedError<Interrupt>> {
        let pending = self.presence.command(|state| state.interrupt(interrupt))?;
        Ok(pending.for_host(&self.presence.desk))
    }

    /// Asks something of the CLI itself; the reply can be waited for later, or not at all. [`call`](Self::call) is shorter.
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
    /// The request comes back: see [`Protocol::request`](crate::Protocol::request).
    pub fn request(&self, request: impl Into<Request>) -> Result<PendingResponse, RefusedError<Request>> {
        let pending = self.presence.command(|state| state.request(request.into()))?;
        Ok(pending.for_host(&self.presence.desk))
    }

    /// Ends the session in order: see [`Protocol::close`](crate::Protocol::close). The runner goes on to the end.
    ///
    /// Waits for the running turn before stdin is closed, for at most
    /// [`ShutdownTimeouts::turn`](crate::ShutdownTimeouts::turn), 120 s. [`close_now`](Self::close_now) interrupts the turn instead.
    pub fn close(&self) {
        self.presence.command(State::close);
    }

    /// Ends the session in order within seconds: interrupts the running turn, then closes. See
    /// [`Protocol::close_now`](crate::Protocol::close_now). The session can be resumed afterwards.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestRuntime};
    /// use claude_duplex::{Config, Driver, Outcome, Seed};
    /// use std::time::Duration;
    ///
    /// let world = TestRuntime::new();
    /// let slow = Step::text_in_parts("a long answer", 100, Duration::from_secs(1));
    /// let child = world.start(Script::default().then([slow]));
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let (claude, runner) = Driver::new(config, child).into_session();
    /// let outcome = world.run(runner.run_until(async {
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

    /// Ends the session now: see [`Protocol::abort`](crate::Protocol::abort). The runner goes on to the end.
    pub fn abort(&self) {
        self.presence.command(State::abort);
    }

    // Listening.

    /// Watches the session: every action from now on, and before them an [`Action::IncomingRequest`](crate::Action::IncomingRequest) for each
    /// request of the CLI that is open, so that one who comes late can show it too. `capacity` is how many may wait unread, at least one;
    /// [`HandleLimits::subscriber_bytes`] bounds their bytes. `overflow` applies to more: [`Overflow::Wait`] loses
    /// nothing and slows the CLI down. The others drop something and delay nothing.
    pub fn subscribe(&self, capacity: usize, overflow: Overflow) -> Subscriber {
        let room = Room { items: capacity, bytes: self.presence.limits.subscriber_bytes, overflow };
        Subscriber::new(self.presence.state().subscribe(room), Arc::clone(&self.presence.desk))
    }

    /// Takes the incoming requests of all kinds that the session [handles](crate::Config::handle). A session that is
    /// [built](SessionBuilder::handlers) with handlers needs no stream for them.
    ///
    /// # Errors
    /// [`IncomingError::AlreadyTaken`] if some of them are taken; [`IncomingError::NotHandled`] if the session handles no kind.
    pub fn incoming(&self) -> Result<IncomingRequests, IncomingError> {
        self.take_incoming(None)
    }

    /// Takes the incoming requests of those kinds.
    ///
    /// # Errors
    /// [`IncomingError::AlreadyTaken`] if some of them are taken; [`IncomingError::NotHandled`] if the session does not handle
    /// some of them.
    pub fn incoming_of(&self, kinds: IncomingKinds) -> Result<IncomingRequests, IncomingError> {
        self.take_incoming(Some(kinds))
    }

    fn take_incoming(&self, kinds: Option<IncomingKinds>) -> Result<IncomingRequests, IncomingError> {
        let inbox = self.presence.state().own(kinds)?;
        Ok(IncomingRequests::new(inbox, self.presence.shared()))
    }

    /// Waits until there is room, after a command was refused as [`Full`](crate::RefusedReason::Full); or until the session is over.
    pub async fn ready(&self) {
        self.presence.ready().await;
    }

    // Queries.

    /// The session's id, by which it can be resumed; none before the CLI has told it, which it does with the first turn.
    /// `/clear` changes it.
    #[must_use]
    pub fn session_id(&self) -> Option<Arc<str>> {
        self.presence.state().cli_session().map(|session| Arc::clone(&session.id))
    }

    /// Returns what the session is set to: its id, model, permission mode and compaction, as the CLI reported them last. `None` once the
    /// session is over.
    #[must_use]
    pub fn status(&self) -> Option<crate::protocol::SessionStatus> {
        self.presence.state().status()
    }

    /// Who the CLI is, as far as it has said.
    #[must_use]
    pub fn cli_session(&self) -> Option<crate::protocol::action::CliSession> {
        self.presence.state().cli_session().cloned()
    }

    /// The child's process id: none without a process, and none after the end.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.presence.state().process_id()
    }

    /// Returns the requests of the CLI that are open and were handed out, oldest first.
    ///
    /// Only their owner can answer them, by its [`IncomingRequest`]; this is for those who show them.
    #[must_use]
    pub fn open_incoming(&self) -> Vec<IncomingRequest> {
        self.presence.state().incoming()
    }

    /// Returns why the session is no longer recorded, if it was to be: see [`Driver::record`].
    ///
    /// The journal of a session with handles is written right after each input took effect, outside of the session's lock:
    /// its writer may call any handle. Should the host's process be killed, the last inputs can be missing.
    #[must_use]
    pub fn recording_error(&self) -> Option<RecordingError> {
        self.presence.state().report().stopped
    }

    /// Returns the first error of reading or writing, if there was one. The session reports its effect: the end of a stream.
    #[must_use]
    pub fn io_error(&self) -> Option<io::Error> {
        self.presence.state().report().io_error
    }

    /// Returns how many lines of the CLI were accounted for without an action.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.presence.state().report().counts
    }

    /// Whether the session is not over. It may be closing, and a child that hangs is alive: [`ping`](Self::ping) it.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.presence.closed().is_none()
    }

    /// How the session ended, once it has: why, the exit, the end of stderr, the last error.
    #[must_use]
    pub fn exit_status(&self) -> Option<SessionClosed> {
        self.presence.closed().cloned()
    }

    /// Waits until the session is over. Any number may wait; the future does not count as a handle.
    pub fn wait_for_exit(&self) -> impl Future<Output = SessionClosed> + Send + use<> {
        let shared = self.presence.shared();
        async move { shared.end().await }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is written to may be the host's code.
        let id = self.session_id();
        let mut debug = f.debug_struct("Session");
        debug.field("id", &id).field("closed", &self.presence.closed());
        if self.presence.desk.unpolled.is_unpolled() {
            debug.field("runner", &format_args!("has not been polled"));
        }
        debug.finish_non_exhaustive()
    }
}
