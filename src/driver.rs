//! The one async loop: a [`Protocol`] on a [`Transport`].

mod aside;
#[cfg(feature = "session")]
pub(crate) mod awaited;
#[cfg(feature = "smol")]
mod blocking;
mod clock;
mod commands;
mod record;
mod resume;
mod rounds;
mod scratch;
#[cfg(any(unix, windows))]
mod seed;
pub(crate) mod transport;
#[cfg(not(feature = "tracing"))]
mod untraced;

use std::fmt;
use std::future::poll_fn;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_lite::Stream;

use crate::base::time::SessionTime;
use crate::incoming::{IncomingRequest, IncomingResponse};
use crate::journal::RecordingError;
use crate::protocol::action::Action;
#[cfg(any(feature = "smol", feature = "tokio"))]
use crate::protocol::advice::Advice;
use crate::protocol::config::Config;
use crate::protocol::end::SessionClosed;
use crate::protocol::input::Input;
use crate::protocol::{Offsets, Protocol};
#[cfg(feature = "tracing")]
use crate::trace::Tracer;

#[cfg(feature = "session")]
pub(crate) use aside::{Aside, Waiting};
use clock::Clock;
use record::Record;
pub use resume::ResumeError;
#[cfg(any(feature = "smol", feature = "tokio"))]
pub use transport::SpawnError;
pub use transport::Transport;
#[cfg(any(feature = "smol", feature = "tokio"))]
pub use transport::VersionError;
#[cfg(feature = "smol")]
pub use transport::smol;
#[cfg(feature = "tokio")]
pub use transport::tokio;
#[cfg(not(feature = "tracing"))]
use untraced::Tracer;

/// How often a poll goes round, and reads or writes within a round, before the other tasks have their turn.
const ROUNDS: usize = 16;

/// How many actions are handed out without a pause before the other tasks have their turn: a child that never stops
/// talking must not keep a timer beside the driver from running out.
const BURST: u32 = 256;

/// How long queued actions are handed out without a look at the child between them.
const BREATH: Duration = Duration::from_millis(1);

/// A session with a child, driven by whoever waits for its next action.
///
/// Nothing moves but in [`next`](Self::next) (or [`poll_next`](Self::poll_next)): a host calls it until it gives `None`,
/// and gives its commands between two calls. What a command writes is written before the next action is handed out, as
/// far as the child reads it. While no one calls, nothing is read, and the child stops when its pipes are full.
///
/// Dropping the driver drops the transport, which ends the child. Every future of it can be dropped at any time: what has
/// happened is in the driver.
///
/// This one runs on the mock CLI; on a child it is made by `smol::spawn` or `tokio::spawn`.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
/// use claude_duplex::{
///     Action, Config, Decision, Driver, IncomingKind, Seed, Transport,
/// };
///
/// async fn deny_everything(claude: &mut Driver<impl Transport>) -> usize {
///     let mut denied = 0;
///     while let Some(action) = claude.next().await {
///         match action {
///             Action::IncomingRequest(ask) => {
///                 denied += usize::from(
///                     claude.respond(ask.id(), Decision::deny("no")).is_ok(),
///                 )
///             }
///             Action::Idle => claude.close(),
///             _ => {}
///         }
///     }
///     denied
/// }
///
/// let world = TestRuntime::new();
/// let script = Script::default().then([
///     Step::from(ToolStep::bash("rm -r /").requires_permission()),
///     Step::text("as you wish"),
/// ]);
/// let config =
///     Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
/// let mut claude = Driver::new(config, world.start(script));
/// claude.prompt("clean up").unwrap();
/// assert_eq!(world.run(deny_everything(&mut claude)), 1);
/// ```
#[must_use = "a driver does nothing unless it is asked for the next action, and ends the child when it is dropped"]
pub struct Driver<T> {
    protocol: Protocol,
    record: Record,
    transport: T,
    clock: Clock,
    /// Bytes that the other side had taken before the session was resumed, and that are not reported yet.
    taken: usize,
    stdin: Stdin,
    /// Something was written and not yet flushed.
    unflushed: bool,
    stdout_ended: bool,
    stderr_ended: bool,
    exited: bool,
    last_round: SessionTime,
    burst: u32,
    /// Stdout is not read until then, unless something only comes that way.
    held: Option<SessionTime>,
    /// Something was read since, as a deadline was due.
    overread: bool,
    /// Positions up to which the inputs are in a required journal, as far as the transport knows.
    acknowledged: Offsets,
    io_error: Option<io::Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stdin {
    Open,
    /// Nothing more can be written; it is still to be closed.
    Failed,
    Closing,
    Closed,
}

impl<T: Transport> Driver<T> {
    /// A session with a child that was just started.
    pub fn new(config: Config, transport: T) -> Self {
        let now = transport.now();
        Self::on(Protocol::new(config, now), transport)
    }

