//! Actions: the ordered queue of events that a [`Protocol`](crate::Protocol) emits.

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

/// An event of the session. Actions are emitted in the order of the events.
///
/// * Every accepted prompt gets one [`PromptEnded`](Action::PromptEnded).
/// * Every [`TurnStarted`](Action::TurnStarted) gets one [`TurnEnded`](Action::TurnEnded).
/// * Every request gets one [`ResponseReceived`](Action::ResponseReceived).
/// * Every [`IncomingRequest`](Action::IncomingRequest) gets one [`IncomingAnswered`](Action::IncomingAnswered)
///   or one [`IncomingCancelled`](Action::IncomingCancelled).
/// * [`Closed`](Action::Closed) is emitted once, as the last action.
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
    /// The CLI reported its id, version and capabilities: at the first turn, and whenever one of them changes.
    /// `/clear` changes the id.
    Session(CliSession),
    /// The CLI began a turn.
    #[non_exhaustive]
    TurnStarted {
        /// Id of the turn.
        turn: TurnId,
        /// Cause of the turn, as far as it is known.
        origin: TurnOrigin,
    },
    /// A turn took a prompt. Before 2.1.206 the CLI reports this late, or only with the result.
    #[non_exhaustive]
    PromptTaken {
        /// Id of the prompt.
        prompt: PromptId,
        /// Turn that took the prompt.
        turn: TurnId,
    },
    /// A message of the CLI, including each `result`.
    #[non_exhaustive]
    Message {
        /// Turn that was running when the message arrived, if any. It is not corrected later.
        turn: Option<TurnId>,
        /// Message as the CLI wrote it.
        message: Message,
    },
    /// A turn has ended.
    #[non_exhaustive]
    TurnEnded {
        /// Id of the turn.
        turn: TurnId,
        /// Cause of the turn.
        origin: TurnOrigin,
        /// The `result` that ended the turn. One result can end several turns. `None` if the session ended first.
        result: Option<Message>,
    },
    /// A prompt has ended.
    #[non_exhaustive]
    PromptEnded {
        /// Id of the prompt.
        prompt: PromptId,
        /// Turn that took the prompt, if any.
        turn: Option<TurnId>,
        /// Outcome of the prompt.
        outcome: Outcome,
        /// Confidence of the outcome: reported by the CLI, or inferred by this crate.
        attribution: Attribution,
        /// The `result` that answers the prompt.
        result: Option<Message>,
    },
    /// A request of the host got its response, or will not get one.
    #[non_exhaustive]
    ResponseReceived {
        /// Id of the request.
        request: RequestId,
        /// Response of the CLI, or the reason for its absence.
        response: Result<Response, RequestError>,
    },
    /// The CLI sent a request that the host [handles](crate::Config::handle), and waits for the
    /// [response](crate::Protocol::respond).
    IncomingRequest(IncomingRequest),
    /// The CLI sent a request that was declined at once, with the response that is safe for its kind.
    #[non_exhaustive]
    IncomingDeclined {
        /// Request as the CLI wrote it.
        message: Message,
        /// Kind of the request.
        kind: IncomingKind,
        /// Reason for declining the request.
        reason: DeclinedReason,
    },
    /// The host responded to an incoming request; the response is among the next bytes to write. User interfaces
    /// that show the request can remove it: a second response is refused as stale.
    #[non_exhaustive]
    IncomingAnswered {
        /// Id of the incoming request.
        id: IncomingId,
        /// Kind of the response, e.g. allowed or denied.
        response: ResponseKind,
    },
    /// An incoming request ended without a response. A later response is refused as stale.
    #[non_exhaustive]
    IncomingCancelled {
        /// Id of the incoming request.
        id: IncomingId,
        /// Reason for the cancellation.
        reason: CancelledReason,
    },
    /// A line that is not a message. The session continues.
    RejectedLine(RejectedLine),
    /// A line that contains something besides a message, or several messages. The messages follow as actions of
    /// their own.
    DamagedLine(DamagedLine),
    /// A line that the CLI wrote to stderr, if [`Config::stderr_lines`](crate::Config::stderr_lines) is on. A
    /// last line without a line end is emitted at the end of stderr, or before [`Closed`](Action::Closed).
    StderrLine(StderrLine),
    /// A line of the protocol, if [`Config::wire_lines`](crate::Config::wire_lines) is on. A line of stdout is
    /// emitted before the actions that follow from it. A line to stdin is emitted when it is handed to
    /// [`poll_transmit`](crate::Protocol::poll_transmit).
    WireLine(WireLine),
    /// A response or cancellation of the CLI that matches no open request: it is late, duplicate or foreign.
    UnmatchedResponse(Message),
    /// A [turn](crate::Timeouts::turn) or [stall](crate::Timeouts::stall) deadline has passed. The session only
    /// reports it.
    #[non_exhaustive]
    DeadlineExceeded {
        /// Deadline that has passed.
        deadline: Deadline,
        /// Reason why the session waits.
        reason: WaitReason,
    },
    /// The session became idle: no turn, prompt or request is open in either direction, and no background work is
    /// known. Emitted once when the last of these ends; not emitted at the start.
    Idle,
    /// A command that was refused as [full](crate::RefusedReason::Full) would now be accepted: at most half of
    /// [`Limits::unsent`](crate::Limits::unsent) is unsent, and the command fits. If several prompts, requests or
    /// interrupts were refused, the shortest fits. If a command is refused again, another `CapacityAvailable`
    /// follows.
    CapacityAvailable,
    /// The session has ended. No action follows.
    Closed(SessionClosed),
}

impl Action {
    /// Returns the line of stdout that this action reports, without its line end. The actions with a line are
    /// messages, requests, responses, and rejected lines that are kept whole. Other actions return `None`. The
    /// ends of turns and prompts repeat a `result` that was reported as a message, and also return `None`.
    ///
    /// Some lines have no action of this kind: `keep_alive`, the CLI's echoes of responses, error responses, and
    /// `control_cancel_request`. [`WireLine`](Self::WireLine) reports every line, and returns `None` here, so
    /// that no line is returned twice.
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
