//! Lines that are not messages, or that contain more than one message.

use std::fmt;

use crate::base::error::RejectedReason;
use crate::base::text::Cut;
use crate::incoming::IncomingKind;

/// A line that is not a message. The session continues with the next line.
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
    /// Start of the line, at most [`Limits::rejected_head`](crate::Limits::rejected_head) bytes.
    pub head: Box<[u8]>,
    /// Length of the whole line in bytes.
    pub length: u64,
    /// Reason for the rejection.
    pub reason: RejectedReason,
    /// `true` if a `result` is due: a turn runs, or the CLI has a prompt. The line may have been that result, and
    /// then nothing else ends the prompt. The host decides whether to wait, interrupt or close.
    pub result_due: bool,
    /// Kind of the CLI's request that the line contains, if the request was declined. This happens if the line or
    /// the id of the request is too long. The response is the one that is safe for the kind; the host does not
    /// see the request.
    pub declined: Option<IncomingKind>,
}

impl fmt::Debug for RejectedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedLine")
            .field("reason", &self.reason)
            .field("length", &self.length)
            .field("head", &Cut(&self.head))
            .field("result_due", &self.result_due)
            .field("declined", &self.declined)
            .finish()
    }
}

/// A line that contains something besides a message, or several messages.
///
/// Programs that share stdout with the CLI write into its lines. For example, a login shell writes control
/// sequences, and a library writes log text without a line end. [`guide::embedding`](crate::guide::embedding)
/// lists what is removed from such a line, and why that is safe.
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
    /// Bytes that are not part of a message, at most [`Limits::rejected_head`](crate::Limits::rejected_head).
    pub dropped: Box<[u8]>,
    /// Number of all bytes that are not part of a message.
    pub dropped_length: u64,
    /// Number of objects in the line. Each is a message, or is rejected as if it were alone on a line. 0 if the
    /// line contains only control characters.
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
