//! Events for the actions of a session.

use std::fmt::Write as _;

use tracing::{Span, field};

use super::shown::{content, name, subtype};
use super::turns::origin_name;
use super::{Tracer, emit};
use crate::base::error::{LostReason, RequestError};
use crate::base::ids::{PromptId, RequestId, TurnId};
use crate::incoming::{IncomingKind, ResponseKind};
use crate::message::Message;
use crate::outgoing::request::Response;
use crate::protocol::action::{Action, CliSession, DeclinedReason, Outcome, WaitReason};
use crate::protocol::end::{CloseReason, SessionClosed};
use crate::wire::facts::LONGEST_NAME;
use crate::wire::kind::MessageKind;
use crate::wire::scan::raw::Raw;

/// Number of called tools of a message that are named. A message of the CLI calls one.
const TOOLS: usize = 16;

impl Tracer {
    /// Traces an action, when the host gets it. The [end](Action::Closed) is the last event.
    pub fn action(&mut self, action: &Action) {
        if self.closed {
            return;
        }
        let here = || self.turns.running().unwrap_or(&self.session);
        match action {
            Action::Message { turn, message } => message_event(self.of(*turn), message),
            Action::Session(session) => self.introduced(session),
            Action::TurnStarted { turn, origin } => {
                self.turns.start(&self.session, *turn, origin);
                emit!(
                    DEBUG,
                    self.of(Some(*turn)),
                    turn = turn.number(),
                    origin = &*origin_name(origin),
                    "turn started"
                );
            }
            Action::PromptTaken { prompt, turn } => {
                self.turns.take(*turn, *prompt);
                emit!(DEBUG, self.of(Some(*turn)), prompt = prompt.number(), turn = turn.number(), "prompt taken");
            }
            Action::TurnEnded { turn, origin, result } => {
                self.turns.end(*turn, origin, result.as_ref());
                emit!(
                    WARN if result.is_none(), else DEBUG,
                    self.of(Some(*turn)),
                    turn = turn.number(),
                    origin = &*origin_name(origin),
                    result = result.as_ref().map(subtype).as_deref(),
                    "turn ended"
                );
            }
            Action::PromptEnded { prompt, turn, outcome, result, .. } => {
                self.turns.end_prompt(*turn, *outcome);
                prompt_ended(self.of(*turn), *prompt, *turn, *outcome, result.as_ref());
            }
            Action::ResponseReceived { request, response } => response_received(here(), *request, response),
            Action::IncomingRequest(incoming) => {
                let (message, kind) = (incoming.message(), incoming.kind());
                let length = message.as_bytes().len();
                emit!(
                    DEBUG,
                    here(), incoming = incoming.id().number(), kind = %kind, about = about(kind, message), length, "incoming request"
                );
                content(here(), "incoming request", message.as_bytes());
            }
            Action::IncomingDeclined { message, kind, reason } => {
                let is_due = matches!(reason, DeclinedReason::Undeclared | DeclinedReason::Closing);
                let length = message.as_bytes().len();
                emit!(
                    DEBUG if is_due, else WARN,
                    here(), kind = %kind, about = about(*kind, message), reason = ?reason, length, "incoming declined"
                );
                content(here(), "incoming declined", message.as_bytes());
            }
            Action::IncomingAnswered { id: incoming, response } => {
                let is_served = *response != ResponseKind::Declined;
                emit!(
                    DEBUG if is_served, else WARN,
                    here(), incoming = incoming.number(), response = %response, "incoming answered"
                );
            }
            Action::IncomingCancelled { id: incoming, reason } => {
                emit!(DEBUG, here(), incoming = incoming.number(), reason = ?reason, "incoming cancelled")
            }
            Action::RejectedLine(rejected) => {
                let (reason, length, result_due) = (rejected.reason, rejected.length, rejected.result_due);
                emit!(WARN, here(), reason = ?reason, length, result_due, declined = ?rejected.declined, "rejected line");
                content(here(), "rejected line", &rejected.head);
            }
            Action::DamagedLine(damaged) => {
                let (length, dropped) = (damaged.length, damaged.dropped_length);
                emit!(WARN, here(), length, dropped, messages = damaged.messages, "damaged line");
                content(here(), "damaged line", &damaged.dropped);
            }
            // The trace contains both already, as inputs and commands.
            Action::StderrLine(_) | Action::WireLine(_) => {}
            Action::UnmatchedResponse(message) => {
                let length = message.as_bytes().len();
                emit!(DEBUG, here(), kind = &*name(&message.type_name()), length, "unmatched response");
                content(here(), "unmatched response", message.as_bytes());
            }
            Action::DeadlineExceeded { deadline, reason } => {
                let tool = match reason {
                    WaitReason::Tool { name: tool, .. } => Some(name(tool)),
                    _ => None,
                };
                emit!(WARN, here(), deadline = %deadline, reason = reason.as_str(), tool = tool.as_deref(), "deadline exceeded")
            }
            Action::Idle => emit!(DEBUG, here(), "idle"),
            Action::CapacityAvailable => emit!(DEBUG, here(), "capacity available"),
            Action::Closed(closed) => {
                session_closed(&self.session, closed);
                self.end();
            }
        }
        self.turns.tidy(action);
    }

