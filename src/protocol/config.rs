//! Settings of a [`Protocol`](crate::Protocol), fixed when it is created.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::base::ids::Seed;
use crate::incoming::{IncomingKind, IncomingKinds};
use crate::outgoing::prompt::WhenBusy;

/// Settings of one session.
///
/// The core has no default seed: two sessions with the same seed would give their prompts the same UUIDs.
/// [`Config::new`] therefore takes the seed. With the feature `driver`, `Config::default()` draws a random seed.
///
/// ```
/// use claude_duplex::{Config, IncomingKind, Seed, WhenBusy};
///
/// let mut config = Config::new(Seed::from_bytes(*b"from the system!"))
///     .handle(IncomingKind::Permission);
/// config.when_busy = WhenBusy::Reject;
/// config.timeouts.stall = Some(std::time::Duration::from_secs(300));
/// config.limits.line = 8 * 1024 * 1024;
/// assert!(
///     config.handled.contains(IncomingKind::Permission)
///         && !config.handled.contains(IncomingKind::Hook)
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Config {
    /// Source of the session's ids.
    pub seed: Seed,
    /// Treatment of a prompt that is sent during a turn. A [`Prompt`](crate::Prompt) can override it.
    pub when_busy: WhenBusy,
    /// Kinds of incoming requests that the [host handles](Config::handle). Requests of all other kinds are
    /// declined at once, with the response that is safe for the kind.
    pub handled: IncomingKinds,
    /// Treatment of incoming requests of a kind that this version of the crate does not know.
    pub unknown_incoming: UnknownIncoming,
    /// Other end of the byte streams: a child process, or two streams. The ready-made transports set this field.
    pub transport: TransportKind,
    /// Condition that [`close`](crate::Protocol::close) waits for.
    pub close_when: CloseWhen,
    /// `true` if the process group is killed once after the child has exited, to end processes that the child
    /// left running. On by default.
    pub kill_group: bool,
    /// `true` if each line of the CLI's stderr is reported as an
    /// [`Action::StderrLine`](crate::Action::StderrLine). Off by default. The end of stderr is kept in any case.
    #[serde(default)]
    pub stderr_lines: bool,
    /// `true` if each line of the protocol, in both directions, is reported as an
    /// [`Action::WireLine`](crate::Action::WireLine), including lines that have no other action. Off by default,
    /// because each line is copied once more.
    #[serde(default)]
    pub wire_lines: bool,
    /// Maximum sizes and counts.
    pub limits: Limits,
    /// Maximum waiting times.
    pub timeouts: Timeouts,
}

impl Config {
    /// Creates the default settings: prompts queue, every incoming request is declined, the other end is a child
    /// process, and all limits and timeouts have their defaults.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self {
            seed,
            when_busy: WhenBusy::Queue,
            handled: IncomingKinds::NONE,
            unknown_incoming: UnknownIncoming::Decline,
            transport: TransportKind::Process,
            close_when: CloseWhen::TurnEnded,
            kill_group: true,
            stderr_lines: false,
            wire_lines: false,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
        }
    }

    /// Lets the host handle incoming requests of this kind. Each one arrives as an
    /// [`IncomingRequest`](crate::Action::IncomingRequest), and the host must [respond](crate::Protocol::respond)
    /// to it. Requests of kinds that the host does not handle are declined.
    #[must_use]
    pub fn handle(mut self, kind: IncomingKind) -> Self {
        self.handled = self.handled.with(kind);
        if kind == IncomingKind::Unknown {
            self.unknown_incoming = UnknownIncoming::Deliver;
        }
        self
    }

    /// Returns the kinds of incoming requests that are delivered to the host.
    pub(crate) fn delivered(&self) -> IncomingKinds {
        match self.unknown_incoming {
            UnknownIncoming::Deliver => self.handled.with(IncomingKind::Unknown),
            UnknownIncoming::Decline => self.handled,
        }
    }
}