    /// A session that goes on at the transport's time.
    fn on(protocol: Protocol, transport: T) -> Self {
        let tracer = Tracer::new(protocol.config(), transport.process_id());
        let now = protocol.now();
        Self {
            clock: Clock::new(now, transport.now()),
            protocol,
            record: Record::new(tracer),
            transport,
            taken: 0,
            stdin: Stdin::Open,
            unflushed: false,
            stdout_ended: false,
            stderr_ended: false,
            exited: false,
            last_round: now,
            burst: 0,
            held: None,
            overread: false,
            acknowledged: Offsets::default(),
            io_error: None,
        }
    }

    /// Records the session in a [`Journal`](crate::Journal) of at most `cap` bytes, from its start: this comes before any
    /// command and before the first [`next`](Self::next).
    ///
    /// The journal is a full record, as private as the session; see [`journal`](crate::journal). Each input is written
    /// before it takes effect, in the task that polls the driver or gives the command, so a slow writer slows the
    /// session. One that fails does not disturb it: [`recording_error`](Self::recording_error) tells.
    ///
    /// ```no_run
    /// # fn record(claude: claude_duplex::Driver<impl claude_duplex::Transport>) -> std::io::Result<()> {
    /// let file = claude_duplex::Journal::create("session.journal")?;
    /// let claude = claude.record(file, 64 * 1024 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    pub fn record(mut self, writer: impl Write + Send + Sync + 'static, cap: u64) -> Self {
        self.record.start(&self.protocol, Box::new(writer), cap);
        self
    }

