//! The events that hooks are for.

use crate::incoming::Decision;
use crate::incoming::hook::{HookOutput, HookPermissionDecision, PermissionRequestOutput};
use crate::incoming::hook::{PreModelSwitchOutput, PreSkillShellCommandOutput, PreToolUseOutput};
use crate::wire::view::words;

words! {
    /// An event that a hook is for ([wire reference, section 4.3](crate::guide::wire#43-hooks)). The version is the earliest that was seen to ask, "Seen on"
    /// the only one; those without are from the SDKs.
    ///
    /// ```
    /// use claude_duplex::incoming::hook::HookEvent;
    /// use claude_duplex::request::{HookMatcher, Initialize};
    ///
    /// let initialize = Initialize::new().hook(HookEvent::PreToolUse, HookMatcher::new("guard").for_matching("Bash"));
    /// assert_eq!(HookEvent::from("PreToolUse"), HookEvent::PreToolUse);
    /// assert!(HookEvent::PreToolUse.refusal("no").is_some() && HookEvent::PostToolUse.refusal("no").is_none());
    /// ```
    pub enum HookEvent {
        /// A tool is about to run. 1.0.128.
        PreToolUse = "PreToolUse",
        /// A tool has run. 1.0.128.
        PostToolUse = "PostToolUse",
        /// A tool has failed. 2.0.76.
        PostToolUseFailure = "PostToolUseFailure",
        /// All tools that one message called have run. 2.1.143.
        PostToolBatch = "PostToolBatch",
        /// The CLI has something to tell the user. 2.1.250.
        Notification = "Notification",
        /// A prompt is about to be run. 1.0.128.
        UserPromptSubmit = "UserPromptSubmit",
        /// A slash command is about to become a prompt. 2.1.143.
        UserPromptExpansion = "UserPromptExpansion",
        /// A session begins, or goes on under another id. 2.0.76, after a compaction.
        SessionStart = "SessionStart",
        /// A session ends. Seen on 2.1.329, at `/clear`.
        SessionEnd = "SessionEnd",
        /// A turn is about to end. 1.0.128.
        Stop = "Stop",
        /// A turn ends in an error of the API. Seen on 2.1.329.
        StopFailure = "StopFailure",
        /// A subagent begins. 2.0.76.
        SubagentStart = "SubagentStart",
        /// A subagent is about to end. 1.0.128.
        SubagentStop = "SubagentStop",
        /// The conversation is about to be compacted. 2.0.76.
        PreCompact = "PreCompact",
        /// The conversation was compacted. 2.1.143.
        PostCompact = "PostCompact",
        /// The model is about to change. Seen on 2.1.329.
        PreModelSwitch = "PreModelSwitch",
        /// The model has changed. Seen on 2.1.329.
        PostModelSwitch = "PostModelSwitch",
        /// The user would be asked for a permission, and is: whoever answers first decides, the hook or the
        /// [permission request](crate::IncomingKind::Permission), and the other is withdrawn. 2.1.50.
        PermissionRequest = "PermissionRequest",
        /// The classifier of the mode `auto` refused a tool.
        PermissionDenied = "PermissionDenied",
        /// The CLI was started to set up or to maintain a project.
        Setup = "Setup",
        /// A teammate has nothing to do.
        TeammateIdle = "TeammateIdle",
        /// A task is about to be put on the list. 2.1.143.
        TaskCreated = "TaskCreated",
        /// A task is about to be done. 2.1.143.
        TaskCompleted = "TaskCompleted",
        /// An MCP server asks the user for something. 2.1.143.
        Elicitation = "Elicitation",
        /// The user answered an MCP server, which does not have the answer yet. 2.1.143.
        ElicitationResult = "ElicitationResult",
        /// A settings file has changed. 2.1.50.
        ConfigChange = "ConfigChange",
        /// A file of instructions was read. 2.1.143.
        InstructionsLoaded = "InstructionsLoaded",
        /// A worktree is to be made, by the hook. 2.1.143.
        WorktreeCreate = "WorktreeCreate",
        /// A worktree is to be taken away.
        WorktreeRemove = "WorktreeRemove",
        /// The working directory has changed.
        CwdChanged = "CwdChanged",
        /// A watched file has changed.
        FileChanged = "FileChanged",
        /// A working directory was added.
        DirectoryAdded = "DirectoryAdded",
        /// A part of an answer is about to be shown. 2.1.250.
        MessageDisplay = "MessageDisplay",
        /// A shell command in the text of a skill or slash command is about to run. Since 2.1.332.
        PreSkillShellCommand = "PreSkillShellCommand",
    }
}

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
            // `Other` is public: a host can make one of a known word.
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
