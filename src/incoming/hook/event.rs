//! Events that hooks handle.

use crate::wire::view::words;

words! {
    /// Event that a hook handles ([wire reference, section 4.3](crate::guide::wire#43-hooks)).
    ///
    /// "Seen since" names the earliest tested version that sent the event. Events without a version are taken from the
    /// official SDKs.
    ///
    /// ```
    /// use claude_duplex::incoming::hook::HookEvent;
    /// use claude_duplex::request::{HookMatcher, Initialize};
    ///
    /// let matcher = HookMatcher::new("guard").for_matching("Bash");
    /// let initialize = Initialize::new().hook(HookEvent::PreToolUse, matcher);
    /// assert_eq!(HookEvent::from("PreToolUse"), HookEvent::PreToolUse);
    /// assert!(HookEvent::PreToolUse.refusal("no").is_some());
    /// assert!(HookEvent::PostToolUse.refusal("no").is_none());
    /// ```
    pub enum HookEvent {
        /// A tool is about to run. Seen since 1.0.128.
        PreToolUse = "PreToolUse",
        /// A tool has run. Seen since 1.0.128.
        PostToolUse = "PostToolUse",
        /// A tool call has failed. Seen since 2.0.76.
        PostToolUseFailure = "PostToolUseFailure",
        /// All tools that one assistant message called have run. Seen since 2.1.143.
        PostToolBatch = "PostToolBatch",
        /// The CLI notifies the user, e.g. about a pending permission request. Seen since 2.1.250.
        Notification = "Notification",
        /// A prompt is about to be processed. Seen since 1.0.128.
        UserPromptSubmit = "UserPromptSubmit",
        /// A slash command is about to be expanded into a prompt. Seen since 2.1.143.
        UserPromptExpansion = "UserPromptExpansion",
        /// A session starts, or continues under another id. Seen since 2.0.76, after a compaction.
        SessionStart = "SessionStart",
        /// A session ends. Seen since 2.1.329, at `/clear`.
        SessionEnd = "SessionEnd",
        /// A turn is about to end. Seen since 1.0.128.
        Stop = "Stop",
        /// A turn ends with an API error. Seen since 2.1.329.
        StopFailure = "StopFailure",
        /// A subagent starts. Seen since 2.0.76.
        SubagentStart = "SubagentStart",
        /// A subagent is about to end. Seen since 1.0.128.
        SubagentStop = "SubagentStop",
        /// The conversation is about to be compacted. Seen since 2.0.76.
        PreCompact = "PreCompact",
        /// The conversation was compacted. Seen since 2.1.143.
        PostCompact = "PostCompact",
        /// The model is about to change. Seen since 2.1.329.
        PreModelSwitch = "PreModelSwitch",
        /// The model has changed. Seen since 2.1.329.
        PostModelSwitch = "PostModelSwitch",
        /// A tool call requires permission. The CLI sends the hook and the
        /// [permission request](crate::IncomingKind::Permission) at the same time; the first response decides. Seen
        /// since 2.1.50.
        PermissionRequest = "PermissionRequest",
        /// The classifier of the permission mode `auto` denied a tool call.
        PermissionDenied = "PermissionDenied",
        /// The CLI was started to set up or maintain a project.
        Setup = "Setup",
        /// A teammate is idle.
        TeammateIdle = "TeammateIdle",
        /// A task is about to be added to the task list. Seen since 2.1.143.
        TaskCreated = "TaskCreated",
        /// A task is about to be marked as completed. Seen since 2.1.143.
        TaskCompleted = "TaskCompleted",
        /// An MCP server requests input of the user. Seen since 2.1.143.
        Elicitation = "Elicitation",
        /// The user has answered an elicitation; the MCP server has not received the answer yet. Seen since 2.1.143.
        ElicitationResult = "ElicitationResult",
        /// A settings file has changed. Seen since 2.1.50.
        ConfigChange = "ConfigChange",
        /// An instructions file was loaded. Seen since 2.1.143.
        InstructionsLoaded = "InstructionsLoaded",
        /// A worktree is requested, which the hook has to create. Seen since 2.1.143.
        WorktreeCreate = "WorktreeCreate",
        /// A worktree is about to be removed.
        WorktreeRemove = "WorktreeRemove",
        /// The working directory has changed.
        CwdChanged = "CwdChanged",
        /// A watched file has changed.
        FileChanged = "FileChanged",
        /// A working directory was added.
        DirectoryAdded = "DirectoryAdded",
        /// A part of an answer is about to be displayed. Seen since 2.1.250.
        MessageDisplay = "MessageDisplay",
        /// A shell command in the text of a skill or slash command is about to run. Since 2.1.332.
        PreSkillShellCommand = "PreSkillShellCommand",
    }
}
