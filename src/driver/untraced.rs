//! Replacement of the tracer without the feature `tracing`: it does nothing.

use std::fmt;

use crate::base::ids::{PromptId, RequestId};
use crate::protocol::action::Action;
#[cfg(any(feature = "smol", feature = "tokio"))]
use crate::protocol::advice::Advice;
use crate::protocol::config::Config;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

pub(super) struct Tracer;

impl Tracer {
    pub(super) fn new(_: &Config, _: Option<u32>) -> Self {
        Self
    }

    #[cfg(feature = "session")]
    pub(super) fn none() -> Self {
        Self
    }

    pub(super) fn input(&mut self, _: &Input<'_>) {}

    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub(super) fn advice(&mut self, _: &Advice) {}

    pub(super) fn prompt_accepted(&mut self, _: PromptId) {}

    pub(super) fn request_accepted(&mut self, _: RequestId) {}

    pub(super) fn command_refused(&mut self, _: &dyn fmt::Display) {}

    pub(super) fn action(&mut self, _: &Action) {}

    pub(super) fn child_command(&mut self, _: ChildCommand) {}

    pub(super) fn wants_commands(&self) -> bool {
        false
    }
}
