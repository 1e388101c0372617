//! What a [`Protocol`](crate::Protocol) is told once, at its start.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::base::ids::Seed;
use crate::incoming::{IncomingKind, IncomingKinds};
use crate::outgoing::prompt::WhenBusy;

/// The settings of one session.
///
/// The core has no default, as two sessions with one seed would give their prompts the same UUIDs: [`Config::new`] takes the
/// seed. With the feature `driver` there is `Config::default()`, which draws a random seed.
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
    /// Where the session's ids come from.
    pub seed: Seed,
    /// What becomes of a prompt that is given while another runs; a [`Prompt`](crate::Prompt) may say otherwise.
    pub when_busy: WhenBusy,
    /// The incoming requests that the host takes [as its own](Config::handle). All others are declined at once, each in its safe way.
    pub handled: IncomingKinds,
    /// What becomes of an incoming request of a kind that this version of the crate does not know.
    pub unknown_incoming: UnknownIncoming,
    /// What is on the other end. The ready-made transports set it by themselves: a child process, or two streams.
    pub transport: TransportKind,
    /// What [`close`](crate::Protocol::close) waits for.
    pub close_when: CloseWhen,
    /// Whether the process group gets one kill when the child has ended, for what it left running. On by default.
    pub kill_group: bool,
    /// Reports each line of the CLI's stderr as it comes, as [`Action::StderrLine`](crate::Action::StderrLine).
    /// Off by default. The end of stderr is kept in any case.
    #[serde(default)]
    pub stderr_lines: bool,
    /// Reports each line of the protocol, in both directions, as [`Action::WireLine`](crate::Action::WireLine):
    /// also those that have no other action. Off by default, as each line is copied once more.
    #[serde(default)]
    pub wire_lines: bool,
    /// How much is held at most.
    pub limits: Limits,
    /// How long is waited at most.
    pub timeouts: Timeouts,
}

impl Config {
    /// The default settings: prompts queue, every incoming request is declined, a child process, the default limits.
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

    /// Takes a kind of ask as the host's own: it arrives as [`IncomingRequest`](crate::Action::IncomingRequest), and the host owes it an
    /// [`response`](crate::Protocol::respond). An incoming request that nobody owns is declined, so that nothing is granted by neglect.
    #[must_use]
    pub fn handle(mut self, kind: IncomingKind) -> Self {
        self.handled = self.handled.with(kind);
        if kind == IncomingKind::Unknown {
            self.unknown_incoming = UnknownIncoming::Deliver;
        }
        self
    }

    /// Returns the kinds of incoming requests that come to the host.
    pub(crate) fn delivered(&self) -> IncomingKinds {
        match self.unknown_incoming {
            UnknownIncoming::Deliver => self.handled.with(IncomingKind::Unknown),
            UnknownIncoming::Decline => self.handled,
        }
    }
}

/// What becomes of an incoming request of an unknown kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum UnknownIncoming {
    /// It gets an error reply and is reported.
    #[default]
    Decline,
    /// It is handed over as [`IncomingKind::Unknown`].
    Deliver,
}

/// What is on the other end of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TransportKind {
    /// A process: it has a stderr, an exit status, and takes signals.
    #[default]
    Process,
    /// Two byte streams, as of a socket: the end of the incoming one is the end of the session.
    Streams,
}

/// What [`close`](crate::Protocol::close) waits for before it closes stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CloseWhen {
    /// The running turn, the prompts that the CLI has, and the answers that the host owes it.
    #[default]
    TurnEnded,
    /// Also background work and the turns that it will cause: all that [`Idle`](crate::Action::Idle) counts.
    Idle,
}

/// What is held at most. Sizes are in bytes.
///
/// What a session holds is bounded by [`line`](Limits::line) for the line that is arriving, plus
/// [`unread`](Limits::unread) (after the exit [`unread_after_exit`](Limits::unread_after_exit)) and the lines of one chunk
/// for actions, plus [`unsent_hard`](Limits::unsent_hard) for queued prompts and as much for what waits to be written,
/// plus [`open_incoming_bytes`](Limits::open_incoming_bytes), plus [`stderr_tail`](Limits::stderr_tail), [`stderr_line`](Limits::stderr_line) and
/// [`rejected_tail`](Limits::rejected_tail), and small entries for at most the counted things.
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
    /// The longest line that is taken; a longer one is dropped whole and [rejected](crate::Action::RejectedLine). 64 MiB;
    /// more than 4 GiB counts as that.
    #[serde(deserialize_with = "size")]
    pub line: usize,
    /// Bytes of unread actions beyond which [`wants_read`](crate::Protocol::wants_read) is false. 1 MiB.
    #[serde(deserialize_with = "size")]
    pub unread: usize,
    /// Bytes of unread actions beyond which [`wants_read`](crate::Protocol::wants_read) is false once the child has exited,
    /// if that is more than [`unread`](Limits::unread). What is left in the pipe is read although the host lags behind;
    /// a process that the child left running, and that goes on writing, fills no more than this. 4 MiB.
    #[serde(deserialize_with = "size")]
    pub unread_after_exit: usize,
    /// Bytes that wait to be written beyond which prompts and requests are refused as [full](crate::RefusedReason::Full).
    /// Queued prompts count for further prompts, and not for requests, which overtake them. A prompt longer than that is
    /// still taken when nothing waits. Interrupts, cancellations and answers are bounded by
    /// [`unsent_hard`](Limits::unsent_hard) alone. 4 MiB.
    #[serde(deserialize_with = "size")]
    pub unsent: usize,
    /// Bytes that wait to be written beyond which the session [aborts](crate::CloseReason::Overrun): a child that asks
    /// and never reads. No command of the host brings that about: what would exceed it is refused as
    /// [full](crate::RefusedReason::Full), or as [too long](crate::RefusedReason::TooLong), and a queued prompt or a cancellation
    /// waits until enough was written. 256 MiB.
    #[serde(deserialize_with = "size")]
    pub unsent_hard: usize,
    /// Prompts that are not yet ended. 1,024; 0 counts as 1.
    #[serde(deserialize_with = "size")]
    pub open_prompts: usize,
    /// Requests of the host without a reply. Interrupts and cancellations are counted apart from other requests, up to
    /// the same number, so that other requests never leave them without room. 1,024; 0 counts as 1.
    #[serde(deserialize_with = "size")]
    pub open_requests: usize,
    /// Incoming requests without an answer; one more is declined. 1,024.
    #[serde(deserialize_with = "size")]
    pub open_incoming: usize,
    /// Bytes of the lines of incoming requests without an answer; an incoming request that would exceed them is declined. 128 MiB.
    #[serde(deserialize_with = "size")]
    pub open_incoming_bytes: usize,
    /// How much of the end of stderr is kept for errors and the end of the session. 16 KiB.
    #[serde(deserialize_with = "size")]
    pub stderr_tail: usize,
    /// Bytes of one [line of stderr](crate::StderrLine). Of a longer line, the rest is counted and left out. 16 KiB.
    #[serde(default = "stderr_line", deserialize_with = "size")]
    pub stderr_line: usize,
    /// How much of a rejected line is shown, and of what was dropped of a damaged one. 256.
    #[serde(deserialize_with = "size")]
    pub rejected_head: usize,
    /// How much of the last rejected lines is kept for the [end of the session](crate::SessionClosed::rejected_tail). 4 KiB.
    #[serde(default = "rejected_tail", deserialize_with = "size")]
    pub rejected_tail: usize,
}

