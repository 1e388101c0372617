//! What happened: the one ordered queue that a [`Protocol`](crate::Protocol) gives out.

mod json;
mod wait;

pub use wait::WaitReason;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::error::{LostReason, RejectedReason, RequestError};
use crate::base::ids::{IncomingId, PromptId, RequestId, TurnId};
use crate::base::text::{Cut, FewTexts, Quoted};
use crate::incoming::{IncomingKind, IncomingRequest, ResponseKind};
use crate::message::Message;
use crate::outgoing::request::Response;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::SessionClosed;

/// What happened, in the order in which it did.
///
/// Every accepted prompt gets one [`PromptEnded`](Action::PromptEnded), every [`TurnStarted`](Action::TurnStarted) one
/// [`TurnEnded`](Action::TurnEnded), every request one [`ResponseReceived`](Action::ResponseReceived), every [`IncomingRequest`](Action::IncomingRequest) one
/// [`IncomingAnswered`](Action::IncomingAnswered) or one [`IncomingCancelled`](Action::IncomingCancelled); [`SessionClosed`](Action::Closed) comes last, once.
///
/// `Serialize` writes a stable JSON form, which [`guide::json`](crate::guide::json) lists field by field.
///
/// ```
/// use claude_duplex::testing::{Script, TestSession};
/// use claude_duplex::{Action, Config, Seed};
///
/// let mut pair = TestSession::new(Config::new(Seed::random()), Script::default());
/// pair.prompt("hello");
/// let mut actions = pair.run_until_idle();
/// actions.extend(pair.close());
/// let told: Vec<_> = actions
///     .iter()
///     .filter_map(|action| match action {
///         Action::Session(info) => info.version.as_deref().map(str::to_owned),
///         Action::TurnStarted { turn, origin } => Some(format!("{turn} of {origin}")),
///         Action::PromptTaken { prompt, turn } => Some(format!("{prompt} in {turn}")),
///         Action::TurnEnded { turn, .. } => Some(format!("{turn} over")),
///         Action::PromptEnded { prompt, outcome, .. } => {
///             Some(format!("{prompt}: {outcome}"))
///         }
///         Action::Idle => Some("idle".to_owned()),
///         Action::Closed(closed) => Some(closed.reason.to_string()),
///         _ => None, // messages, and what newer versions of this crate tell
///     })
///     .collect();
/// assert_eq!(
///     told,
///     [
///         "2.1.329",
///         "turn-1 of prompt",
///         "prompt-1 in turn-1",
///         "turn-1 over",
///         "prompt-1: success",
///         "idle",
///         "closed by the host",
///     ]
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The CLI said who it is: at the first turn, and whenever a part of it changes (`/clear` changes the id).
    Session(CliSession),
    /// The CLI began to run.
    TurnStarted {
        /// The turn.
        turn: TurnId,
        /// What started it, as far as that is known yet.
        origin: TurnOrigin,
    },
    /// A turn took up a prompt. Up to 2.1.205 the CLI says so late, or only with the result.
    PromptTaken {
        /// The prompt.
        prompt: PromptId,
        /// The turn that took it.
        turn: TurnId,
    },
    /// A line of the CLI for the host. A `result` is one too.
    Message {
        /// The turn that runs, if one does. It is not changed afterwards.
        turn: Option<TurnId>,
        /// The line.
        message: Message,
    },
    /// A turn is over.
    TurnEnded {
        /// The turn.
        turn: TurnId,
        /// What started it.
        origin: TurnOrigin,
        /// The `result` that ended it. One result can end several turns; none where the session ended first.
        result: Option<Message>,
    },
    /// A prompt is over.
    PromptEnded {
        /// The prompt.
        prompt: PromptId,
        /// The turn that took it, if one did.
        turn: Option<TurnId>,
        /// How.
        outcome: Outcome,
        /// Whether the CLI says so, or a rule of this crate.
        attribution: Attribution,
        /// The `result` that answers it.
        result: Option<Message>,
    },
    /// A request of ours is answered, or will not be.
    ResponseReceived {
        /// The request.
        request: RequestId,
        /// What the CLI said.
        response: Result<Response, RequestError>,
    },
    /// The CLI asks something that the host [owns](crate::Config::handle), and waits for the
    /// [`response`](crate::Protocol::respond).
    IncomingRequest(IncomingRequest),
    /// The CLI asked something, and it was declined at once in the way that is safe for its kind.
    IncomingDeclined {
        /// The CLI's line.
        message: Message,
        /// What it was about.
        kind: IncomingKind,
        /// Why nobody was asked.
        reason: DeclinedReason,
    },
    /// The host answered an incoming request: the answer is among what is written next. Whoever else shows it can take it away; a
    /// second answer is stale.
    IncomingAnswered {
        /// The incoming request.
        id: IncomingId,
        /// Which way.
        response: ResponseKind,
    },
    /// An incoming request is over without an answer; a later one is stale.
    IncomingCancelled {
        /// The incoming request.
        id: IncomingId,
        /// By whom.
        reason: CancelledReason,
    },
    /// A line that is no message. The session goes on.
    RejectedLine(RejectedLine),
    /// A line that contains something beside a message, or several messages. What follows it are the messages.
    DamagedLine(DamagedLine),
    /// A response or withdrawal that belongs to nothing that is open: late, doubled, or foreign.
    UnmatchedResponse(Message),
    /// A [turn](crate::Timeouts::turn) or [stall](crate::Timeouts::stall) deadline has passed. Nothing was done about it.
    DeadlineExceeded {
        /// Deadline that has passed.
        deadline: Deadline,
        /// Reason for which the session waits.
        reason: WaitReason,
    },
    /// Nothing is owed any more: no turn, prompt, ask or request is open, and no background work is known. Told once, when the
    /// last of these ends; not at the start.
    Idle,
    /// There is room again for a command that was refused as [full](crate::RefusedReason::Full): at most half of
    /// [`Limits::unsent`](crate::Limits::unsent) waits before it, and it fits (of several prompts, requests or interrupts, the
    /// shortest). If another is refused again, there is another `CapacityAvailable`.
    CapacityAvailable,
    /// The session is over. Nothing follows.
    Closed(SessionClosed),
}