    /// What happened next; `None` after [`SessionClosed`](Action::Closed), and if a journal that is
    /// [required](Self::record_required) cannot be written.
    ///
    /// The future can be dropped at any time: what has happened by then is in the driver, and the next call goes on.
    pub async fn next(&mut self) -> Option<Action> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`next`](Self::next) for those who poll. The task that polled last is woken when there may be more.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        self.push(cx);
        if self.record.is_suspended() {
            return Poll::Ready(self.pop());
        }
        if self.burst >= BURST {
            return self.pause(cx);
        }
        // To ask the system before every action of a flood would cost more than the actions.
        if self.now().saturating_duration_since(self.last_round) < BREATH {
            if let Some(action) = self.pop() {
                return Poll::Ready(Some(action));
            }
        }
        for _ in 0..ROUNDS {
            let moved = self.round(cx);
            if let Some(action) = self.pop() {
                return Poll::Ready(Some(action));
            }
            if self.protocol.is_closed() || self.record.is_suspended() {
                return Poll::Ready(None);
            }
            if !moved && self.poll_timer(cx).is_pending() {
                self.burst = 0;
                return Poll::Pending;
            }
        }
        self.pause(cx)
    }

    /// Closes the session in order and drives it to its end. Actions on the way are dropped, and every request of the CLI
    /// that is open, whether it was handed out before or not, is [declined](IncomingResponse::Decline) in the way that is safe for
    /// its kind. Returns `None` if [`SessionClosed`](Action::Closed) was handed out before.
    ///
    /// Dropping the future leaves a session that is closing.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
    /// use claude_duplex::{Action, Config, Driver, IncomingKind, Seed, SessionTime};
    ///
    /// let world = TestRuntime::new();
    /// let script = Script::default().then([
    ///     Step::from(ToolStep::bash("rm -r /").requires_permission()),
    ///     Step::text("as you wish"),
    /// ]);
    /// let config =
    ///     Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
    /// let mut claude = Driver::new(config, world.start(script));
    /// claude.prompt("clean up").unwrap();
    /// world.run(async {
    ///     while !matches!(claude.next().await, Some(Action::IncomingRequest(_))) {}
    ///     // Nobody answers that request, and nobody waits for an answer either.
    ///     assert!(claude.finish().await.unwrap().exit.unwrap().is_success());
    /// });
    /// assert!(world.now() < SessionTime::from(std::time::Duration::from_secs(10)));
    /// ```
    pub async fn finish(&mut self) -> Option<SessionClosed> {
        self.close();
        poll_fn(|cx| {
            loop {
                self.decline_all();
                match self.poll_next(cx) {
                    Poll::Ready(Some(Action::Closed(closed))) => return Poll::Ready(Some(closed)),
                    Poll::Ready(Some(_)) => {}
                    Poll::Ready(None) => return Poll::Ready(None),
                    // What was written just now may have made room for a response.
                    Poll::Pending if self.decline_all() => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    // Queries.

    /// The session, to ask what it knows.
    #[must_use]
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// What it is driven on.
    #[must_use]
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// The first error of reading or writing, if there was one. The session tells its effect: the end of a stream.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        self.io_error.as_ref()
    }

    /// Why the session is no longer [recorded](Self::record), if that is so: the cap, an error of the writer, or because
    /// the recording was asked for too late.
    #[must_use]
    pub fn recording_error(&self) -> Option<&RecordingError> {
        self.record.stopped()
    }

    /// The session's [trace](crate::trace), for its spans (feature `tracing`).
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.record.tracer
    }

    /// Traces remarks on the options that the child was started with.
    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub(crate) fn advise(&mut self, advice: &[Advice]) {
        advice.iter().for_each(|advice| self.record.tracer.advice(advice));
    }

    /// What has happened and was not handed out, without a look at the child.
    #[cfg(feature = "session")]
    pub(crate) fn unread(&mut self) -> Option<Action> {
        self.pop()
    }

    /// Does not read stdout until then, as a reader cannot take more. It is read all the same while something comes that way
    /// that must not wait.
    #[cfg(feature = "session")]
    pub(crate) fn hold(&mut self, until: Option<SessionTime>) {
        self.held = until;
        self.overread &= until.is_some();
    }

    /// Returns whether stdout is read although it is [held](Self::hold).
    #[cfg(feature = "session")]
    pub(crate) fn reads_on(&self) -> bool {
        self.overread || self.protocol.awaits_output()
    }

    /// Has the host's code run aside: see [`Record::set_aside`].
    #[cfg(feature = "session")]
    pub(crate) fn set_aside(&mut self) -> Aside {
        self.record.set_aside()
    }

    /// Returns how much waits for the host's code.
    #[cfg(feature = "session")]
    pub(crate) fn waits(&self) -> usize {
        self.record.waits()
    }

    /// Takes what waits for the host's code.
    #[cfg(feature = "session")]
    pub(crate) fn take_waiting(&mut self) -> Waiting {
        self.record.take_waiting()
    }

    /// Notes that the journal could not be written.
    #[cfg(feature = "session")]
    pub(crate) fn recording_failed(&mut self, error: io::Error) {
        self.record.failed(error);
    }

    /// Tells the session something that happens now.
    fn tell(&mut self, input: Input<'_>) {
        self.record.tell(&mut self.protocol, self.clock.session(self.transport.now()), input);
    }

    /// Returns the session's time.
    pub(crate) fn now(&self) -> SessionTime {
        self.clock.session(self.transport.now())
    }

    /// Declines the open requests of the CLI, as far as there is room for the responses. Returns whether there was for one.
    fn decline_all(&mut self) -> bool {
        let open: Vec<_> = self.protocol.open_incoming().map(IncomingRequest::id).collect();
        open.into_iter().filter(|ask| self.respond(*ask, IncomingResponse::Decline).is_ok()).count() > 0
    }

    fn pop(&mut self) -> Option<Action> {
        let action = self.protocol.poll_action()?;
        self.record.action(&action);
        self.burst += 1;
        Some(action)
    }

    fn pause(&mut self, cx: &Context<'_>) -> Poll<Option<Action>> {
        self.burst = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The actions as a stream, which ends after [`SessionClosed`](Action::Closed).
impl<T: Transport + Unpin> Stream for Driver<T> {
    type Item = Action;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        self.get_mut().poll_next(cx)
    }
}

impl<T: fmt::Debug> fmt::Debug for Driver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("session", &self.protocol.session())
            .field("closed", &self.protocol.is_closed())
            .field("transport", &self.transport)
            .field("io_error", &self.io_error)
            .finish_non_exhaustive()
    }
}
