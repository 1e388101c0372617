//! Incoming requests of the CLI, and their cancellation.

use crate::base::error::RejectedReason;
use crate::incoming::IncomingKind;
use crate::message::Message;
use crate::protocol::action::{Action, DeclinedReason};
use crate::protocol::config::UnknownIncoming;
use crate::protocol::{Protocol, safe};
use crate::wire::control::{self, IncomingFields};

impl Protocol {
    /// Handles an incoming request, from its own line or from a list of open requests.
    pub(super) fn receive_incoming(&mut self, message: Message, listed: bool) {
        let Some(request_id) = control::request_id(message.as_bytes()) else {
            return self.reject_request(message.as_bytes());
        };
        if listed {
            if self.incoming.is_known(&request_id) {
                return;
            }
            self.incoming.list(&request_id);
        } else if self.incoming.was_listed(&request_id) {
            self.counts.repeated_requests += 1;
            return;
        } else if self.incoming.is_open(&request_id) {
            return self.reject(message.as_bytes(), RejectedReason::DuplicateIncomingRequest);
        }
        let fields = control::incoming(message.as_bytes());
        let kind = IncomingKind::of_subtype(fields.subtype.as_deref().unwrap_or_default());
        self.has_hooks |= kind == IncomingKind::Hook;
        let Some(reason) = self.why_declined(kind, &fields, &message) else {
            let incoming = self.incoming.open(self.config.seed.tag(), request_id, kind, message, self.ledger.current());
            return self.actions.push(Action::IncomingRequest(incoming));
        };
        let is_answered = match reason {
            DeclinedReason::Undeclared => false,
            DeclinedReason::Closing => self.is_stopping(),
            DeclinedReason::Unhandled | DeclinedReason::Unknown | DeclinedReason::Full => true,
        };
        if is_answered {
            self.send(&safe::response(&request_id, kind, fields.hook_event.as_deref(), None));
            self.incoming.remember(&request_id);
        } else {
            self.incoming.end(&request_id);
        }
        self.actions.push(Action::IncomingDeclined { message, kind, reason });
    }

    /// Returns the reason why the request is not delivered to the host, if any.
    fn why_declined(
        &self,
        kind: IncomingKind,
        fields: &IncomingFields<'_>,
        message: &Message,
    ) -> Option<DeclinedReason> {
        let unknown = || self.config.unknown_incoming == UnknownIncoming::Decline || fields.subtype.is_none();
        if kind == IncomingKind::Dialog && !self.declares_dialog(fields) {
            Some(DeclinedReason::Undeclared)
        } else if !self.can_write() {
            Some(DeclinedReason::Closing)
        } else if kind == IncomingKind::Unknown && unknown() {
            Some(DeclinedReason::Unknown)
        } else if !self.config.delivered().contains(kind) {
            Some(DeclinedReason::Unhandled)
        } else if !self.incoming.has_room(message, &self.config.limits) {
            Some(DeclinedReason::Full)
        } else {
            None
        }
    }

    /// Returns `true` if the host has declared this kind of dialog.
    pub(in crate::protocol) fn declares_dialog(&self, fields: &IncomingFields<'_>) -> bool {
        let is_declared =
            |kind: &str| self.dialogs.iter().any(|known| known == kind) || self.requests.may_declare(kind);
        fields.dialog_kind.is_some_and(|kind| is_declared(&kind.decoded()))
    }

    pub(super) fn withdraw(&mut self, message: Message) {
        let request_id = control::request_id(message.as_bytes());
        let was_open = request_id.is_some_and(|request_id| self.incoming.withdraw(&request_id, &mut self.actions));
        if !was_open {
            self.actions.push(Action::UnmatchedResponse(message));
        }
    }
}
