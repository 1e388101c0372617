//! State of the session, for clients of version 2. They get the response to a prompt when the prompt is inserted into the
//! conversation. The state reports the end of its turn.
//!
//! A prompt is inserted when no other is before it, or when a turn takes it. The state `idle` comes after
//! all updates of the work that has ended.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::StopReason;
use agent_client_protocol::v2::Responder;
use agent_client_protocol::v2::schema::{
    ContentBlock, IdleStateUpdate, MessageId, PromptResponse, RequiresActionStateUpdate, RunningStateUpdate,
    SessionUpdate, StateUpdate, UserMessage,
};
use claude_duplex::{Message, Outcome, PromptId};

use super::prompts::{Ended, PromptResponder, Prompts, stop_reason};
use super::{Opener, Session};
use crate::client::Client;
use crate::v2;

/// Request of a prompt that is not part of the conversation yet.
pub(crate) struct Insertion {
    responder: Responder<PromptResponse>,
    content: Vec<ContentBlock>,
    /// Ready when the client withdraws the request.
    withdrawn: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Insertion {
    pub(crate) fn new(responder: Responder<PromptResponse>, content: Vec<ContentBlock>) -> Self {
        let cancellation = responder.cancellation();
        let withdrawn = Box::pin(async move { cancellation.cancelled().await });
        Self { responder, content, withdrawn: Some(withdrawn) }
    }

    /// Responds with an error: the prompt does not become a part of the conversation.
    pub(super) fn fail(self, error: Error) {
        // A client that is gone needs no response.
        let _ = self.responder.respond_with_error(error);
    }
}

/// State that was reported last, and the end of the last work.
#[derive(Default)]
pub(super) struct Reports {
    state: State,
    stop: Option<Result<StopReason, Error>>,
    /// `true` if the client has cancelled the work.
    is_cancelled: bool,
    /// `true` if a state was reported to the client.
    has_reports: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Running,
    RequiresAction,
}

impl Reports {
    /// Returns the reports for a client, if it gets them.
    pub(super) fn of(client: &Client) -> Option<Self> {
        client.is_v2().then(Self::default)
    }
}

impl Prompts {
    /// Polls for a prompt that the client has withdrawn.
    pub(super) fn poll_withdrawn(&mut self, cx: &mut Context<'_>) -> Poll<PromptId> {
        for (id, open) in &mut self.0 {
            if let Some(PromptResponder::AtInsertion(insertion)) = &mut open.responder
                && let Some(withdrawn) = &mut insertion.withdrawn
                && withdrawn.as_mut().poll(cx).is_ready()
            {
                insertion.withdrawn = None;
                return Poll::Ready(*id);
            }
        }
        Poll::Pending
    }

    /// Returns the oldest prompt, if it waits to be inserted into the conversation.
    fn next(&self) -> Option<PromptId> {
        let (id, open) = self.0.first_key_value()?;
        let waits = matches!(open.responder, Some(PromptResponder::AtInsertion(_))) && !open.cancelled;
        waits.then_some(*id)
    }
}

impl Session {
    /// Inserts the oldest prompt if it can be inserted, and reports the state if it has changed.
    pub(super) fn report(&mut self) {
        if self.reports.is_none() {
            return;
        }
        self.report_change();
        let can_begin = self.turns.is_empty() && self.opening.is_none() && self.closing.is_none();
        if let Some(id) = self.prompts.next().filter(|_| can_begin) {
            self.insert(id);
            self.report_change();
        }
    }

    /// Inserts a prompt that a turn has taken.
    pub(super) fn prompt_taken(&mut self, prompt: PromptId) {
        if self.prompts.0.get(&prompt).is_some_and(|open| open.responder.is_some()) {
            self.insert(prompt);
        }
    }

    /// Withdraws a prompt, unless it is a part of the conversation.
    pub(super) fn withdraw(&mut self, prompt: PromptId) {
        if let (Some(open), Some(claude)) = (self.prompts.0.get_mut(&prompt), &mut self.claude) {
            open.cancelled = true;
            claude.cancel(prompt);
        }
    }

    fn insert(&mut self, prompt: PromptId) {
        let Some(open) = self.prompts.0.get_mut(&prompt) else { return };
        match open.responder.take() {
            Some(PromptResponder::AtInsertion(insertion)) => self.show(prompt, insertion),
            other => open.responder = other,
        }
    }

