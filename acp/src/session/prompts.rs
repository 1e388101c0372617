//! Prompts of the client: each gets one response, in version 1 of the protocol after the last update of its turn.

use std::collections::BTreeMap;

use agent_client_protocol::v1::schema::{PromptRequest, PromptResponse, StopReason};
use agent_client_protocol::{Error, Responder};
use claude_duplex::message::assistant::StopReason as Stop;
use claude_duplex::message::result::ResultKind;
use claude_duplex::{Interrupt, LostReason, Message, Outcome, PromptId};

use super::{Session, Waiting};
use crate::content;
use crate::failure;
use crate::translate;

/// Prompts that have not ended.
#[derive(Default)]
pub(super) struct Prompts(pub(super) BTreeMap<PromptId, Open>);

/// A prompt that has not ended.
pub(super) struct Open {
    /// `None` if the client has the response, or the client of another agent has sent the prompt.
    pub(super) responder: Option<PromptResponder>,
    /// `true` if the client has cancelled the prompt.
    pub(super) cancelled: bool,
    /// `true` if the prompt came from the client of another agent, and this client was not shown its text yet.
    pub(super) unseen: bool,
}

impl Open {
    fn new(responder: PromptResponder) -> Self {
        Self { responder: Some(responder), cancelled: false, unseen: false }
    }
}

/// Responder of a prompt. The version of the protocol decides when it is used.
pub(crate) enum PromptResponder {
    /// Version 1: used when the prompt has ended.
    AtEnd(Responder<PromptResponse>),
    /// Version 2: used when the prompt is inserted into the conversation.
    #[cfg(feature = "protocol-v2")]
    AtInsertion(super::Insertion),
}

impl PromptResponder {
    /// Responds with an error.
    pub(super) fn fail(self, error: Error) {
        match self {
            // A client that is gone needs no response.
            Self::AtEnd(responder) => drop(responder.respond_with_error(error)),
            #[cfg(feature = "protocol-v2")]
            Self::AtInsertion(insertion) => insertion.fail(error),
        }
    }
}

impl Prompts {
    /// Takes over prompts that the client of another agent has sent.
    #[cfg(unix)]
    pub(super) fn from_others(prompts: impl Iterator<Item = PromptId>) -> Self {
        Self(prompts.map(|prompt| (prompt, Open { responder: None, cancelled: false, unseen: true })).collect())
    }

    /// Records that the client is shown the message. Returns `true` if it is the text of an unseen prompt.
    pub(super) fn show(&mut self, message: &Message) -> bool {
        self.0.values().any(|open| open.unseen)
            && is_echo(message)
            && message.uuid().is_some_and(|id| self.show_id(&id))
    }

    /// Records that the client is shown the prompt with that id. Returns `true` if it was unseen.
    pub(super) fn show_id(&mut self, id: &str) -> bool {
        let unseen = self.0.iter_mut().find(|(prompt, open)| open.unseen && prompt.uuid().to_string() == id);
        unseen.map(|(_, open)| open.unseen = false).is_some()
    }
}

/// Returns whether a message repeats a prompt.
pub(super) fn is_echo(message: &Message) -> bool {
    message.user().is_ok_and(|user| user.is_replay)
}

impl Session {
    /// Passes a prompt to the CLI. Starts a new CLI if the last one has ended.
    pub(super) async fn prompt(&mut self, request: PromptRequest, responder: PromptResponder) {
        match self.accept(request).await {
            Ok(id) => drop(self.prompts.0.insert(id, Open::new(responder))),
            Err(error) => responder.fail(error),
        }
    }

    async fn accept(&mut self, request: PromptRequest) -> Result<PromptId, Error> {
        let prompt = content::prompt(request.prompt)?;
        if self.closing.is_some() {
            return Err(failure::internal("the session is closed; load it or create another"));
        }
        if self.claude.is_none() {
            self.restart().await?;
        }
        let claude = self.claude.as_mut().ok_or_else(Error::internal_error)?;
        claude.prompt(prompt).map_err(|refused| failure::internal(format!("the prompt was refused: {refused}")))
    }

    /// Cancels all waiting prompts, and interrupts the running turn.
    ///
    /// Without a turn nothing is interrupted: on some versions an interrupt without a turn stops the next one.
    pub(super) fn cancel(&mut self) {
        self.note_cancellation();
        let Some(claude) = &mut self.claude else { return };
        for (id, open) in &mut self.prompts.0 {
            open.cancelled = true;
            // A prompt that cannot be withdrawn is stopped when its turn begins.
            claude.cancel(*id);
        }
        if !self.turns.is_empty() {
            self.interrupt(Interrupt::running());
        }
    }

