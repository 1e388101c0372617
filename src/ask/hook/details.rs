//! What only one event says.

use crate::ask::hook::{self, HookEvent};
use crate::error::DecodeError;
use crate::wire::fields::Fields;
use crate::wire::read::read;

macro_rules! details {
    ($($event:ident,)+) => {
        /// What only one event says (wire reference, section 4.3).
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Details {
            $(
                #[doc = concat!("Of [`", stringify!($event), "`](HookEvent::", stringify!($event), ").")]
                $event(hook::$event),
            )+
            /// Of an event that this version of the crate does not know: all its fields.
            Unknown(Fields),
        }

        impl Details {
            pub(crate) fn of(event: &HookEvent, fields: &Fields) -> Result<Self, DecodeError> {
                Ok(match event {
                    $(HookEvent::$event => Self::$event(read(&fields.to_text())?),)+
                    HookEvent::Other(_) => Self::Unknown(fields.clone()),
                })
            }

            /// What the view does not name.
            #[must_use]
            pub fn rest(&self) -> &Fields {
                match self {
                    $(Self::$event(details) => &details.rest,)+
                    Self::Unknown(fields) => fields,
                }
            }
        }
    };
}

details! {
    PreToolUse,
    PostToolUse,
    PostToolUseFailure,
    PostToolBatch,
    Notification,
    UserPromptSubmit,
    UserPromptExpansion,
    SessionStart,
    SessionEnd,
    Stop,
    StopFailure,
    SubagentStart,
    SubagentStop,
    PreCompact,
    PostCompact,
    PreModelSwitch,
    PostModelSwitch,
    PermissionRequest,
    PermissionDenied,
    Setup,
    TeammateIdle,
    TaskCreated,
    TaskCompleted,
    Elicitation,
    ElicitationResult,
    ConfigChange,
    InstructionsLoaded,
    WorktreeCreate,
    WorktreeRemove,
    CwdChanged,
    FileChanged,
    DirectoryAdded,
    MessageDisplay,
    PreSkillShellCommand,
}
