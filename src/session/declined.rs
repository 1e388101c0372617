//! Requests of the CLI that were declined, listed for the prompts of their turns.

use std::fmt;

use serde::Deserialize;

use crate::base::ids::IncomingId;
use crate::base::text::Quoted;
use crate::incoming::{IncomingKind, ResponseKind};
use crate::message::Message;
use crate::protocol::action::{Action, DeclinedReason};

/// Maximum number of requests that the end of a prompt lists.
const MOST: usize = 64;

/// Request of the CLI that was declined, because the host gave no response:
/// [`PromptEnd::declined`](super::PromptEnd::declined).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeclinedRequest {
    /// Kind of the request.
    pub kind: IncomingKind,
    /// Name of the tool, if the CLI asked for a permission.
    pub tool_name: Option<String>,
    /// Reason why the session declined the request. `None` if its kind is [handled](crate::Config::handle), but
    /// no handler served it, or the handler was dropped before it responded.
    pub reason: Option<DeclinedReason>,
}

impl DeclinedRequest {
    fn new(kind: IncomingKind, message: &Message, reason: Option<DeclinedReason>) -> Self {
        #[derive(Deserialize)]
        struct Line {
            request: Request,
        }
        #[derive(Deserialize)]
        struct Request {
            tool_name: String,
        }
        let name = || message.decode::<Line>().ok().map(|line| line.request.tool_name);
        Self { kind, tool_name: name().filter(|_| kind == IncomingKind::Permission), reason }
    }
}

impl fmt::Debug for DeclinedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeclinedRequest")
            .field("kind", &self.kind)
            .field("tool_name", &self.tool_name.as_deref().map(Quoted))
            .field("reason", &self.reason)
            .finish()
    }
}

/// Open requests, each with its entry in case it is declined.
#[derive(Debug, Default)]
pub(super) struct Declining {
    open: Vec<(IncomingId, DeclinedRequest)>,
}

impl Declining {
    /// Follows an action. Returns the request that the action declined, if any.
    pub(super) fn follow(&mut self, action: &Action) -> Option<DeclinedRequest> {
        match action {
            Action::IncomingRequest(request) => {
                let declined = DeclinedRequest::new(request.kind(), request.message(), None);
                self.open.push((request.id(), declined));
                None
            }
            Action::IncomingAnswered { id, response } => {
                self.close(*id).filter(|_| *response == ResponseKind::Declined)
            }
            Action::IncomingCancelled { id, .. } => {
                self.close(*id);
                None
            }
            // Requests that get no response, or that arrive while the session ends, need no handler.
            Action::IncomingDeclined { reason: DeclinedReason::Undeclared | DeclinedReason::Closing, .. } => None,
            Action::IncomingDeclined { message, kind, reason } => {
                Some(DeclinedRequest::new(*kind, message, Some(*reason)))
            }
            _ => None,
        }
    }

    fn close(&mut self, id: IncomingId) -> Option<DeclinedRequest> {
        let at = self.open.iter().position(|(open, _)| *open == id)?;
        Some(self.open.swap_remove(at).1)
    }
}

/// Adds a declined request to a list of at most 64.
pub(super) fn note(list: &mut Vec<DeclinedRequest>, declined: &DeclinedRequest) {
    if list.len() < MOST {
        list.push(declined.clone());
    }
}
