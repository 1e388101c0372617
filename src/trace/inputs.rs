//! What the session is told, and what is to be done to its child.

use std::fmt;

use super::shown::{content, name};
use super::{Tracer, tell};
use crate::ask::{Answer, Decision};
use crate::end::ChildAction;
use crate::ids::{PromptId, RequestId};
use crate::input::Input;

impl Tracer {
    /// What the session is told, before it is.
    pub fn input(&mut self, input: &Input<'_>) {
        if self.closed {
            return;
        }
        let session = &self.session;
        match input {
            Input::Receive(bytes) => tell!(TRACE, session, length = bytes.len(), "stdout"),
            Input::Sent(length) => tell!(TRACE, session, length, "stdin"),
            Input::Timeout => tell!(TRACE, session, "timeout"),
            Input::Eof => tell!(DEBUG, session, "stdout ended"),
            Input::Stderr(bytes) => {
                tell!(DEBUG, session, length = bytes.len(), "stderr");
                content(session, "stderr", bytes);
            }
            Input::StderrEof => tell!(DEBUG, session, "stderr ended"),
            Input::Exited(exit) => {
                self.exited = true;
                tell!(DEBUG, session, exit = %exit, "exited");
            }
            Input::SendFailed => tell!(DEBUG, session, "stdin failed"),
            Input::Prompt(prompt) => {
                let text = prompt.content.as_str();
                tell!(DEBUG, session, length = text.len(), "prompt");
                content(session, "prompt", text.as_bytes());
            }
            Input::Cancel(prompt) => tell!(DEBUG, session, prompt = prompt.number(), "cancel"),
            Input::Interrupt(interrupt) => {
                let (prompt, cancel_queued) = (interrupt.aim.map(PromptId::number), interrupt.cancel_queued);
                tell!(DEBUG, session, prompt, cancel_queued, "interrupt");
            }
            Input::Request(request) => tell!(DEBUG, session, subtype = &*name(&request.subtype), "request"),
            Input::Answer(ask, answer) => {
                tell!(DEBUG, session, ask = ask.number(), answer = answer_name(answer), "answer");
                if tracing::enabled!(target: super::TARGET, tracing::Level::TRACE) {
                    content(session, "answer", &serde_json::to_vec(answer).unwrap_or_default());
                }
            }
            Input::Close => tell!(DEBUG, session, "close"),
            Input::Abort => tell!(DEBUG, session, "abort"),
        }
    }

    /// The prompt that the session was told last was taken.
    pub fn prompted(&mut self, prompt: PromptId) {
        tell!(DEBUG, &self.session, prompt = prompt.number(), uuid = %prompt.uuid(), "prompt accepted");
    }

    /// The request or interrupt that the session was told last was taken.
    pub fn requested(&mut self, request: RequestId) {
        tell!(DEBUG, &self.session, request = request.number(), "request accepted");
    }

    /// The command that the session was told last was not taken: [`Refused`](crate::Refused), [`Stale`](crate::Stale) or
    /// an [`AnswerError`](crate::AnswerError).
    pub fn refused(&mut self, why: &dyn fmt::Display) {
        if !self.closed {
            tell!(DEBUG, &self.session, why = %why, "refused");
        }
    }

    /// What is to be done to the child.
    pub fn order(&mut self, order: ChildAction) {
        if self.closed {
            return;
        }
        let session = &self.session;
        match order {
            ChildAction::CloseStdin => tell!(DEBUG, session, "close stdin"),
            ChildAction::Terminate => tell!(WARN, session, "terminate"),
            // After the exit it is for what the child left running.
            ChildAction::Kill => tell!(DEBUG if self.exited, else WARN, session, "kill"),
        }
    }

    /// Whether anybody wants to know of commands.
    #[cfg(feature = "driver")]
    pub(crate) fn wants_commands(&self) -> bool {
        !self.closed && tracing::enabled!(target: super::TARGET, tracing::Level::DEBUG)
    }
}

fn answer_name(answer: &Answer) -> &'static str {
    match answer {
        Answer::Permission(Decision::Allow { .. }) => "allow",
        Answer::Permission(Decision::Deny { .. }) => "deny",
        Answer::Hook(_) => "hook",
        Answer::Mcp(_) => "mcp",
        Answer::Elicitation(_) => "elicitation",
        Answer::Dialog(_) => "dialog",
        Answer::Raw(_) => "raw",
        Answer::Error { .. } => "error",
        Answer::Decline => "decline",
    }
}