/// Who the CLI is. A name of more than 256 bytes is left out, and of the capabilities all but the first 256.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CliSession {
    /// The session's id, by which it can be resumed; empty where the CLI gives none.
    pub id: Arc<str>,
    /// The CLI's version, as `2.1.329`.
    pub version: Option<Arc<str>>,
    /// What it can do ([wire reference, section 2.6](crate::guide::wire#26-capabilities)), from 2.1.205 on.
    pub capabilities: Arc<[String]>,
}

impl fmt::Debug for CliSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CliSession")
            .field("id", &Quoted(&self.id))
            .field("version", &self.version.as_deref().map(Quoted))
            .field("capabilities", &FewTexts(&self.capabilities))
            .finish()
    }
}

/// What started a turn.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnOrigin {
    /// A prompt of ours.
    Prompt,
    /// The CLI itself, in its own word: `task-notification`, `auto-continuation`, ... Prompts may still be folded into it.
    /// At most 256 bytes of the word are kept.
    Own(Arc<str>),
    /// Not known: not yet, or never.
    Unknown,
}

impl fmt::Debug for TurnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.write_str("Prompt"),
            Self::Own(kind) => f.debug_tuple("Own").field(&Quoted(kind)).finish(),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

impl fmt::Display for TurnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.write_str("prompt"),
            Self::Own(kind) => f.write_str(kind),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// How a prompt ended. When which is told, and which has a result, is in [`guide::turns`](crate::guide::turns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The model answered it, alone or together with others.
    Success,
    /// The CLI dealt with it, and the model was not asked: a local command as `/context`, a blank prompt, one
    /// [without query](crate::Prompt::without_query). The result has the CLI's own text.
    Local,
    /// Its turn failed; the result [says why](crate::TurnResult::error_text).
    Error,
    /// Its turn was stopped: by an [interrupt](crate::Protocol::interrupt), a deny that ends the turn, or a prompt of
    /// [`Priority::Now`](crate::Priority::Now).
    Interrupted,
    /// Its [time limit](crate::Prompt::time_limit) has passed. It has a result if its turn ended within the grace period.
    TimedOut {
        /// Whether the CLI is done with the prompt, so that the session can be used as before. If not, the CLI did not stop in
        /// time and may still run the prompt: queued prompts wait until it ends. Wait, [close](crate::Protocol::close) or
        /// [abort](crate::Protocol::abort) the session.
        stopped: bool,
    },
    /// It never ran: it was withdrawn while it waited, or waited here when the session was closed.
    Cancelled,
    /// A hook ended it: `UserPromptSubmit` refused the prompt, or a hook stopped its turn at a tool (`continue: false`).
    Blocked,
    /// A `PreToolUse` hook deferred a call of a tool (`permissionDecision: "defer"`), and the turn ended before the call. The result has the
    /// call in [`deferred_tool_use`](crate::TurnResult::deferred_tool_use) (`defer` of 2.1.332). The call is made when the session is
    /// resumed.
    Deferred,
    /// The CLI has seen its uuid, in this session or in the one that it [resumes](crate::Options::resume), and did not run
    /// it. A [`Seed`](crate::Seed) that is used for a second process of the same session does that to every prompt.
    Duplicate,
    /// What became of it cannot be known.
    Lost(LostReason),
}