/// Treatment of an incoming request of an unknown kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum UnknownIncoming {
    /// The request gets an error response and is reported.
    #[default]
    Decline,
    /// The request is delivered as [`IncomingKind::Unknown`].
    Deliver,
}

/// Other end of the byte streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TransportKind {
    /// A process, which has stderr and an exit status, and can receive signals.
    #[default]
    Process,
    /// Two byte streams, e.g. of a socket. The session ends at the end of the incoming stream.
    Streams,
}

/// Condition that [`close`](crate::Protocol::close) waits for before it closes stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CloseWhen {
    /// The running turn and the prompts that were written to the CLI have ended, and the host has responded to
    /// every incoming request.
    #[default]
    TurnEnded,
    /// The condition of `TurnEnded` is met, and background work and the turns that it causes have ended: the session is
    /// [idle](crate::Action::Idle).
    Idle,
}

/// Maximum sizes, in bytes, and maximum counts.
///
/// The memory of a session is bounded by the sum of:
///
/// * [`line`](Limits::line), for the line that is being received;
/// * [`unread`](Limits::unread), or [`unread_after_exit`](Limits::unread_after_exit) after the exit, plus the
///   lines of one chunk, for actions;
/// * twice [`unsent_hard`](Limits::unsent_hard), for queued prompts and for unsent bytes;
/// * [`open_incoming_bytes`](Limits::open_incoming_bytes), [`stderr_tail`](Limits::stderr_tail),
///   [`stderr_line`](Limits::stderr_line) and [`rejected_tail`](Limits::rejected_tail);
/// * a small entry for each prompt and request that is counted.
///
/// ```
/// use claude_duplex::testing::{Script, TestSession};
/// use claude_duplex::{Action, Config, Prompt, RefusedReason, Seed};
///
/// let mut config = Config::new(Seed::from_bytes([1; 16]));
/// config.limits.open_prompts = 1;
/// let mut pair = TestSession::new(config, Script::default());
/// pair.prompt("first");
/// let refused = pair.host.prompt(pair.now(), Prompt::text("second")).unwrap_err();
/// assert_eq!(refused.reason(), RefusedReason::Full);
/// pair.run_until(|action| matches!(action, Action::CapacityAvailable));
/// pair.prompt(refused.into_inner()); // the prompt came back unharmed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum length of a line, in bytes. A longer line is dropped and [rejected](crate::Action::RejectedLine).
    /// Default: 64 MiB; at most 4 GiB.
    #[serde(deserialize_with = "size")]
    pub line: usize,
    /// Bytes of unread actions beyond which [`wants_read`](crate::Protocol::wants_read) returns `false`. Default:
    /// 1 MiB.
    #[serde(deserialize_with = "size")]
    pub unread: usize,
    /// Bytes of unread actions beyond which [`wants_read`](crate::Protocol::wants_read) returns `false` after the
    /// child has exited, if more than [`unread`](Limits::unread). The rest of the pipe is thus read even if the
    /// host is slow. A process that the child left running cannot fill more than this limit. Default: 4 MiB.
    #[serde(deserialize_with = "size")]
    pub unread_after_exit: usize,
    /// Unsent bytes beyond which prompts and requests are refused as [full](crate::RefusedReason::Full). Queued
    /// prompts count for further prompts, but not for requests, which are sent before them. A longer prompt is
    /// accepted if nothing is unsent. Interrupts, cancellations and responses are limited by
    /// [`unsent_hard`](Limits::unsent_hard) alone. Default: 4 MiB.
    #[serde(deserialize_with = "size")]
    pub unsent: usize,
    /// Unsent bytes beyond which the session [aborts](crate::CloseReason::Overrun), e.g. if the CLI sends
    /// requests and never reads the responses. Commands of the host never exceed this limit: they are refused as
    /// [full](crate::RefusedReason::Full) or [too long](crate::RefusedReason::TooLong). A queued prompt or a
    /// cancellation waits until enough bytes are sent. Default: 256 MiB.
    #[serde(deserialize_with = "size")]
    pub unsent_hard: usize,
    /// Maximum number of prompts that have not ended. Default: 1,024; 0 counts as 1.
    #[serde(deserialize_with = "size")]
    pub open_prompts: usize,
    /// Maximum number of requests of the host without a response. Interrupts and cancellations are counted
    /// separately, up to the same number, so other requests never block them. Default: 1,024; 0 counts as 1.
    #[serde(deserialize_with = "size")]
    pub open_requests: usize,
    /// Maximum number of incoming requests without a response. Further ones are declined. Default: 1,024.
    #[serde(deserialize_with = "size")]
    pub open_incoming: usize,
    /// Maximum total length of the lines of incoming requests without a response, in bytes. A request that would
    /// exceed it is declined. Default: 128 MiB.
    #[serde(deserialize_with = "size")]
    pub open_incoming_bytes: usize,
    /// Bytes that are kept of the end of stderr, for errors and the end of the session. Default: 16 KiB.
    #[serde(deserialize_with = "size")]
    pub stderr_tail: usize,
    /// Maximum length of one [line of stderr](crate::StderrLine), in bytes. The rest of a longer line is counted
    /// and dropped. Default: 16 KiB.
    #[serde(default = "stderr_line", deserialize_with = "size")]
    pub stderr_line: usize,
    /// Bytes that are reported of a rejected line, and of the dropped part of a damaged line. Default: 256.
    #[serde(deserialize_with = "size")]
    pub rejected_head: usize,
    /// Bytes that are kept of the last rejected lines, for the [end of the
    /// session](crate::SessionClosed::rejected_tail). Default: 4 KiB.
    #[serde(default = "rejected_tail", deserialize_with = "size")]
    pub rejected_tail: usize,
}

