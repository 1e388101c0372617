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

/// The most entries that are read of one list of open incoming requests, in the reply to an `initialize`.
const LISTED: usize = 1024;

impl Protocol {
    pub(super) fn response(&mut self, message: Message) {
        // Another handle on the line, in which the response is read while the message is handed out.
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
        } else if self.asks.is_echo(&wire_id) {
            self.counts.echoed_answers += 1;
            None
        } else {
            // Too late for the host, it may still tell what became of a prompt.
            self.actions.push(Action::UnmatchedResponse(message));
            self.requests.late(&wire_id)
        };
        if let Some(about) = about {
            self.replied(&about, response.outcome.as_ref().ok().copied().flatten(), response.outcome.is_err());
            if matches!(about, About::Initialize(_)) {
                response.pending().for_each(|list| self.still_asked(list));
            }
        }
    }

    /// What the reply to an `initialize` lists as still open, on success and on error, from 2.1.50 on
    /// ([wire reference, section 1.8](crate::guide::wire#18-control_response)): each is delivered once, whether its own line comes
    /// too or not, and never after it was answered.
    fn still_asked(&mut self, list: Raw<'_>) {
        for listed in list.items().take(LISTED) {
            if self.settled {
                return;
            }
            let line = listed.as_bytes();
            match scan(line) {
                Ok(envelope) if envelope.kind == MessageKind::ControlRequest => {
                    self.ask(Message::new(Line::Copied(line.into()), envelope), true);
                    // As after every line: what is owed must not pile up.
                    self.advance();
                }
                Ok(_) => self.reject(line, RejectedReason::NotAnAsk),
                Err(reason) => self.reject(line, reason.into()),
            }
        }
        let rest = list.behind(LISTED);
        if !rest.is_empty() && !self.settled {
            self.reject(rest, RejectedReason::TooManyListed);
        }
    }

    /// What a reply, or its absence, means to prompts and interrupts.
    pub(in crate::protocol) fn replied(&mut self, about: &About, payload: Option<Raw<'_>>, failed: bool) {
        match about {
            About::Interrupt { aim, written } => {
                if failed {
                    aim.iter().for_each(|prompt| self.aims.drop(*prompt));
                    return;
                }
                self.ledger.interrupt_acknowledged();
                let receipt = control::receipt(payload);
                self.ledger.cancelled(receipt.cancelled(), &mut self.actions);
                self.ledger.stopped(*written, &receipt);
                if let Some((prompt, place)) = aim.and_then(|prompt| Some((prompt, self.ledger.place(prompt)?))) {
                    let follow_up = self.aims.acknowledged(prompt, &receipt, place == Place::Taken);
                    self.follow_up(follow_up);
                }
            }
            About::Cancel(Some(uuid)) => {
                let found = payload.is_some_and(control::cancelled);
                if found {
                    self.ledger.cancelled(std::iter::once(*uuid), &mut self.actions);
                }
                self.aims.withdrawn(*uuid, found);
            }
            About::Initialize(kinds) if !failed => self.dialogs.clone_from(kinds),
            About::Initialize(_) | About::Cancel(None) | About::Other => {}
        }
    }
}
