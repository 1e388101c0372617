//! Hook calls with the typed input of one event.

use crate::base::error::DecodeError;
use crate::incoming::hook::{HookInput, HookRequest};

/// Call of a hook with the input of one event; the argument of a handler.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HookCall<I> {
    /// Input of the specific event.
    pub input: I,
    /// Input that every event has, e.g. session, working directory, permission mode, subagent.
    pub common: HookInput,
    /// Identifier under which the host registered the hook.
    pub callback_id: String,
    /// Identifier of the tool call, for events that have one.
    pub tool_use_id: Option<String>,
}

/// Input of hooks of one event, or of any event ([`HookInput`]). The input types of this module implement the trait.
pub trait HookEventInput: Sized + private::Sealed {
    #[doc(hidden)]
    fn read(input: &HookInput) -> Result<Self, DecodeError>;
}

pub(super) mod private {
    pub trait Sealed {}
}

impl<I: HookEventInput> HookCall<I> {
    /// Decodes the call from a request.
    ///
    /// # Errors
    /// [`DecodeError`] if the request is for another event, or lacks a field that the event requires.
    pub fn read(request: HookRequest) -> Result<Self, DecodeError> {
        Ok(Self {
            input: I::read(&request.input)?,
            common: request.input,
            callback_id: request.callback_id,
            tool_use_id: request.tool_use_id,
        })
    }
}

impl private::Sealed for HookInput {}

impl HookEventInput for HookInput {
    fn read(input: &HookInput) -> Result<Self, DecodeError> {
        Ok(input.clone())
    }
}
