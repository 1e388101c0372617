//! What happened: the one ordered queue that a [`Protocol`](crate::Protocol) gives out.

mod incoming;
mod json;
mod lines;
mod outcome;
mod session;
mod wait;

pub use incoming::{CancelledReason, DeclinedReason};
pub use lines::{DamagedLine, RejectedLine};
pub use outcome::{Attribution, Outcome};
pub use session::{CliSession, TurnOrigin};
pub use wait::WaitReason;

use crate::base::error::RequestError;
use crate::base::ids::{IncomingId, PromptId, RequestId, TurnId};
use crate::incoming::{IncomingKind, IncomingRequest, ResponseKind};
use crate::message::Message;
use crate::outgoing::request::Response;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::SessionClosed;
use crate::protocol::raw::{StderrLine, WireLine};

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
///         Action::TurnStarted { turn, origin, .. } => Some(format!("{turn} of {origin}")),
///         Action::PromptTaken { prompt, turn, .. } => Some(format!("{prompt} in {turn}")),
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
    #[non_exhaustive]
    TurnStarted {
        /// The turn.
        turn: TurnId,
        /// What started it, as far as that is known yet.
        origin: TurnOrigin,
    },
    /// A turn took up a prompt. Up to 2.1.205 the CLI says so late, or only with the result.
    #[non_exhaustive]
    PromptTaken {
        /// The prompt.
        prompt: PromptId,
        /// The turn that took it.
        turn: TurnId,
    },
    /// A line of the CLI for the host. A `result` is one too.
    #[non_exhaustive]
    Message {
        /// The turn that runs, if one does. It is not changed afterwards.
        turn: Option<TurnId>,
        /// The line.
        message: Message,
    },
    /// A turn is over.
    #[non_exhaustive]
    TurnEnded {
        /// The turn.
        turn: TurnId,
        /// What started it.
        origin: TurnOrigin,
        /// The `result` that ended it. One result can end several turns; none where the session ended first.
        result: Option<Message>,
    },
    /// A prompt is over.
    #[non_exhaustive]
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
    #[non_exhaustive]
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
    #[non_exhaustive]
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
    #[non_exhaustive]
    IncomingAnswered {
        /// The incoming request.
        id: IncomingId,
        /// Which way.
        response: ResponseKind,
    },
    /// An incoming request is over without an answer; a later one is stale.
    #[non_exhaustive]
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
    /// A line that the CLI wrote to stderr, if [`Config::stderr_lines`](crate::Config::stderr_lines) is on. A last line without
    /// a line end comes with the end of stderr, or before [`Closed`](Action::Closed).
    StderrLine(StderrLine),
    /// A line of the protocol, if [`Config::wire_lines`](crate::Config::wire_lines) is on. Each line of stdout comes before the
    /// actions that follow from it. Each line to stdin comes when it is handed to [`poll_transmit`](crate::Protocol::poll_transmit).
    WireLine(WireLine),
    /// A response or withdrawal that belongs to nothing that is open: late, doubled, or foreign.
    UnmatchedResponse(Message),
    /// A [turn](crate::Timeouts::turn) or [stall](crate::Timeouts::stall) deadline has passed. Nothing was done about it.
    #[non_exhaustive]
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

impl Action {
    /// Returns the line of stdout that this action reports, without its line end: of a message, a request, a response, and a
    /// line that was rejected and is kept whole. `None` for actions without a line of their own. The ends of turns and prompts
    /// repeat a `result` that was reported as a message, and return `None`.
    ///
    /// Some lines have no action of this kind: `keep_alive`, the CLI's echoes of responses, error responses, and
    /// `control_cancel_request`. [`WireLine`](Self::WireLine) reports every line, and returns `None` here, so that no line comes
    /// twice.
    ///
    /// ```
    /// use claude_duplex::{Action, Config, Protocol, Seed, SessionTime};
    ///
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let mut protocol = Protocol::new(config, SessionTime::ZERO);
    /// protocol.receive(SessionTime::ZERO, b"{\"type\":\"active_goal\"}\nwarning\n");
    /// let lines: Vec<_> = std::iter::from_fn(|| protocol.poll_action())
    ///     .filter_map(|action| action.line().map(<[u8]>::to_vec))
    ///     .collect();
    /// assert_eq!(lines, [&b"{\"type\":\"active_goal\"}"[..], b"warning"]);
    /// ```
    #[must_use]
    pub fn line(&self) -> Option<&[u8]> {
        match self {
            Self::Message { message, .. }
            | Self::IncomingDeclined { message, .. }
            | Self::UnmatchedResponse(message) => Some(message.as_bytes()),
            Self::IncomingRequest(request) => Some(request.message().as_bytes()),
            Self::ResponseReceived { response: Ok(response), .. } => Some(response.message().as_bytes()),
            Self::RejectedLine(line) => Some(&*line.head).filter(|head| head.len() as u64 == line.length),
            _ => None,
        }
    }
}