    /// Interrupts a turn that begins for a prompt that was cancelled before.
    pub(super) fn stop_if_cancelled(&mut self) {
        let cancelled = self.prompts.0.iter().find(|(_, open)| open.cancelled);
        if let Some(id) = cancelled.map(|(id, _)| *id) {
            self.interrupt(Interrupt::prompt(id));
        }
    }

    fn interrupt(&mut self, interrupt: Interrupt) {
        let Some(claude) = &mut self.claude else { return };
        // A turn that has ended meanwhile needs no interrupt.
        if let Ok(request) = claude.interrupt(interrupt) {
            self.waiting.insert(request, Waiting::Interrupt);
        }
    }

    /// Shows the text of a prompt's result that no message has, e.g. the output of a local command or the reason of a hook.
    pub(super) fn show_result(&mut self, prompt: PromptId, outcome: Outcome, result: Option<&Message>) {
        let is_open = self.prompts.0.contains_key(&prompt);
        let has_text = is_open && matches!(outcome, Outcome::Local | Outcome::Blocked | Outcome::Success);
        let text = result.filter(|_| has_text && !self.translator.has_output()).and_then(Message::result_text);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let update = self.translator.note(text);
            self.client.update(update);
        }
    }

    /// Responds to a prompt that has ended.
    pub(super) fn prompt_ended(&mut self, prompt: PromptId, outcome: Outcome, result: Option<&Message>) {
        let Some(open) = self.prompts.0.remove(&prompt) else { return };
        let stop = match stop_reason(outcome, result) {
            _ if open.cancelled => Ok(StopReason::Cancelled),
            Err(Ended::Lost) => {
                // The end of the session has the reason.
                self.prompts.0.insert(prompt, open);
                return;
            }
            Err(Ended::Failed(error)) => Err(error),
            Ok(stop) => Ok(stop),
        };
        self.respond_to_prompt(prompt, open.responder, stop);
    }

    /// Responds to a prompt that has ended. If no request waits for its end, an update reports the end.
    #[cfg_attr(
        not(feature = "protocol-v2"),
        expect(unused_variables, reason = "only version 2 refers to prompts by id")
    )]
    fn respond_to_prompt(
        &mut self,
        prompt: PromptId,
        responder: Option<PromptResponder>,
        stop: Result<StopReason, Error>,
    ) {
        match responder {
            // A client that is gone needs no response.
            Some(PromptResponder::AtEnd(responder)) => {
                let _ = responder.respond_with_result(stop.map(PromptResponse::new));
            }
            #[cfg(feature = "protocol-v2")]
            Some(PromptResponder::AtInsertion(insertion)) => self.not_inserted(prompt, insertion, stop),
            #[cfg(feature = "protocol-v2")]
            None if self.client.is_v2() => self.stopped(stop),
            None => self.client.update(translate::turn_ended(stop)),
        }
    }

    /// Responds with an error to all prompts of a CLI that has ended.
    pub(super) fn lose_prompts(&mut self, error: &Error) {
        for (prompt, Open { responder, cancelled, .. }) in std::mem::take(&mut self.prompts.0) {
            let is_cancelled = cancelled || self.closing.is_some();
            let stop = if is_cancelled { Ok(StopReason::Cancelled) } else { Err(error.clone()) };
            self.respond_to_prompt(prompt, responder, stop);
        }
    }
}

/// End of a prompt without a `StopReason`.
pub(super) enum Ended {
    Failed(Error),
    /// The CLI has ended, or will.
    Lost,
}

pub(super) fn stop_reason(outcome: Outcome, result: Option<&Message>) -> Result<StopReason, Ended> {
    let details = || result.and_then(|result| result.result().ok());
    match outcome {
        Outcome::Success => Ok(match details().and_then(|result| result.stop_reason) {
            Some(Stop::MaxTokens | Stop::ModelContextWindowExceeded) => StopReason::MaxTokens,
            Some(Stop::Refusal) => StopReason::Refusal,
            _ => StopReason::EndTurn,
        }),
        Outcome::Cancelled | Outcome::Interrupted | Outcome::TimedOut { .. } => Ok(StopReason::Cancelled),
        Outcome::Lost(LostReason::NoResult) => {
            Err(Ended::Failed(failure::internal("the turn has ended, and its result cannot be read")))
        }
        Outcome::Lost(_) => Err(Ended::Lost),
        Outcome::Error => match details() {
            Some(result) if result.subtype == ResultKind::ErrorMaxTurns => Ok(StopReason::MaxTurnRequests),
            Some(result) => Err(Ended::Failed(failure::failed(result.failure(), result.error_text()))),
            None => Err(Ended::Failed(failure::internal("the turn has failed"))),
        },
        _ => Ok(StopReason::EndTurn),
    }
}
