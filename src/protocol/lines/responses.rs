//! Responses of the CLI.

use crate::base::error::RejectedReason;
use crate::base::json::Json;
use crate::message::{Line, Message};
use crate::outgoing::request::Response;
use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::ledger::Place;
use crate::protocol::outgoing_requests::About;
use crate::wire::control;
use crate::wire::kind::MessageKind;
use crate::wire::scan::raw::Raw;
use crate::wire::scan::scan;

/// Maximum number of entries that are read of a list of open requests, in the response to an `initialize`.
const LISTED: usize = 1024;

impl Protocol {
    pub(super) fn response(&mut self, message: Message) {
        // The response is read in a second handle on the line, while the message itself is handed out.
        let line = message.clone();
        let Some(response) = control::response(line.as_bytes()) else {
            return self.reject(line.as_bytes(), RejectedReason::NoRequestId);
        };
        let wire_id = response.request_id.decoded();
        let about = if let Some(open) = self.requests.close(&wire_id) {
            let reply = match &response.outcome {
                Ok(payload) => {
                    Ok(Response { message, payload: payload.map(|payload| Json::from_line(payload.as_bytes())) })
                }
                Err(error) => Err(error.clone()),
            };
            open.replied(reply, &mut self.actions);
            Some(open.about)
        } else if self.incoming.is_echo(&wire_id) {
            self.counts.echoed_responses += 1;
            None
        } else {
            // A response that is too late for the host may still report the outcome of a prompt.
            self.actions.push(Action::UnmatchedResponse(message));
            self.requests.late(&wire_id)
        };
        if let Some(about) = about {
            self.replied(&about, response.outcome.as_ref().ok().copied().flatten(), response.outcome.is_err());
            if matches!(about, About::Initialize(_)) {
                response.pending().for_each(|list| self.list_pending(list));
            }
        }
    }

    /// Handles the list of open requests in the response to an `initialize`, on success and on error, since
    /// 2.1.50 ([wire reference, section 1.8](crate::guide::wire#18-control_response)). Each request is delivered
    /// once, even if its own line also arrives, and never after it was answered.
    fn list_pending(&mut self, list: Raw<'_>) {
        for listed in list.items().take(LISTED) {
            if self.settled {
                return;
            }
            let line = listed.as_bytes();
            match scan(line) {
                Ok(envelope) if envelope.kind == MessageKind::ControlRequest => {
                    self.receive_incoming(Message::new(Line::Copied(line.into()), envelope), true);
                    // Applies the consequences after each entry, as after every line, so that pending output
                    // stays bounded.
                    self.advance();
                }
                Ok(_) => self.reject(line, RejectedReason::NotAnIncomingRequest),
                Err(reason) => self.reject(line, reason.into()),
            }
        }
        let rest = list.behind(LISTED);
        if !rest.is_empty() && !self.settled {
            self.reject(rest, RejectedReason::TooManyListed);
        }
    }

    /// Applies the meaning of a response, or of its absence, to prompts and interrupts.
    pub(in crate::protocol) fn replied(&mut self, about: &About, payload: Option<Raw<'_>>, failed: bool) {
        match about {
            About::Interrupt { target, written } => {
                if failed {
                    target.iter().for_each(|prompt| self.interrupt_targets.drop(*prompt));
                    return;
                }
                self.ledger.interrupt_acknowledged();
                let receipt = control::receipt(payload);
                self.ledger.cancelled(receipt.cancelled(), &mut self.actions);
                self.ledger.stopped(*written, &receipt);
                if let Some((prompt, place)) = target.and_then(|prompt| Some((prompt, self.ledger.place(prompt)?))) {
                    let follow_up = self.interrupt_targets.acknowledged(prompt, &receipt, place == Place::Taken);
                    self.follow_up(follow_up);
                }
            }
            About::Cancel(Some(uuid)) => {
                let found = payload.is_some_and(control::cancelled);
                if found {
                    self.ledger.cancelled(std::iter::once(*uuid), &mut self.actions);
                }
                self.interrupt_targets.withdrawn(*uuid, found);
            }
            About::Initialize(kinds) if !failed => self.dialogs.clone_from(kinds),
            About::Initialize(_) | About::Cancel(None) | About::Other => {}
        }
    }
}
