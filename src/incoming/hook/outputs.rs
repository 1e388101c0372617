//! What can be said to one event only.

use std::fmt;

use serde::Serialize;

use crate::base::json::Json;
use crate::incoming::hook::HookOutput;
use crate::incoming::{Decision, ElicitationAction, Payload};
use crate::wire::view::words;

words! {
    /// What a hook says of a tool that is about to run, or of a model that is about to answer.
    pub enum HookPermissionDecision {
        /// It may, without a permission request.
        Allow = "allow",
        /// It may not.
        Deny = "deny",
        /// The user is asked.
        Ask = "ask",
        /// The turn ends, and the host runs the tool by itself: for `PreToolUse` only. At `PreModelSwitch` the CLI
        /// ignores it, and the model changes.
        Defer = "defer",
    }
}

/// Declares what can be said to an event: a builder whose fields are those on the wire.
macro_rules! outputs {
    ($(
        $(#[$meta:meta])*
        $output:ident for $event:literal {
            $($(#[$field_meta:meta])* $field:ident = $wire:literal: $type:ty,)+
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Default, Serialize)]
        pub struct $output {
            $(
                #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
                $field: Option<$type>,
            )+
        }

        impl $output {
            /// Says nothing yet.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[$field_meta])*
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )+
        }

        impl fmt::Debug for $output {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($output)).field(&Json::from_value(self)).finish()
            }
        }

        impl From<$output> for HookOutput {
            fn from(output: $output) -> Self {
                #[derive(Serialize)]
                struct Named {
                    #[serde(rename = "hookEventName")]
                    event: &'static str,
                    #[serde(flatten)]
                    output: $output,
                }
                HookOutput::of_event(&Named { event: $event, output })
            }
        }
    )+};
}

impl PreToolUseOutput {
    /// Creates an output by which the tool runs without a question. A deny or an ask of another hook overrides it.
    ///
    /// ```
    /// use claude_duplex::incoming::hook::PreToolUseOutput;
    /// use claude_duplex::{Handlers, Hook};
    ///
    /// let handlers = Handlers::new().hook(Hook::pre_tool_use(), async |call| {
    ///     match &*call.input.tool_name {
    ///         "Read" | "Grep" => PreToolUseOutput::allow(),
    ///         "Bash" => PreToolUseOutput::ask("a command"),
    ///         _ => PreToolUseOutput::deny("this session only reads"),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn allow() -> Self {
        Self::new().permission_decision(HookPermissionDecision::Allow)
    }

    /// Creates an output by which the user is asked whether the tool may run, for that reason: the host gets a
    /// [`PermissionRequest`](crate::PermissionRequest). Before 2.1.85 that changes nothing for a tool that the CLI runs without a
    /// question, e.g. `echo` (`hook_asks_about_a_tool`): [`deny`](Self::deny) holds on every version.
    #[must_use]
    pub fn ask(reason: impl Into<String>) -> Self {
        Self::new().permission_decision(HookPermissionDecision::Ask).permission_decision_reason(reason)
    }

    /// Creates an output by which the tool does not run. The model reads the reason.
    #[must_use]
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::new().permission_decision(HookPermissionDecision::Deny).permission_decision_reason(reason)
    }
}

