//! Hook calls with the typed input of one event.

use crate::base::error::DecodeError;
use crate::incoming::hook::{self, HookEvent, HookInput, HookRequest};
use crate::wire::from_json::read;

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

mod private {
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

/// Declares the input of each event.
macro_rules! events {
    ($($event:ident: $input:ident,)+) => {$(
        impl private::Sealed for hook::$input {}

        impl HookEventInput for hook::$input {
            fn read(input: &HookInput) -> Result<Self, DecodeError> {
                if input.event != HookEvent::$event {
                    return Err(DecodeError::expected(stringify!($event)).within("hook_event_name"));
                }
                read(&input.unknown_fields.to_text())
            }
        }
    )+};
}

events! {
    PreToolUse: PreToolUseHookInput,
    PostToolUse: PostToolUseHookInput,
    PostToolUseFailure: PostToolUseFailureHookInput,
    PostToolBatch: PostToolBatchHookInput,
    Notification: NotificationHookInput,
    UserPromptSubmit: UserPromptSubmitHookInput,
    UserPromptExpansion: UserPromptExpansionHookInput,
    SessionStart: SessionStartHookInput,
    SessionEnd: SessionEndHookInput,
    Stop: StopHookInput,
    StopFailure: StopFailureHookInput,
    SubagentStart: SubagentStartHookInput,
    SubagentStop: SubagentStopHookInput,
    PreCompact: PreCompactHookInput,
    PostCompact: PostCompactHookInput,
    PreModelSwitch: PreModelSwitchHookInput,
    PostModelSwitch: PostModelSwitchHookInput,
    PermissionRequest: PermissionRequestHookInput,
    PermissionDenied: PermissionDeniedHookInput,
    Setup: SetupHookInput,
    TeammateIdle: TeammateIdleHookInput,
    TaskCreated: TaskCreatedHookInput,
    TaskCompleted: TaskCompletedHookInput,
    Elicitation: ElicitationHookInput,
    ElicitationResult: ElicitationResultHookInput,
    ConfigChange: ConfigChangeHookInput,
    InstructionsLoaded: InstructionsLoadedHookInput,
    WorktreeCreate: WorktreeCreateHookInput,
    WorktreeRemove: WorktreeRemoveHookInput,
    CwdChanged: CwdChangedHookInput,
    FileChanged: FileChangedHookInput,
    DirectoryAdded: DirectoryAddedHookInput,
    MessageDisplay: MessageDisplayHookInput,
    PreSkillShellCommand: PreSkillShellCommandHookInput,
}