    fn show(&self, prompt: PromptId, insertion: Insertion) {
        // That of the message on disk, which a replay has too.
        let id = MessageId::new(prompt.uuid().to_string());
        let message = UserMessage::new(id.clone()).content(insertion.content);
        self.client.update_v2(SessionUpdate::UserMessage(message));
        let _ = insertion.responder.respond(PromptResponse::new(id));
    }

    /// Handles the end of a prompt that is not a part of the conversation.
    pub(super) fn not_inserted(&mut self, prompt: PromptId, insertion: Insertion, stop: Result<StopReason, Error>) {
        let error = match stop {
            Ok(StopReason::Cancelled) => Error::request_cancelled(),
            Err(error) => error,
            // Old versions do not report that a turn has taken a prompt.
            stop => {
                self.show(prompt, insertion);
                return self.stopped(stop);
            }
        };
        insertion.fail(error);
    }

    /// Stores the reason why a prompt has ended.
    pub(super) fn stopped(&mut self, stop: Result<StopReason, Error>) {
        if let Some(reports) = &mut self.reports {
            reports.stop = Some(stop);
        }
    }

    /// Stores the reason why a turn has ended, unless a prompt has stored one.
    pub(super) fn turn_stopped(&mut self, result: Option<&Message>) {
        let Some(reports) = self.reports.as_mut().filter(|reports| reports.stop.is_none()) else { return };
        let is_error = result.and_then(|result| result.result().ok()).is_some_and(|result| result.is_error);
        let outcome = if is_error { Outcome::Error } else { Outcome::Success };
        reports.stop = match stop_reason(outcome, result) {
            _ if reports.is_cancelled => Some(Ok(StopReason::Cancelled)),
            Ok(stop) => Some(Ok(stop)),
            Err(Ended::Failed(error)) => Some(Err(error)),
            Err(Ended::Lost) => None,
        };
    }

    /// Records that the client has cancelled the work.
    pub(super) fn note_cancellation(&mut self) {
        if let Some(reports) = &mut self.reports {
            reports.is_cancelled = true;
        }
    }

    /// Stores the reason why the CLI has ended during work.
    pub(super) fn note_loss(&mut self, error: &Error) {
        let is_closing = self.closing.is_some();
        if let Some(reports) = self.reports.as_mut().filter(|reports| reports.stop.is_none()) {
            let is_cancelled = is_closing || reports.is_cancelled;
            reports.stop = Some(if is_cancelled { Ok(StopReason::Cancelled) } else { Err(error.clone()) });
        }
    }

    /// Reports the state of a resumed session, before the response.
    pub(super) fn report_resumption(&mut self, opener: &Opener) {
        if self.reports.is_none() || !matches!(opener, Opener::Load(_) | Opener::Resume(_)) {
            return;
        }
        // The replay of a session that was kept has reports.
        if self.reports.as_ref().is_some_and(|reports| reports.has_reports) {
            return self.report_change();
        }
        let state = self.state();
        self.report_state(state);
    }

    fn state(&self) -> State {
        let is_inserted = self.prompts.0.values().any(|open| open.responder.is_none());
        match (self.turns.is_empty(), self.open_requests.is_empty()) {
            (true, _) if !is_inserted => State::Idle,
            (false, false) => State::RequiresAction,
            _ => State::Running,
        }
    }

    fn report_change(&mut self) {
        let state = self.state();
        if self.reports.as_ref().is_some_and(|reports| reports.state != state) {
            self.report_state(state);
        }
    }

    fn report_state(&mut self, state: State) {
        let Some(reports) = &mut self.reports else { return };
        reports.has_reports = true;
        let was_idle = std::mem::replace(&mut reports.state, state) == State::Idle;
        if was_idle {
            (reports.stop, reports.is_cancelled) = (None, false);
        }
        let update = match state {
            State::Running => StateUpdate::Running(RunningStateUpdate::new()),
            State::RequiresAction => StateUpdate::RequiresAction(RequiresActionStateUpdate::new()),
            State::Idle => {
                let stop = reports.stop.take().map(v2::stop_reason);
                StateUpdate::Idle(IdleStateUpdate::new().stop_reason(stop))
            }
        };
        self.client.update_v2(SessionUpdate::StateUpdate(update));
    }
}