outputs! {
    /// To `PreToolUse`.
    PreToolUseOutput for "PreToolUse" {
        /// May it run?
        permission_decision = "permissionDecision": HookPermissionDecision,
        /// Why.
        permission_decision_reason = "permissionDecisionReason": String,
        /// Another input in place of the tool's own, a JSON object.
        updated_input = "updatedInput": Json,
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `PostToolUse`.
    PostToolUseOutput for "PostToolUse" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
        /// More for the classifier of the mode `auto` to read.
        classifier_context = "classifierContext": String,
        /// What the tool gave, in place of what it gave.
        updated_tool_output = "updatedToolOutput": Json,
        /// The same for a tool of an MCP server.
        updated_mcp_tool_output = "updatedMCPToolOutput": Json,
    }

    /// To `PostToolUseFailure`.
    PostToolUseFailureOutput for "PostToolUseFailure" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `PostToolBatch`.
    PostToolBatchOutput for "PostToolBatch" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `Notification`.
    NotificationOutput for "Notification" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `UserPromptSubmit`.
    UserPromptSubmitOutput for "UserPromptSubmit" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
        /// A title for the session.
        session_title = "sessionTitle": String,
        /// Whether a block does not repeat the prompt.
        suppress_original_prompt = "suppressOriginalPrompt": bool,
    }

    /// To `UserPromptExpansion`.
    UserPromptExpansionOutput for "UserPromptExpansion" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
        /// Whether a block does not repeat the prompt.
        suppress_original_prompt = "suppressOriginalPrompt": bool,
    }

    /// To `SessionStart`.
    SessionStartOutput for "SessionStart" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
        /// A prompt to begin with.
        initial_user_message = "initialUserMessage": String,
        /// A title for the session.
        session_title = "sessionTitle": String,
        /// Files whose changes `FileChanged` is to tell.
        watch_paths = "watchPaths": Vec<String>,
        /// Whether skills are read anew.
        reload_skills = "reloadSkills": bool,
    }

    /// To `Stop`.
    StopOutput for "Stop" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `SubagentStart`.
    SubagentStartOutput for "SubagentStart" {
        /// More for the subagent to read.
        additional_context = "additionalContext": String,
    }

    /// To `SubagentStop`.
    SubagentStopOutput for "SubagentStop" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `PreModelSwitch`.
    PreModelSwitchOutput for "PreModelSwitch" {
        /// May it change?
        permission_decision = "permissionDecision": HookPermissionDecision,
        /// Why.
        permission_decision_reason = "permissionDecisionReason": String,
    }

    /// To `PostModelSwitch`.
    PostModelSwitchOutput for "PostModelSwitch" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `PermissionRequest`.
    PermissionRequestOutput for "PermissionRequest" {
        /// May the tool run? An allow without an input of its own leaves the tool's as it is.
        decision = "decision": PermissionRequestHookDecision,
    }

    /// To `PermissionDenied`.
    PermissionDeniedOutput for "PermissionDenied" {
        /// Whether the model may try again.
        retry = "retry": bool,
    }

    /// To `Setup`.
    SetupOutput for "Setup" {
        /// More for the model to read.
        additional_context = "additionalContext": String,
    }

    /// To `ElicitationRequest`. Versions 2.1.143 to 2.1.332 ignore both fields from a hook of the host; a
    /// [block](crate::incoming::hook::HookEvent::refusal) declines since 2.1.302.
    ElicitationOutput for "Elicitation" {
        /// What it comes to, in the user's place.
        action = "action": ElicitationAction,
        /// What the form is filled in with, a JSON object.
        content = "content": Json,
    }

    /// To `ElicitationResult`. Versions 2.1.143 to 2.1.332 ignore both fields from a hook of the host; a
    /// [block](crate::incoming::hook::HookEvent::refusal) declines since 2.1.302.
    ElicitationResultOutput for "ElicitationResult" {
        /// What it comes to, in place of what the user said.
        action = "action": ElicitationAction,
        /// What the form is filled in with, a JSON object.
        content = "content": Json,
    }

    /// To `WorktreeCreate`, which must name what was made.
    WorktreeCreateOutput for "WorktreeCreate" {
        /// Where the worktree is.
        worktree_path = "worktreePath": String,
    }

    /// To `CwdChanged`.
    CwdChangedOutput for "CwdChanged" {
        /// Files whose changes `FileChanged` is to tell.
        watch_paths = "watchPaths": Vec<String>,
    }

    /// To `FileChanged`.
    FileChangedOutput for "FileChanged" {
        /// Files whose changes `FileChanged` is to tell.
        watch_paths = "watchPaths": Vec<String>,
    }

    /// Output for `PreSkillShellCommand`. The command runs unless a hook denies it: `IncomingRequest` and `Defer` deny it too, and
    /// its input cannot be changed.
    PreSkillShellCommandOutput for "PreSkillShellCommand" {
        /// Sets whether the command may run.
        permission_decision = "permissionDecision": HookPermissionDecision,
        /// Sets the reason for the decision.
        permission_decision_reason = "permissionDecisionReason": String,
    }

    /// To `MessageDisplay`.
    MessageDisplayOutput for "MessageDisplay" {
        /// What is shown, in place of the text.
        display_content = "displayContent": String,
    }
}

/// A [`Decision`] as a `PermissionRequest` hook says it. What the user meant, and the `tool_use` block, are not said here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionRequestHookDecision(Decision);

impl<D: Into<Decision>> From<D> for PermissionRequestHookDecision {
    fn from(decision: D) -> Self {
        let mut decision = decision.into();
        match &mut decision {
            Decision::Allow(allow) => (allow.tool_use_id, allow.classification) = (None, None),
            Decision::Deny(deny) => (deny.tool_use_id, deny.classification) = (None, None),
        }
        Self(decision)
    }
}

impl Serialize for PermissionRequestHookDecision {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Payload { decision: &self.0, own: None }.serialize(serializer)
    }
}