fn stderr_line() -> usize {
    16 * 1024
}

fn rejected_tail() -> usize {
    4 * 1024
}

/// Reads a size. A size that exceeds `usize`, written on a machine with larger integers, is read as the maximum.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    u64::deserialize(deserializer).map(|size| usize::try_from(size).unwrap_or(usize::MAX))
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            line: 64 * MIB,
            unread: MIB,
            unread_after_exit: 4 * MIB,
            unsent: 4 * MIB,
            unsent_hard: 256 * MIB,
            open_prompts: 1024,
            open_requests: 1024,
            open_incoming: 1024,
            open_incoming_bytes: 128 * MIB,
            stderr_tail: 16 * 1024,
            stderr_line: stderr_line(),
            rejected_head: 256,
            rejected_tail: rejected_tail(),
        }
    }
}

/// Maximum waiting times. `None` waits forever; the timeouts of the shutdown cannot be disabled.
///
/// The session sends requests of its own to [cancel](crate::Protocol::cancel) a prompt, and to repeat an
/// interrupt. For these requests, a timeout of `None` means the default timeout.
///
/// ```
/// use claude_duplex::testing::{Fault, TestSession, Script};
/// use claude_duplex::{Action, Config, Deadline, Seed, SessionTime};
/// use std::time::Duration;
///
/// let mut config = Config::new(Seed::from_bytes([1; 16]));
/// config.timeouts.stall = Some(Duration::from_secs(90));
/// let mut pair = TestSession::new(config, Script::default().fault(Fault::Silent));
/// pair.prompt("hello?");
/// pair.run_until(|action| {
///     matches!(action, Action::DeadlineExceeded { deadline: Deadline::Stall, .. })
/// });
/// // The session only reports the stall; the host decides what to do.
/// assert!(pair.now() >= SessionTime::from(Duration::from_secs(90)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Timeouts {
    /// Time for the response to `initialize`, during which the CLI starts MCP servers and hooks. Default: 60 s.
    pub initialize: Option<Duration>,
    /// Time for the response to any other request. Before 2.1.40 the CLI never responds to an unknown request.
    /// Default: 60 s.
    pub request: Option<Duration>,
    /// Time for the acknowledgment of an interrupt. Default: 10 s.
    pub interrupt: Option<Duration>,
    /// Time for a turn, from its start. A longer turn is reported as a
    /// [`DeadlineExceeded`](crate::Action::DeadlineExceeded). Off by default.
    pub turn: Option<Duration>,
    /// Time for a prompt, from the write to the end, if [`Prompt::time_limit`](crate::Prompt::time_limit) is not
    /// set. Off by default.
    pub prompt: Option<Duration>,
    /// Time for a prompt to end after the interrupt that follows its [time limit](crate::Prompt::time_limit). At
    /// most [`Timeouts::LONGEST_GRACE`]. Default: 10 s.
    pub prompt_grace: Duration,
    /// Time for the missing result of a turn that has ended according to other lines of the CLI. After it, the
    /// prompts of the turn end as [`LostReason::NoResult`](crate::LostReason::NoResult). Default: 10 s.
    ///
    /// The time counts from the last byte received or the last response of the host, and not while an incoming
    /// request is open. A `keep_alive` does not count. The CLI reports the end of a turn by `command_lifecycle`
    /// `completed` and by `session_state_changed` `idle`
    /// ([`Options::session_state`](crate::options::Options::session_state)). The receipt of an interrupt reports
    /// it for prompts that it does not list as queued. If the CLI begins something afterwards, the turn has not
    /// ended. CLIs before 2.1.206 report none of this: set a [time limit](Self::prompt) there.
    pub missing_result: Option<Duration>,
    /// Time for the CLI to write something while work is pending. A longer silence is reported as a
    /// [`DeadlineExceeded`](crate::Action::DeadlineExceeded). Off by default.
    ///
    /// The time counts from the last byte received, or from the moment when work became pending, whichever is
    /// later. A `keep_alive` does not count. Work is pending while a prompt, a turn, a request of the host or
    /// background work is open. While an incoming request is open, the CLI waits for the host, so only an open
    /// request of the host counts.
    ///
    /// A stall is reported once. The time counts again from the next byte, or from the next prompt, request,
    /// interrupt or response of the host. The report contains the [reason](crate::WaitReason) for which the
    /// session waits, e.g. the model or a tool.
    pub stall: Option<Duration>,
    /// Timeouts of the steps of the shutdown. Each is at most [`Timeouts::LONGEST_GRACE`].
    pub shutdown: ShutdownTimeouts,
}

