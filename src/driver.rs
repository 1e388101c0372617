//! The async loop: drives a [`Protocol`] on a [`Transport`].

#[cfg(feature = "session")]
pub(crate) mod awaited;
#[cfg(feature = "smol")]
mod blocking;
mod clock;
mod commands;
mod finish;
#[cfg(feature = "session")]
mod for_handles;
mod host_calls;
mod record;
mod resume;
mod rounds;
mod scratch;
#[cfg(any(unix, windows))]
mod seed;
#[cfg(feature = "session")]
pub(crate) mod sync;
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
use crate::journal::RecordingError;
use crate::protocol::action::Action;
#[cfg(any(feature = "smol", feature = "tokio"))]
use crate::protocol::advice::Advice;
use crate::protocol::config::Config;
use crate::protocol::input::Input;
use crate::protocol::{Offsets, Protocol};
#[cfg(feature = "tracing")]
use crate::trace::Tracer;

use clock::Clock;
#[cfg(feature = "session")]
pub(crate) use host_calls::{HostCalls, Waiting};
use record::Record;
pub use resume::ResumeError;
#[cfg(any(feature = "smol", feature = "tokio"))]
pub use transport::VersionError;
#[cfg(feature = "smol")]
pub use transport::smol;
#[cfg(feature = "tokio")]
pub use transport::tokio;
pub use transport::{ChildPipes, ChildProcess, SpawnError, Transport};
#[cfg(not(feature = "tracing"))]
use untraced::Tracer;

/// Maximum number of rounds of one poll, and of reads or writes within a round. Afterwards other tasks run.
const ROUNDS: usize = 16;

/// Number of actions that are returned without a pause before other tasks run. A child that writes without end must not
/// prevent a timer that is polled in the same task from firing.
const BURST: u32 = 256;

/// Time for which queued actions are returned without polling the child in between.
const BREATH: Duration = Duration::from_millis(1);

/// A session with a child process, driven by the task that waits for the next action.
///
/// All I/O happens in [`next`](Self::next) (or [`poll_next`](Self::poll_next)). A host calls it until it returns `None`, and
/// sends its commands between two calls. The lines of a command are written before the next action is returned, as far as the
/// child reads them. Between calls nothing is read, so the child blocks when its pipes are full.
///
/// Dropping the driver drops the transport, which ends the child. Every future of the driver can be dropped at any time
/// without losing an action.
///
/// This example runs on the mock CLI. For a child process the driver is created by `smol::spawn` or `tokio::spawn`.
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
/// let runtime = TestRuntime::new();
/// let script = Script::default().then([
///     Step::from(ToolStep::bash("rm -r /").requires_permission()),
///     Step::text("as you wish"),
/// ]);
/// let config =
///     Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
/// let mut claude = Driver::new(config, runtime.start(script));
/// claude.prompt("clean up").unwrap();
/// assert_eq!(runtime.run(deny_everything(&mut claude)), 1);
/// ```
#[must_use = "a driver does nothing unless it is polled, and ends the child when it is dropped"]
pub struct Driver<T> {
    protocol: Protocol,
    record: Record,
    transport: T,
    clock: Clock,
    /// Number of bytes of stdin that the other side had received before the session was resumed, and that are not reported yet.
    taken: usize,
    stdin: Stdin,
    /// `true` if bytes were written and not flushed yet.
    unflushed: bool,
    stdout_ended: bool,
    stderr_ended: bool,
    exited: bool,
    last_round: SessionTime,
    burst: u32,
    /// Time until which stdout is not read, unless output is needed that arrives only there.
    held: Option<SessionTime>,
    /// `true` if stdout was read in the meantime because a deadline was due.
    overread: bool,
    /// Positions up to which the inputs are in a required journal, as far as the transport knows.
    acknowledged: Offsets,
    io_error: Option<io::Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stdin {
    Open,
    /// Nothing more can be written to stdin, which is still to be closed.
    Failed,
    Closing,
    Closed,
}

impl<T: Transport> Driver<T> {
    /// Creates a session with a child that was just started.
    pub fn new(config: Config, transport: T) -> Self {
        let now = transport.now();
        Self::on(Protocol::new(config, now), transport)
    }

    /// Creates the driver of a session that continues at the time of the transport.
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

    /// Records the session in a [`Journal`](crate::Journal) of at most `cap` bytes. Call this before any command and before
    /// the first [`next`](Self::next).
    ///
    /// The journal is a full record, as private as the session; see [`journal`](crate::journal). Each input is written before
    /// it takes effect, in the task that polls the driver or sends the command. A slow writer therefore slows the session
    /// down. A failing writer does not affect the session; [`recording_error`](Self::recording_error) returns the error.
    ///
    /// ```no_run
    /// # use claude_duplex::{Driver, Transport};
    /// # fn record(claude: Driver<impl Transport>) -> std::io::Result<()> {
    /// let file = claude_duplex::Journal::create("session.journal")?;
    /// let claude = claude.record(file, 64 * 1024 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    pub fn record(mut self, writer: impl Write + Send + Sync + 'static, cap: u64) -> Self {
        self.record.start(&self.protocol, Box::new(writer), cap);
        self
    }

    /// Waits for the next action. Returns `None` after [`SessionClosed`](Action::Closed).
    ///
    /// The future can be dropped at any time: no action is lost, and the next call continues.
    pub async fn next(&mut self) -> Option<Action> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Polls for the next action, as [`next`](Self::next) does. The task that polled last is woken when there may be an
    /// action.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        self.push(cx);
        if self.record.is_suspended() {
            return Poll::Ready(self.pop());
        }
        if self.burst >= BURST {
            return self.pause(cx);
        }
        // Polling the transport before every action of a flood would cost more than the actions.
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

    // Queries.

    /// Returns the state machine of the session, for its queries.
    #[must_use]
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// Returns the transport of the driver.
    #[must_use]
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Returns the first error of reading or writing, if there was one. The session reports the effect: the end of a stream.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        self.io_error.as_ref()
    }

    /// Returns the reason why the [recording](Self::record) stopped, if it did: the cap, an error of the writer, or a
    /// recording that began too late.
    #[must_use]
    pub fn recording_error(&self) -> Option<&RecordingError> {
        self.record.stopped()
    }

    /// Returns the [trace](crate::trace) of the session, for its spans (feature `tracing`).
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.record.tracer
    }

    /// Traces advice about the options that the child was started with.
    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub(crate) fn advise(&mut self, advice: &[Advice]) {
        advice.iter().for_each(|advice| self.record.tracer.advice(advice));
    }

    /// Passes an input to the session at the current time.
    fn apply(&mut self, input: Input<'_>) {
        let now = self.now();
        self.record.apply(&mut self.protocol, now, input);
    }

    /// Returns the session's time.
    pub(crate) fn now(&self) -> SessionTime {
        self.clock.session(self.transport.now())
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

/// A stream of the actions, which ends after [`SessionClosed`](Action::Closed).
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
