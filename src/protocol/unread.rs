//! Lines that are rejected. The CLI waits for a response to a request in one of them.

use crate::base::error::RejectedReason;
use crate::incoming::IncomingKind;
use crate::protocol::action::{Action, RejectedLine};
use crate::protocol::{Protocol, safe};
use crate::wire::control::{self, AskFields};
use crate::wire::facts::LONGEST_NAME;
use crate::wire::scan::raw::Text;

/// Number of bytes that are kept of the start of a line that is too long, to find the request in it. All versions of the CLI
/// write its type, id, subtype and the event of a hook before anything that can be long.
pub(super) const START: usize = 4096;

/// The longest id that is answered, in bytes.
const LONGEST_ID: usize = 16 * 1024;

/// Reason in the response to a request that was not read.
const UNREAD: &str = "the request is too long for the host";

impl Protocol {
    /// Rejects a line whose `start` alone was kept. A request in it gets the response that is safe for its kind.
    pub(super) fn dropped(&mut self, start: &[u8], length: u64) {
        let declined = control::ask_of_start(start).and_then(|(id, fields)| self.decline_unread(id, &fields));
        let tail = self.config.limits.rejected_tail;
        self.tell_rejected(start, length, RejectedReason::TooLong, declined);
        self.rejected_tail.push(head(start, self.config.limits.rejected_head), tail);
        self.rejected_tail.push(b"...\n", tail);
    }

    /// Rejects a line.
    pub(super) fn reject(&mut self, line: &[u8], reason: RejectedReason) {
        self.tell_rejected(line, line.len() as u64, reason, None);
        self.keep_rejected(line);
    }

    /// Rejects a request whose id is missing, or too long to be kept; to the latter it gets the response that is safe for its
    /// kind.
    pub(super) fn reject_request(&mut self, line: &[u8]) {
        let declined = control::long_request_id(line).and_then(|id| self.decline_unread(id, &control::ask(line)));
        self.tell_rejected(line, line.len() as u64, RejectedReason::NoRequestId, declined);
        self.keep_rejected(line);
    }

    /// Writes the response that is safe for a request that the host cannot be asked. Returns the request's kind if there is
    /// one. A dialog of a kind that the host did not declare gets none, nor does a longer id than [`LONGEST_ID`]. None can be
    /// written once stdin is to be closed.
    fn decline_unread(&mut self, id: Text<'_>, fields: &AskFields<'_>) -> Option<IncomingKind> {
        let kind = IncomingKind::of_subtype(fields.subtype.as_deref().unwrap_or_default());
        let may_answer = kind != IncomingKind::Dialog || self.declares_dialog(fields);
        let id = id.within(LONGEST_ID)?;
        if !may_answer || self.asks.is_open(&id) || !(self.can_write() || self.is_stopping()) {
            return None;
        }
        self.has_hooks |= kind == IncomingKind::Hook;
        self.output.push(&safe::response(&id, kind, fields.hook_event.as_deref(), Some(UNREAD)));
        if id.len() <= LONGEST_NAME {
            self.asks.remember(&id);
        }
        Some(kind)
    }

    fn tell_rejected(&mut self, start: &[u8], length: u64, reason: RejectedReason, declined: Option<IncomingKind>) {
        self.ledger.missed_a_line();
        let head = head(start, self.config.limits.rejected_head).into();
        let result_due = self.ledger.is_busy() && declined.is_none();
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
