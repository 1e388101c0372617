//! The client's prompts: each is answered once, after the last update of its turn.

use std::collections::BTreeMap;

use agent_client_protocol::Error;
use agent_client_protocol::v1::Responder;
use agent_client_protocol::v1::schema::{PromptRequest, PromptResponse, StopReason};
use claude_duplex::message::assistant::StopReason as Stop;
use claude_duplex::message::result::ResultKind;
use claude_duplex::{Interrupt, LostReason, Message, Outcome, PromptId};

use super::{Session, Waiting};
use crate::content;
use crate::failure;
use crate::translate::Translator;

/// Prompts without an answer.
#[derive(Default)]
pub(super) struct Prompts(BTreeMap<PromptId, Open>);

struct Open {
    responder: Responder<PromptResponse>,
    /// The client has cancelled it.
    cancelled: bool,
}

impl Session {
    /// Passes a prompt to the CLI, and starts one if the last has ended.
    pub(super) fn prompt(&mut self, request: PromptRequest, responder: Responder<PromptResponse>) {
        match self.accept(request) {
            Ok(id) => drop(self.prompts.0.insert(id, Open { responder, cancelled: false })),
            // A client that is gone needs no response.
            Err(error) => drop(responder.respond_with_error(error)),
        }
    }

    fn accept(&mut self, request: PromptRequest) -> Result<PromptId, Error> {
        let prompt = content::prompt(request.prompt)?;
        if self.closing.is_some() {
            return Err(failure::internal("the session is closed"));
        }
        if self.claude.is_none() {
            self.restart()?;
        }
        let claude = self.claude.as_mut().ok_or_else(Error::internal_error)?;
        claude.driver.prompt(prompt).map_err(|refused| failure::internal(format!("the prompt is refused: {refused}")))
    }

    /// Cancels all prompts: those that wait, and the turn that runs.
    ///
    /// Without a turn nothing is interrupted: on some versions an interrupt without a turn stops the next one.
    pub(super) fn cancel(&mut self) {
        let Some(claude) = &mut self.claude else { return };
        for (id, open) in &mut self.prompts.0 {
            open.cancelled = true;
            // What has begun cannot be withdrawn, and what cannot be withdrawn is stopped when its turn begins.
            let _ = claude.driver.cancel(*id);
        }
        if !self.turns.is_empty() {
            self.interrupt(Interrupt::running());
        }
    }

    /// Stops a turn that begins for a prompt that was cancelled on its way.
    pub(super) fn begun(&mut self) {
        let cancelled = self.prompts.0.iter().find(|(_, open)| open.cancelled);
        if let Some(id) = cancelled.map(|(id, _)| *id) {
            self.interrupt(Interrupt::prompt(id));
        }
    }

    fn interrupt(&mut self, interrupt: Interrupt) {
        let Some(claude) = &mut self.claude else { return };
        // A turn that has ended meanwhile needs none.
        if let Ok(request) = claude.driver.interrupt(interrupt) {
            self.waiting.insert(request, Waiting::Interrupt);
        }
    }

    /// Answers a prompt that has ended.
    pub(super) fn ended(&mut self, prompt: PromptId, outcome: Outcome, result: Option<&Message>) {
        let Some(Open { responder, cancelled }) = self.prompts.0.remove(&prompt) else { return };
        // What no message has said, e.g. the output of a local command, or the reason of a hook.
        let has_text = matches!(outcome, Outcome::Local | Outcome::Blocked | Outcome::Success);
        let text = result.filter(|_| has_text && !self.shown.has_spoken()).and_then(Message::result_text);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.client.update(Translator::note(text));
        }
        let stop = match stop_reason(outcome, result) {
            _ if cancelled => Ok(StopReason::Cancelled),
            Err(Ended::Lost) => {
                // The end of the session has the reason.
                self.prompts.0.insert(prompt, Open { responder, cancelled });
                return;
            }
            Err(Ended::Failed(error)) => Err(error),
            Ok(stop) => Ok(stop),
        };
        let _ = responder.respond_with_result(stop.map(PromptResponse::new));
    }

    /// Answers all prompts of a CLI that has ended.
    pub(super) fn lose_prompts(&mut self, error: &Error) {
        for (_, Open { responder, cancelled }) in std::mem::take(&mut self.prompts.0) {
            let _ = match cancelled || self.closing.is_some() {
                true => responder.respond(PromptResponse::new(StopReason::Cancelled)),
                false => responder.respond_with_error(error.clone()),
            };
        }
    }
}

/// How a prompt ended without a reason to stop.
enum Ended {
    Failed(Error),
    /// The CLI has ended, or will.
    Lost,
}

fn stop_reason(outcome: Outcome, result: Option<&Message>) -> Result<StopReason, Ended> {
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
