//! Builds without version 2 of the protocol: no client gets reports of the state.

use std::task::{Context, Poll};

use agent_client_protocol::Error;
use claude_duplex::{Message, PromptId};

use super::prompts::Prompts;
use super::{Opener, Session};

impl Prompts {
    pub(super) fn poll_withdrawn(&mut self, _: &mut Context<'_>) -> Poll<PromptId> {
        Poll::Pending
    }
}

impl Session {
    pub(super) fn report(&mut self) {}

    pub(super) fn prompt_taken(&mut self, _: PromptId) {}

    pub(super) fn withdraw(&mut self, _: PromptId) {}

    pub(super) fn turn_stopped(&mut self, _: Option<&Message>) {}

    pub(super) fn note_cancellation(&mut self) {}

    pub(super) fn note_loss(&mut self, _: &Error) {}

    pub(super) fn report_resumption(&mut self, _: &Opener) {}
}
