//! Refusals: the outputs that stop what a hook guards.

use crate::incoming::Decision;
use crate::incoming::hook::{HookEvent, HookOutput, HookPermissionDecision, PermissionRequestOutput};
use crate::incoming::hook::{PreModelSwitchOutput, PreSkillShellCommandOutput, PreToolUseOutput};

impl HookEvent {
    /// Returns the output that stops what a hook of this event guards, or `None` if the event guards nothing.
    ///
    /// An event that this version of the crate does not know counts as a guard: its refusal is a block with the reason.
    /// The table in [the module](crate::incoming::hook) lists what the refusal of each event does.
    #[must_use]
    pub fn refusal(&self, reason: &str) -> Option<HookOutput> {
        let deny = HookPermissionDecision::Deny;
        Some(match self {
            Self::PreToolUse => PreToolUseOutput::deny(reason).into(),
            Self::PreModelSwitch => {
                PreModelSwitchOutput::new().permission_decision(deny).permission_decision_reason(reason).into()
            }
            Self::PreSkillShellCommand => {
                PreSkillShellCommandOutput::new().permission_decision(deny).permission_decision_reason(reason).into()
            }
            Self::PermissionRequest => PermissionRequestOutput::new().decision(Decision::deny(reason)).into(),
            Self::UserPromptSubmit
            | Self::UserPromptExpansion
            | Self::ConfigChange
            | Self::Elicitation
            | Self::ElicitationResult
            | Self::TaskCreated
            | Self::TaskCompleted => HookOutput::block(reason),
            // `Other` is public, so that a host can construct it with a known name.
            Self::Other(word) => match Self::from(&**word) {
                Self::Other(_) => HookOutput::block(reason),
                known => return known.refusal(reason),
            },
            Self::PostToolUse
            | Self::PostToolUseFailure
            | Self::PostToolBatch
            | Self::Notification
            | Self::SessionStart
            | Self::SessionEnd
            | Self::Stop
            | Self::StopFailure
            | Self::SubagentStart
            | Self::SubagentStop
            | Self::PreCompact
            | Self::PostCompact
            | Self::PostModelSwitch
            | Self::PermissionDenied
            | Self::Setup
            | Self::TeammateIdle
            | Self::InstructionsLoaded
            | Self::WorktreeCreate
            | Self::WorktreeRemove
            | Self::CwdChanged
            | Self::FileChanged
            | Self::DirectoryAdded
            | Self::MessageDisplay => return None,
        })
    }
}