    /// Returns the span for an action of this turn.
    fn of(&self, turn: Option<TurnId>) -> &Span {
        turn.and_then(|turn| self.turns.get(turn)).unwrap_or(&self.session)
    }

    fn introduced(&self, session: &CliSession) {
        let (session_id, cli_version) = (name(&session.id), session.version.as_deref().map(name));
        let (session_id, cli_version) = (&*session_id, cli_version.as_deref());
        self.session.record("session_id", session_id).record("cli_version", cli_version);
        let capabilities = session.capabilities.len();
        emit!(INFO, &self.session, session_id, cli_version, capabilities, "session introduced");
    }
}

fn message_event(span: &Span, message: &Message) {
    let kind = message.kind();
    emit!(
        TRACE if kind == MessageKind::StreamEvent, else DEBUG,
        span,
        kind = &*name(&message.type_name()),
        subtype = message.subtype().as_deref().map(name).as_deref(),
        subagent = message.is_subagent(),
        tools = (kind == MessageKind::Assistant).then(|| tools(message)).flatten().as_deref(),
        length = message.as_bytes().len(),
        "message"
    );
    content(span, "message", message.as_bytes());
}

/// Returns the names of the first tools that a message calls, and reads nothing else of its content.
fn tools(message: &Message) -> Option<String> {
    let blocks = Raw::line(message.as_bytes()).get("message")?.get("content")?;
    let calls = blocks.items().filter(|block| block.text_of("type").is_some_and(|kind| kind.is("tool_use")));
    let mut names = String::new();
    for (at, call) in calls.take(TOOLS + 1).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let called = call.text_of("name").map(|name| name.start(LONGEST_NAME)).unwrap_or_default();
        let _ = write!(names, "{comma}{}", if at < TOOLS { &*called } else { "..." });
    }
    (!names.is_empty()).then(|| name(&names).into_owned())
}

fn prompt_ended(span: &Span, prompt: PromptId, turn: Option<TurnId>, outcome: Outcome, result: Option<&Message>) {
    let lost = match outcome {
        Outcome::Lost(reason) => Some(reason),
        _ => None,
    };
    emit!(
        WARN if matches!(outcome, Outcome::Error | Outcome::Lost(_)), else DEBUG,
        span,
        prompt = prompt.number(),
        turn = turn.map(TurnId::number),
        outcome = outcome.as_str(),
        lost = lost.map(field::debug),
        result = result.map(subtype).as_deref(),
        "prompt ended"
    );
}

fn response_received(span: &Span, request: RequestId, response: &Result<Response, RequestError>) {
    let request = request.number();
    let failed = |result: &str, reason: Option<LostReason>| {
        emit!(WARN, span, request, result, lost = reason.map(field::debug), "response received")
    };
    match response {
        Ok(response) => {
            let line = response.message().as_bytes();
            emit!(DEBUG, span, request, result = "success", length = line.len(), "response received");
            content(span, "response received", line);
        }
        Err(RequestError::Refused { message, code }) => {
            let code = code.as_deref().map(name);
            emit!(
                DEBUG,
                span,
                request,
                result = "refused",
                code = code.as_deref(),
                length = message.len(),
                "response received"
            );
            content(span, "response received", message.as_bytes());
        }
        Err(RequestError::TimedOut) => failed("timed out", None),
        Err(RequestError::TooLong { .. }) => failed("too long", None),
        Err(RequestError::Failed { message, reason }) => {
            failed("failed", Some(*reason));
            content(span, "response received", message.as_bytes());
        }
        Err(RequestError::Lost(reason)) => failed("lost", Some(*reason)),
    }
}

/// Returns the subject of an incoming request, e.g. the name of its tool, and reads nothing else of it.
fn about(kind: IncomingKind, message: &Message) -> Option<String> {
    let request = Raw::line(message.as_bytes()).get("request")?;
    let about = match kind {
        IncomingKind::Permission => request.text_of("tool_name"),
        IncomingKind::Hook => request.get("input")?.text_of("hook_event_name"),
        IncomingKind::Mcp => request.text_of("server_name"),
        IncomingKind::Elicitation => request.text_of("mcp_server_name"),
        IncomingKind::Dialog => request.text_of("dialog_kind"),
        IncomingKind::Unknown => None,
    }?;
    Some(name(&about.start(LONGEST_NAME)).into_owned())
}

fn session_closed(span: &Span, closed: &SessionClosed) {
    let is_ordered = matches!(closed.reason, CloseReason::Closed | CloseReason::Aborted);
    let last_error = closed.last_error.as_deref();
    emit!(
        INFO if is_ordered && !closed.cut_input && !closed.output_held, else WARN,
        span,
        reason = ?closed.reason,
        exit = closed.exit.map(field::display),
        stderr = closed.stderr.len(),
        rejected_tail = closed.rejected_tail.len(),
        last_error = last_error.map(str::len),
        cut_input = closed.cut_input,
        output_held = closed.output_held,
        "session closed"
    );
    content(span, "session closed", closed.stderr.as_bytes());
    content(span, "session closed", closed.rejected_tail.as_bytes());
    if let Some(error) = last_error {
        content(span, "session closed", error.as_bytes());
    }
}
