//! Events for inputs, and for commands to the child.

use std::fmt;

use super::shown::{content, name};
use super::{Tracer, emit};
use crate::base::ids::{PromptId, RequestId};
use crate::incoming::{Decision, IncomingResponse};
use crate::protocol::advice::Advice;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

impl Tracer {
    /// Traces an input, before the session processes it.
    pub fn input(&mut self, input: &Input<'_>) {
        if self.closed {
            return;
        }
        let session = &self.session;
        match input {
            Input::Receive(bytes) => emit!(TRACE, session, length = bytes.len(), "stdout"),
            Input::Sent(length) => emit!(TRACE, session, length, "stdin"),
            Input::Timeout => emit!(TRACE, session, "timeout"),
            Input::Eof => emit!(DEBUG, session, "stdout ended"),
            Input::Stderr(bytes) => {
                emit!(DEBUG, session, length = bytes.len(), "stderr");
                content(session, "stderr", bytes);
            }
            Input::StderrEof => emit!(DEBUG, session, "stderr ended"),
            Input::Exited(exit) => {
                self.exited = true;
                emit!(DEBUG, session, exit = %exit, "exited");
            }
            Input::SendFailed => emit!(DEBUG, session, "stdin failed"),
            Input::Prompt(prompt) => {
                let text = prompt.content.as_str();
                emit!(DEBUG, session, length = text.len(), "prompt");
                content(session, "prompt", text.as_bytes());
            }
            Input::Cancel(prompt) => emit!(DEBUG, session, prompt = prompt.number(), "cancel"),
            Input::Interrupt(interrupt) => {
                let (prompt, cancel_queued) = (interrupt.target.map(PromptId::number), interrupt.cancel_queued);
                emit!(DEBUG, session, prompt, cancel_queued, "interrupt");
            }
            Input::Request(request) => emit!(DEBUG, session, subtype = &*name(&request.subtype), "request"),
            Input::Respond(incoming, response) => {
                emit!(DEBUG, session, incoming = incoming.number(), response = response_name(response), "respond");
                if tracing::enabled!(target: super::TARGET, tracing::Level::TRACE) {
                    content(session, "respond", &serde_json::to_vec(response).unwrap_or_default());
                }
            }
            Input::Close if self.turns.running().is_some() => {
                let at_most_s = self.turn_grace.as_secs();
                emit!(INFO, session, at_most_s, "close waits for the running turn");
            }
            Input::Close => emit!(DEBUG, session, "close"),
            Input::CloseNow => emit!(DEBUG, session, "close now"),
            Input::Abort => emit!(DEBUG, session, "abort"),
        }
    }

    /// Traces advice about the options that the child was started with.
    pub fn advice(&mut self, advice: &Advice) {
        emit!(WARN, &self.session, advice = %advice, "advice");
    }

    /// Traces that the last input, a prompt, was accepted.
    pub fn prompt_accepted(&mut self, prompt: PromptId) {
        emit!(DEBUG, &self.session, prompt = prompt.number(), uuid = %prompt.uuid(), "prompt accepted");
    }

    /// Traces that the last input, a request or interrupt, was accepted.
    pub fn request_accepted(&mut self, request: RequestId) {
        emit!(DEBUG, &self.session, request = request.number(), "request accepted");
    }

    /// Traces that the last input, a command, was refused: [`RefusedError`](crate::RefusedError),
    /// [`StaleIdError`](crate::StaleIdError) or [`RespondError`](crate::RespondError).
    pub fn command_refused(&mut self, reason: &dyn fmt::Display) {
        if !self.closed {
            emit!(DEBUG, &self.session, reason = %reason, "refused");
        }
    }

    /// Traces a command to the child.
    pub fn child_command(&mut self, order: ChildCommand) {
        if self.closed {
            return;
        }
        let session = &self.session;
        match order {
            ChildCommand::CloseStdin => emit!(DEBUG, session, "close stdin"),
            ChildCommand::Terminate => emit!(WARN, session, "terminate"),
            // After the exit, the kill is for processes that the child left running.
            ChildCommand::Kill => emit!(DEBUG if self.exited, else WARN, session, "kill"),
        }
    }

    /// Returns `true` if a subscriber may be interested in commands.
    #[cfg(feature = "driver")]
    pub(crate) fn wants_commands(&self) -> bool {
        !self.closed && tracing::enabled!(target: super::TARGET, tracing::Level::DEBUG)
    }
}

fn response_name(response: &IncomingResponse) -> &'static str {
    match response {
        IncomingResponse::Permission(Decision::Allow(_)) => "allow",
        IncomingResponse::Permission(Decision::Deny(_)) => "deny",
        IncomingResponse::Hook(_) => "hook",
        IncomingResponse::Mcp(_) => "mcp",
        IncomingResponse::Elicitation(_) => "elicitation",
        IncomingResponse::Dialog(_) => "dialog",
        IncomingResponse::Raw(_) => "raw",
        IncomingResponse::Error { .. } => "error",
        IncomingResponse::Decline => "decline",
    }
}
