//! Inputs of all events: as one enum, and each as the argument of a handler.

use crate::base::error::DecodeError;
use crate::incoming::hook::call::{HookEventInput, private::Sealed};
use crate::incoming::hook::{self, HookEvent, HookInput};
use crate::wire::fields::Fields;
use crate::wire::from_json::read;

macro_rules! details {
    ($($event:ident: $input:ident,)+) => {
        /// Input of the specific event of a hook ([wire reference, section 4.3](crate::guide::wire#43-hooks)).
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum HookDetails {
            $(
                #[doc = concat!("Input of [`", stringify!($event), "`](HookEvent::", stringify!($event), ").")]
                $event(hook::$input),
            )+
            /// Fields of an event that this version of the crate does not know.
            Unknown(Fields),
        }

        impl HookDetails {
            pub(crate) fn of(event: &HookEvent, fields: &Fields) -> Result<Self, DecodeError> {
                Ok(match event {
                    $(HookEvent::$event => Self::$event(read(&fields.to_text())?),)+
                    HookEvent::Other(_) => Self::Unknown(fields.clone()),
                })
            }

            /// Returns the fields that the input type does not model.
            #[must_use]
            pub fn unknown_fields(&self) -> &Fields {
                match self {
                    $(Self::$event(details) => &details.unknown_fields,)+
                    Self::Unknown(fields) => fields,
                }
            }
        }

        $(
            impl Sealed for hook::$input {}

            impl HookEventInput for hook::$input {
                fn read(input: &HookInput) -> Result<Self, DecodeError> {
                    if input.event != HookEvent::$event {
                        return Err(DecodeError::expected(stringify!($event)).within("hook_event_name"));
                    }
                    read(&input.unknown_fields.to_text())
                }
            }
        )+
    };
}

details! {
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
