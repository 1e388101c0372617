//! Rejected lines. A rejected line may contain a request, whose response the CLI waits for, or a response that
//! the host waits for.

use crate::base::error::{RejectedReason, RequestError};
use crate::incoming::IncomingKind;
use crate::protocol::action::{Action, RejectedLine};
use crate::protocol::{Protocol, safe};
use crate::wire::control::{self, IncomingFields};
use crate::wire::facts::LONGEST_NAME;
use crate::wire::text::Text;

/// Number of bytes that are kept of the start of a line that is too long, to find the request in it. All versions
/// of the CLI write its type, id, subtype and the event of a hook before anything that can be long.
pub(super) const START: usize = 4096;

/// Maximum length of an id that gets a response, in bytes.
const LONGEST_ID: usize = 16 * 1024;

/// Reason in the response to a request that was not read.
const UNREAD: &str = "the request is too long for the host";

/// Content of a rejected line, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Anything,
    /// A request that got the response that is safe for its kind.
    Request(IncomingKind),
    Response,
}

impl From<Option<IncomingKind>> for Holds {
    fn from(declined: Option<IncomingKind>) -> Self {
        declined.map_or(Self::Anything, Self::Request)
    }
}

impl Protocol {
    /// Rejects a line that is too long; only its `start` was kept. A request in the line gets the response that is
    /// safe for its kind. If the line is a response, the request of the host ends.
    pub(super) fn dropped(&mut self, start: &[u8], length: u64) {
        let declined = control::incoming_of_start(start).and_then(|(id, fields)| self.decline_unread(id, &fields));
        let tail = self.config.limits.rejected_tail;
        let response = control::response_of_start(start);
        let holds = if response.is_some() { Holds::Response } else { Holds::from(declined) };
        self.report_rejected(start, length, RejectedReason::TooLong, holds);
        if let Some((id, is_success)) = response {
            self.lose_response(id, is_success, length);
        }
        self.rejected_tail.push(head(start, self.config.limits.rejected_head), tail);
        self.rejected_tail.push(b"...\n", tail);
    }

    /// Rejects a line.
    pub(super) fn reject(&mut self, line: &[u8], reason: RejectedReason) {
        self.report_rejected(line, line.len() as u64, reason, Holds::Anything);
        self.keep_rejected(line);
    }

    /// Rejects a request whose id is missing, or too long to be kept. If the id is too long, the request gets the
    /// response that is safe for its kind.
    pub(super) fn reject_request(&mut self, line: &[u8]) {
        let declined = control::long_request_id(line).and_then(|id| self.decline_unread(id, &control::incoming(line)));
        self.report_rejected(line, line.len() as u64, RejectedReason::NoRequestId, declined.into());
        self.keep_rejected(line);
    }

    /// Writes the safe response to a request that the host cannot receive. Returns the kind of the request if
    /// there is one. A dialog of a kind that the host did not declare gets no response, nor does an id longer
    /// than [`LONGEST_ID`]. After stdin is to be closed, no response can be written.
    fn decline_unread(&mut self, id: Text<'_>, fields: &IncomingFields<'_>) -> Option<IncomingKind> {
        let kind = IncomingKind::of_subtype(fields.subtype.as_deref().unwrap_or_default());
        let may_answer = kind != IncomingKind::Dialog || self.declares_dialog(fields);
        let id = id.within(LONGEST_ID)?;
        if !may_answer || self.incoming.is_open(&id) || !(self.can_write() || self.is_stopping()) {
            return None;
        }
        self.has_hooks |= kind == IncomingKind::Hook;
        self.send(&safe::response(&id, kind, fields.hook_event.as_deref(), Some(UNREAD)));
        if id.len() <= LONGEST_NAME {
            self.incoming.remember(&id);
        }
        Some(kind)
    }

    /// Ends a request whose response was not read. If the response was a success, the request took effect: an
    /// interrupt is acknowledged.
    fn lose_response(&mut self, id: Text<'_>, is_success: bool, length: u64) {
        let Some(open) = id.within(LONGEST_ID).and_then(|id| self.requests.close(&id)) else { return };
        open.replied(Err(RequestError::TooLong { length }), &mut self.actions);
        self.replied(&open.about, None, !is_success);
    }

    fn report_rejected(&mut self, start: &[u8], length: u64, reason: RejectedReason, holds: Holds) {
        if holds != Holds::Response {
            self.ledger.missed_a_line();
        }
        let declined = match holds {
            Holds::Request(kind) => Some(kind),
            Holds::Response | Holds::Anything => None,
        };
        let head = head(start, self.config.limits.rejected_head).into();
        let result_due = self.ledger.is_busy() && holds == Holds::Anything;
        self.actions.push(Action::RejectedLine(RejectedLine { head, length, reason, result_due, declined }));
    }

    fn keep_rejected(&mut self, line: &[u8]) {
        let tail = self.config.limits.rejected_tail;
        self.rejected_tail.push(head(line, tail), tail);
        self.rejected_tail.push(b"\n", tail);
    }
}

fn head(line: &[u8], most: usize) -> &[u8] {
    &line[..line.len().min(most)]
}