impl Outcome {
    /// Returns whether the prompt was answered, by the model or, if it is a [local](Self::Local) command, by the CLI itself.
    ///
    /// ```
    /// use claude_duplex::Outcome;
    ///
    /// assert!(Outcome::Success.is_success() && Outcome::Local.is_success());
    /// assert!(!Outcome::Blocked.is_success());
    /// ```
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success | Self::Local)
    }

    /// Its name for a program, as `success`; that of a lost one without why.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Local => "local",
            Self::Error => "error",
            Self::Interrupted => "interrupted",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::Deferred => "deferred",
            Self::Duplicate => "duplicate",
            Self::Lost(_) => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(reason) => write!(f, "lost: {reason}"),
            Self::TimedOut { stopped: true } => f.pad("timed out"),
            Self::TimedOut { stopped: false } => f.pad("timed out and may still run"),
            other => f.pad(other.as_str()),
        }
    }
}

/// Confidence of what is said of a prompt's end.
///
/// Versions of the CLI before 2.1.206 do not name every prompt: not those that run as local commands, that a hook refuses,
/// or that are aborted before the first word, and none at all without
/// `--replay-user-messages`. Rules fill the gap. They are right for nearly all that
/// was recorded, and they can be wrong: with prompts of several [priorities](crate::Priority) under way, for example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attribution {
    /// The CLI named the prompt and said how its turn ended; or the end is the host's own, or the session's.
    Evidence,
    /// A rule of this crate chose the prompt, or its outcome, because the CLI says nothing.
    Inferred,
}

impl fmt::Display for Attribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Evidence => "evidence",
            Self::Inferred => "inferred",
        })
    }
}

/// Why an incoming request was declined at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeclinedReason {
    /// The host does not [own](crate::Config::handle) its kind.
    #[serde(rename = "unowned")]
    Unhandled,
    /// Its kind is unknown, or it lacks what an incoming request must have.
    Unknown,
    /// Too many incoming requests are open.
    Full,
    /// A dialog of a kind that the host did not declare: it got no reply, as the [wire reference](crate::guide::wire#45-elicitations-and-dialogs) demands.
    Undeclared,
    /// The session is ending. If stdin is still open, because the turn was just interrupted, the request got the response
    /// that is safe for its kind; else none can be written.
    Closing,
}