fn stderr_line() -> usize {
    16 * 1024
}

fn rejected_tail() -> usize {
    4 * 1024
}

/// A size that was written on a machine with larger ones: no more than all can be held here.
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

/// How long is waited at most. `None` waits for ever; the shutdown graces cannot be off. What the session asks by
/// itself, to [cancel](crate::Protocol::cancel) a prompt or to follow up an interrupt, is then waited for as long as by
/// default.
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
/// pair.run_until(|action| matches!(action, Action::DeadlineExceeded { deadline: Deadline::Stall, .. }));
/// assert!(pair.now() >= SessionTime::from(Duration::from_secs(90))); // reported; what to do about it is the host's
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Timeouts {
    /// For the reply to `initialize`; the CLI starts MCP servers and hooks meanwhile. 60 s.
    pub initialize: Option<Duration>,
    /// For the reply to any other request: versions up to 2.1.39 never answer an unknown one. 60 s.
    pub request: Option<Duration>,
    /// For the acknowledgement of an interrupt. 10 s.
    pub interrupt: Option<Duration>,
    /// For a turn, from its start: [`DeadlineExceeded`](crate::Action::DeadlineExceeded) is reported. Off.
    pub turn: Option<Duration>,
    /// For a prompt, from its write to its end, if [`Prompt::time_limit`](crate::Prompt::time_limit) sets none. Off.
    pub prompt: Option<Duration>,
    /// For a prompt to end that was interrupted because its time limit passed; see
    /// [`Prompt::time_limit`](crate::Prompt::time_limit). At most [`Timeouts::LONGEST_GRACE`]. 10 s.
    pub prompt_grace: Duration,
    /// For the result of a turn that is over, as the CLI's other lines say; its prompts are then
    /// [`LostReason::NoResult`](crate::LostReason::NoResult). 10 s.
    ///
    /// The time counts from the last byte, or the last answer of the host, and not while an incoming request is open. A `keep_alive` does
    /// not count. The CLI reports the end of a turn by `command_lifecycle` `completed` and `session_state_changed` `idle`
    /// ([`Options::session_state`](crate::options::Options::session_state)). So does the receipt of an interrupt, for prompts
    /// that it does not list as still queued. What the CLI begins after it takes it back. CLIs before 2.1.206 report nothing
    /// of the kind: set a [time limit](Self::prompt) there.
    pub missing_result: Option<Duration>,
    /// For the CLI to write something while it owes something: [`DeadlineExceeded`](crate::Action::DeadlineExceeded) is reported. Off.
    ///
    /// The time counts from the last byte, or from the moment when the CLI came to owe something, whichever is later. A
    /// `keep_alive` does not count. The CLI owes something while a prompt, a turn, a request of the host or background work
    /// is open; while an incoming request is open, the host owes an answer, and only an open request of the host counts. A stall is
    /// reported once; the time counts again from the next byte, or from the next prompt, request, interrupt or answer of
    /// the host. The report has the [reason](crate::WaitReason) for which the session waits: the model, a tool, ...
    pub stall: Option<Duration>,
    /// For the end, step by step. Each is at most [`Timeouts::LONGEST_GRACE`].
    pub shutdown: ShutdownTimeouts,
}

impl Timeouts {
    /// The longest that any one step of the end may take: an hour.
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

/// The steps of the end and their patience; see [`Protocol::close`](crate::Protocol::close), and
/// [`guide::ending`](crate::guide::ending) for a child that does not obey. A step is over as soon as what it waits for is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShutdownTimeouts {
    /// For the running turn to end, and our output to be written, before stdin is closed, or the turn is stopped first. 120 s.
    pub turn: Duration,
    /// For the child to end by itself once its stdin is closed, before it is asked to terminate. 10 s.
    pub exit: Duration,
    /// For the child to obey, before it is killed. 5 s.
    pub terminate: Duration,
    /// For the pipes' ends after the exit, for the exit after the pipes' ends, and for both after a kill; and for a turn
    /// that a [close](crate::Protocol::close) has stopped to end. 2 s.
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