impl Timeouts {
    /// Maximum duration of one step of the shutdown: one hour.
    pub const LONGEST_GRACE: Duration = Duration::from_secs(3600);
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            initialize: Some(Duration::from_secs(60)),
            request: Some(Duration::from_secs(60)),
            interrupt: Some(Duration::from_secs(10)),
            turn: None,
            prompt: None,
            prompt_grace: Duration::from_secs(10),
            missing_result: Some(Duration::from_secs(10)),
            stall: None,
            shutdown: ShutdownTimeouts::default(),
        }
    }
}

/// Timeouts of the steps of the shutdown, which [`Protocol::close`](crate::Protocol::close) begins. A step ends
/// as soon as its condition is met. [`guide::ending`](crate::guide::ending) describes a child that does not
/// react.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShutdownTimeouts {
    /// Time for the running turn to end and for unsent bytes to be written. After this time stdin is closed. If hooks or open
    /// requests guard the turn, it is interrupted before. Default: 120 s.
    pub turn: Duration,
    /// Time for the child to exit after its stdin is closed, before it is asked to terminate. Default: 10 s.
    pub exit: Duration,
    /// Time for the child to exit after it was asked to terminate, before it is killed. Default: 5 s.
    pub terminate: Duration,
    /// Time for the ends of the pipes after the exit, for the exit after the ends of the pipes, and for both
    /// after a kill. Also the time for a turn to end after a [close](crate::Protocol::close) has interrupted it.
    /// Default: 2 s.
    pub pipes: Duration,
}

impl Default for ShutdownTimeouts {
    fn default() -> Self {
        Self {
            turn: Duration::from_secs(120),
            exit: Duration::from_secs(10),
            terminate: Duration::from_secs(5),
            pipes: Duration::from_secs(2),
        }
    }
}