impl fmt::Display for DeclinedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unhandled => "the host does not own its kind",
            Self::Unknown => "its kind is unknown, or it lacks what an ask must have",
            Self::Full => "too many asks are open",
            Self::Undeclared => "a dialog of a kind that the host did not declare",
            Self::Closing => "the session is ending",
        })
    }
}

/// Who withdrew an incoming request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelledReason {
    /// The CLI: interrupted, timed out, or answered elsewhere.
    Cli,
    /// The session: it ended, or can no longer write. A [close](crate::Protocol::close) whose turn outlasts its grace has
    /// refused the request in the way that is safe for its kind.
    Ended(LostReason),
}

impl fmt::Display for CancelledReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cli => f.pad("withdrawn by the CLI"),
            Self::Ended(reason) => reason.fmt(f),
        }
    }
}

/// A line that is no message. The session goes on with the next.
///
/// ```
/// use claude_duplex::{Action, Config, Protocol, RejectedReason, Seed, SessionTime};
///
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// protocol.receive(
///     SessionTime::ZERO,
///     b"npm warn: something\n{\"type\":\"keep_alive\"}\n",
/// );
/// let Some(Action::RejectedLine(rejected)) = protocol.poll_action() else {
///     panic!("it is no JSON")
/// };
/// assert_eq!((rejected.reason, rejected.length), (RejectedReason::NotJson, 19));
/// assert_eq!(protocol.stats().keep_alive, 1);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedLine {
    /// Its start, at most [`Limits::rejected_head`](crate::Limits::rejected_head) bytes of it.
    pub head: Box<[u8]>,
    /// Its whole length in bytes.
    pub length: u64,
    /// Why.
    pub reason: RejectedReason,
    /// Whether a `result` is due: a turn runs, or the CLI has a prompt. The line may have been that result, and then
    /// nothing else ends the prompt. What to do about it is the host's to decide: wait, interrupt, or close.
    pub result_due: bool,
    /// Kind of the request of the CLI that the line contains, if it got a response: a request that is too long, or whose id
    /// is, is declined in the way that is safe for its kind. The host is not asked.
    pub declined: Option<IncomingKind>,
}

impl fmt::Debug for RejectedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected")
            .field("reason", &self.reason)
            .field("length", &self.length)
            .field("head", &Cut(&self.head))
            .field("result_due", &self.result_due)
            .field("declined", &self.declined)
            .finish()
    }
}

/// A line that contains something beside a message, or several messages.
///
/// Programs that share stdout with the CLI write into its lines: a login shell writes control sequences, a library writes
/// log text without a line end. [`guide::embedding`](crate::guide::embedding) lists what is taken out of such a line, and
/// why that is safe.
///
/// ```
/// use claude_duplex::{Action, Config, MessageKind, Protocol, Seed, SessionTime};
///
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// protocol.receive(SessionTime::ZERO, b"\x1b[H{\"type\":\"active_goal\"}\n");
/// let Some(Action::DamagedLine(line)) = protocol.poll_action() else {
///     panic!("it is reported first")
/// };
/// assert_eq!((&*line.dropped, line.messages), (&b"\x1b[H"[..], 1));
/// let Some(Action::Message { message, .. }) = protocol.poll_action() else {
///     panic!("the message follows")
/// };
/// assert_eq!(message.kind(), MessageKind::ActiveGoal);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedLine {
    /// Bytes that are no part of a message, at most [`Limits::rejected_head`](crate::Limits::rejected_head) of them.
    pub dropped: Box<[u8]>,
    /// Number of all those bytes.
    pub dropped_length: u64,
    /// Number of objects in the line. Each is a message, or rejected as if it had stood alone; none if the line contains
    /// nothing but control characters.
    pub messages: usize,
    /// Length of the line in bytes.
    pub length: u64,
}

impl fmt::Debug for DamagedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DamagedLine")
            .field("dropped", &Cut(&self.dropped))
            .field("dropped_length", &self.dropped_length)
            .field("messages", &self.messages)
            .field("length", &self.length)
            .finish()
    }
}
