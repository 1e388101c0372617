//! Trait by which the compiler checks that a response fits a request.

use std::fmt::Display;

use crate::incoming::hook::{self, HookCall, HookEventInput, HookInput, HookOutput, HookRequest};
use crate::incoming::mcp::{IncomingMcpMessage, McpResponse};
use crate::incoming::{
    Allow, Decision, Deny, DialogRequest, DialogResponse, ElicitationRequest, ElicitationResponse, IncomingResponse,
    PermissionRequest, QuestionResponse,
};

/// Response that fits a request of type `R`, and that a handler of such requests may return.
///
/// | Request | Responses |
/// |---|---|
/// | [`PermissionRequest`] | [`Decision`], [`Allow`], [`Deny`], [`QuestionResponse`] |
/// | [`HookRequest`], [`HookCall`] | [`HookOutput`], the output of the event |
/// | [`IncomingMcpMessage`] | [`McpResponse`] |
/// | [`ElicitationRequest`] | [`ElicitationResponse`] |
/// | [`DialogRequest`] | [`DialogResponse`] |
/// | any | [`IncomingResponse`]; a `Result` of a response and an error |
///
/// An error is sent as [`IncomingResponse::Error`] with its text. Such a response never grants permission.
pub trait ResponseTo<R>: Sized {
    /// Converts the value into the response that is sent.
    fn into_response(self) -> IncomingResponse;
}

impl<R> ResponseTo<R> for IncomingResponse {
    fn into_response(self) -> IncomingResponse {
        self
    }
}

impl<R, A: ResponseTo<R>, E: Display> ResponseTo<R> for Result<A, E> {
    fn into_response(self) -> IncomingResponse {
        match self {
            Ok(response) => response.into_response(),
            Err(error) => IncomingResponse::Error { message: error.to_string() },
        }
    }
}

impl ResponseTo<PermissionRequest> for QuestionResponse {
    fn into_response(self) -> IncomingResponse {
        Decision::from(self).into()
    }
}

macro_rules! responses {
    ($($response:ident to $request:ident,)+) => {$(
        impl ResponseTo<$request> for $response {
            fn into_response(self) -> IncomingResponse {
                self.into()
            }
        }
    )+};
}

responses! {
    Decision to PermissionRequest,
    Allow to PermissionRequest,
    Deny to PermissionRequest,
    McpResponse to IncomingMcpMessage,
    ElicitationResponse to ElicitationRequest,
    DialogResponse to DialogRequest,
}

impl<I: HookEventInput> ResponseTo<HookCall<I>> for HookOutput {
    fn into_response(self) -> IncomingResponse {
        self.into()
    }
}

impl ResponseTo<HookRequest> for HookOutput {
    fn into_response(self) -> IncomingResponse {
        self.into()
    }
}

/// Declares the output that fits the input of an event. It also fits a call whose type does not name the event.
macro_rules! outputs {
    ($($input:ident -> $output:ident,)+) => {$(
        impl ResponseTo<HookCall<hook::$input>> for hook::$output {
            fn into_response(self) -> IncomingResponse {
                self.into()
            }
        }

        impl ResponseTo<HookCall<HookInput>> for hook::$output {
            fn into_response(self) -> IncomingResponse {
                self.into()
            }
        }

        impl ResponseTo<HookRequest> for hook::$output {
            fn into_response(self) -> IncomingResponse {
                self.into()
            }
        }
    )+};
}

outputs! {
    PreToolUseHookInput -> PreToolUseOutput,
    PostToolUseHookInput -> PostToolUseOutput,
    PostToolUseFailureHookInput -> PostToolUseFailureOutput,
    PostToolBatchHookInput -> PostToolBatchOutput,
    NotificationHookInput -> NotificationOutput,
    UserPromptSubmitHookInput -> UserPromptSubmitOutput,
    UserPromptExpansionHookInput -> UserPromptExpansionOutput,
    SessionStartHookInput -> SessionStartOutput,
    StopHookInput -> StopOutput,
    SubagentStartHookInput -> SubagentStartOutput,
    SubagentStopHookInput -> SubagentStopOutput,
    PreModelSwitchHookInput -> PreModelSwitchOutput,
    PostModelSwitchHookInput -> PostModelSwitchOutput,
    PermissionRequestHookInput -> PermissionRequestOutput,
    PermissionDeniedHookInput -> PermissionDeniedOutput,
    SetupHookInput -> SetupOutput,
    ElicitationHookInput -> ElicitationOutput,
    ElicitationResultHookInput -> ElicitationResultOutput,
    WorktreeCreateHookInput -> WorktreeCreateOutput,
    CwdChangedHookInput -> CwdChangedOutput,
    FileChangedHookInput -> FileChangedOutput,
    MessageDisplayHookInput -> MessageDisplayOutput,
    PreSkillShellCommandHookInput -> PreSkillShellCommandOutput,
}
