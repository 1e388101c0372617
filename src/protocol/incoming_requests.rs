//! Incoming requests without a response.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::ids::{IncomingId, PromptId, TurnId};
use crate::base::json::Json;
use crate::incoming::ResponseKind;
use crate::incoming::{Allow, Decision, IncomingKind, IncomingRequest, IncomingResponse, Payload};
use crate::message::Message;
use crate::protocol::action::{Action, CancelledReason};
use crate::protocol::action_queue::Actions;
use crate::protocol::config::Limits;
use crate::protocol::form;
use crate::protocol::safe;
use crate::wire::{control, outgoing};

/// Number of ids of each kind that are remembered.
const REMEMBERED: usize = 256;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct IncomingRequests {
    open: Vec<Open>,
    #[serde(skip)]
    bytes: usize,
    last: u64,
    /// Requests with a response that the CLI has not echoed yet (2.0.76 to 2.1.143 echo responses).
    unechoed: VecDeque<String>,
    /// Requests that were answered or declined. The response to an `initialize` may still list them as open.
    over: VecDeque<String>,
    /// Requests known from such a list. Their own lines may still arrive, and are the same requests.
    listed: VecDeque<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Open {
    request_id: String,
    #[serde(with = "form")]
    incoming: IncomingRequest,
}

impl Open {
    fn safe_response(&self, reason: Option<&str>) -> Vec<u8> {
        let fields = control::incoming(self.incoming.message.as_bytes());
        safe::response(&self.request_id, self.incoming.kind, fields.hook_event.as_deref(), reason)
    }
}

impl IncomingRequests {
    pub(crate) fn is_open(&self, request_id: &str) -> bool {
        self.open.iter().any(|open| open.request_id == request_id)
    }

    /// Restores the values that follow from the requests, which a snapshot omits. Returns `true` if every id is
    /// one of the session, and in order.
    pub(crate) fn restore(&mut self, session: u64) -> bool {
        self.bytes = self.open.iter().map(|open| open.incoming.message.as_bytes().len()).sum();
        let numbers = self.open.iter().map(|open| open.incoming.id.number()).chain([self.last + 1]);
        self.open.iter().all(|open| open.incoming.id.session() == session) && numbers.is_sorted_by(|a, b| a < b)
    }

    /// Returns the number of the last request.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Returns `true` if an incoming request of a list is known: open, or ended.
    pub(crate) fn is_known(&self, request_id: &str) -> bool {
        self.is_open(request_id) || self.over.iter().any(|over| over == request_id)
    }

    /// Records an incoming request that is known from a list.
    pub(crate) fn list(&mut self, request_id: &str) {
        note(&mut self.listed, request_id);
    }

    /// Returns `true` if a line is an incoming request that is known from a list. Each is expected once.
    pub(crate) fn was_listed(&mut self, request_id: &str) -> bool {
        forget(&mut self.listed, request_id)
    }

    /// Returns the open requests, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &IncomingRequest> {
        self.open.iter().map(|open| &open.incoming)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn has_room(&self, message: &Message, limits: &Limits) -> bool {
        self.open.len() < limits.open_incoming && self.bytes + message.as_bytes().len() <= limits.open_incoming_bytes
    }

    pub(crate) fn open(
        &mut self,
        session: u64,
        request_id: String,
        kind: IncomingKind,
        message: Message,
        (turn, prompt): (Option<TurnId>, Option<PromptId>),
    ) -> IncomingRequest {
        self.last += 1;
        self.bytes += message.as_bytes().len();
        let incoming = IncomingRequest { id: IncomingId::new(session, self.last), kind, message, turn, prompt };
        self.open.push(Open { request_id, incoming: incoming.clone() });
        incoming
    }

    pub(crate) fn get(&self, id: IncomingId) -> Option<&IncomingRequest> {
        self.open.iter().find(|open| open.incoming.id == id).map(|open| &open.incoming)
    }

    /// Returns the line of the response, which must be of the request's kind, and the kind of the response.
    pub(crate) fn line(&self, id: IncomingId, answer: &IncomingResponse) -> Option<(Vec<u8>, ResponseKind)> {
        let open = self.open.iter().find(|open| open.incoming.id == id)?;
        let line = match answer {
            IncomingResponse::Permission(decision) => match own_input(decision, &open.incoming) {
                Ok(own) => {
                    let length = own.as_ref().map_or(0, |own| own.as_str().len());
                    outgoing::answer_with(&open.request_id, &Payload { decision, own: own.as_ref() }, length)
                }
                Err(error) => {
                    return Some((outgoing::error(&open.request_id, &error.to_string(), None), ResponseKind::Error));
                }
            },
            IncomingResponse::Hook(output) => outgoing::answer(&open.request_id, output),
            IncomingResponse::Mcp(answer) => outgoing::answer(&open.request_id, answer),
            IncomingResponse::Elicitation(answer) => outgoing::answer(&open.request_id, answer),
            IncomingResponse::Dialog(answer) => outgoing::answer(&open.request_id, answer),
            IncomingResponse::Raw(payload) => outgoing::success(&open.request_id, payload),
            IncomingResponse::Error { message } => open.safe_response(Some(message)),
            IncomingResponse::Decline => open.safe_response(None),
        };
        Some((line, answer.kind(open.incoming.kind)))
    }

    /// Returns the responses that refuse the open requests, oldest first, and records them as written.
    pub(crate) fn refuse_all(&mut self) -> Vec<Vec<u8>> {
        let refusals = self.open.iter().map(|open| open.safe_response(None)).collect();
        let ids: Vec<String> = self.open.iter().map(|open| open.request_id.clone()).collect();
        ids.iter().for_each(|id| self.remember(id));
        refusals
    }

    /// Closes an incoming request whose response is written.
    pub(crate) fn answered(&mut self, id: IncomingId, verdict: ResponseKind, actions: &mut Actions) {
        if let Some(at) = self.open.iter().position(|open| open.incoming.id == id) {
            let open = self.remove(at);
            self.remember(&open.request_id);
            actions.push(Action::IncomingAnswered { id, response: verdict });
        }
    }

    /// Closes a request that the CLI cancelled. Returns `true` if the request was open.
    pub(crate) fn withdraw(&mut self, request_id: &str, actions: &mut Actions) -> bool {
        let Some(at) = self.open.iter().position(|open| open.request_id == request_id) else { return false };
        let incoming = self.remove(at).incoming.id;
        actions.push(Action::IncomingCancelled { id: incoming, reason: CancelledReason::Cli });
        true
    }

    pub(crate) fn withdraw_all(&mut self, reason: CancelledReason, actions: &mut Actions) {
        for open in std::mem::take(&mut self.open) {
            actions.push(Action::IncomingCancelled { id: open.incoming.id, reason });
        }
        self.bytes = 0;
    }

    /// Records that a response was written.
    pub(crate) fn remember(&mut self, request_id: &str) {
        note(&mut self.unechoed, request_id);
        self.end(request_id);
    }

    /// Records that an incoming request has ended for the host, with or without a response.
    pub(crate) fn end(&mut self, request_id: &str) {
        note(&mut self.over, request_id);
    }

    /// Returns `true` if a `control_response` is the CLI's echo of a response. Each echo is expected once.
    pub(crate) fn is_echo(&mut self, request_id: &str) -> bool {
        forget(&mut self.unechoed, request_id)
    }

    fn remove(&mut self, at: usize) -> Open {
        let open = self.open.remove(at);
        self.bytes -= open.incoming.message.as_bytes().len();
        open
    }
}

fn note(ids: &mut VecDeque<String>, id: &str) {
    if ids.len() == REMEMBERED {
        ids.pop_front();
    }
    ids.push_back(id.to_owned());
}

fn forget(ids: &mut VecDeque<String>, id: &str) -> bool {
    let at = ids.iter().position(|own| own == id);
    at.and_then(|at| ids.remove(at)).is_some()
}

/// Returns the tool's own input, which is sent with an allow that has no other input. Without an input, allowing
/// is impossible.
fn own_input(decision: &Decision, incoming: &IncomingRequest) -> Result<Option<Json>, DecodeError> {
    let Decision::Allow(Allow { input, .. }) = decision else { return Ok(None) };
    let own = control::tool_input(incoming.message.as_bytes())?;
    Ok(input.is_none().then(|| Json::from_line(own.as_bytes())))
}
