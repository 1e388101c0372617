//! Hook outputs of the specific events.

use std::fmt;

use serde::Serialize;

use crate::base::json::Json;
use crate::incoming::hook::HookOutput;
use crate::incoming::{Decision, ElicitationAction, Payload};
use crate::wire::view::words;

words! {
    /// Decision of a hook about a tool call, a shell command of a skill, or a change of the model.
    pub enum HookPermissionDecision {
        /// The action may happen, without a permission request.
        Allow = "allow",
        /// The action is stopped.
        Deny = "deny",
        /// The user decides.
        Ask = "ask",
        /// The turn ends, and the host runs the tool itself. For `PreToolUse` only: at `PreModelSwitch` the CLI ignores
        /// it, and the model changes.
        Defer = "defer",
    }
}

/// Declares the output for an event, as a builder with the fields of the wire format.
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
            /// Creates an output without any field set.
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
    /// Creates an output that allows the tool without a permission request. A `deny` or `ask` of another hook overrides it.
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

    /// Creates an output that makes the CLI send a [`PermissionRequest`](crate::PermissionRequest) with that reason. Before
    /// 2.1.85 it has no effect on calls that the CLI runs without a permission request, e.g. `echo`
    /// (`hook_asks_about_a_tool`). [`deny`](Self::deny) is effective on every version.
    #[must_use]
    pub fn ask(reason: impl Into<String>) -> Self {
        Self::new().permission_decision(HookPermissionDecision::Ask).permission_decision_reason(reason)
    }

    /// Creates an output that denies the tool. The model reads the reason.
    #[must_use]
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::new().permission_decision(HookPermissionDecision::Deny).permission_decision_reason(reason)
    }
}

outputs! {
    /// Output for a `PreToolUse` hook.
    PreToolUseOutput for "PreToolUse" {
        /// Sets the decision about the tool call.
        permission_decision = "permissionDecision": HookPermissionDecision,
        /// Sets the reason for the decision.
        permission_decision_reason = "permissionDecisionReason": String,
        /// Sets the input that replaces the input of the tool, a JSON object.
        updated_input = "updatedInput": Json,
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for a `PostToolUse` hook.
    PostToolUseOutput for "PostToolUse" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
        /// Adds text for the classifier of the permission mode `auto`.
        classifier_context = "classifierContext": String,
        /// Sets the output that replaces the output of the tool.
        updated_tool_output = "updatedToolOutput": Json,
        /// Sets the output that replaces the output of an MCP tool.
        updated_mcp_tool_output = "updatedMCPToolOutput": Json,
    }

    /// Output for a `PostToolUseFailure` hook.
    PostToolUseFailureOutput for "PostToolUseFailure" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for a `PostToolBatch` hook.
    PostToolBatchOutput for "PostToolBatch" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for a `Notification` hook.
    NotificationOutput for "Notification" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for a `UserPromptSubmit` hook.
    UserPromptSubmitOutput for "UserPromptSubmit" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
        /// Sets the title of the session.
        session_title = "sessionTitle": String,
        /// Sets whether the message about a block omits the prompt.
        suppress_original_prompt = "suppressOriginalPrompt": bool,
    }

    /// Output for a `UserPromptExpansion` hook.
    UserPromptExpansionOutput for "UserPromptExpansion" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
        /// Sets whether the message about a block omits the prompt.
        suppress_original_prompt = "suppressOriginalPrompt": bool,
    }

    /// Output for a `SessionStart` hook.
    SessionStartOutput for "SessionStart" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
        /// Sets the first prompt of the session.
        initial_user_message = "initialUserMessage": String,
        /// Sets the title of the session.
        session_title = "sessionTitle": String,
        /// Sets the files whose changes trigger `FileChanged` hooks.
        watch_paths = "watchPaths": Vec<String>,
        /// Sets whether the CLI reloads the skills.
        reload_skills = "reloadSkills": bool,
    }

    /// Output for a `Stop` hook.
    StopOutput for "Stop" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for a `SubagentStart` hook.
    SubagentStartOutput for "SubagentStart" {
        /// Adds text for the subagent.
        additional_context = "additionalContext": String,
    }

    /// Output for a `SubagentStop` hook.
    SubagentStopOutput for "SubagentStop" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for a `PreModelSwitch` hook.
    PreModelSwitchOutput for "PreModelSwitch" {
        /// Sets the decision about the change of the model.
        permission_decision = "permissionDecision": HookPermissionDecision,
        /// Sets the reason for the decision.
        permission_decision_reason = "permissionDecisionReason": String,
    }

    /// Output for a `PostModelSwitch` hook.
    PostModelSwitchOutput for "PostModelSwitch" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for a `PermissionRequest` hook.
    PermissionRequestOutput for "PermissionRequest" {
        /// Sets the decision about the tool call. An allow without an input keeps the input of the tool.
        decision = "decision": PermissionRequestHookDecision,
    }

    /// Output for a `PermissionDenied` hook.
    PermissionDeniedOutput for "PermissionDenied" {
        /// Sets whether the model may try again.
        retry = "retry": bool,
    }

    /// Output for a `Setup` hook.
    SetupOutput for "Setup" {
        /// Adds text for the model.
        additional_context = "additionalContext": String,
    }

    /// Output for an `Elicitation` hook. The CLI 2.1.143 to 2.1.332 ignores both fields from a hook of the host. Since
    /// 2.1.302, a [block](crate::incoming::hook::HookEvent::refusal) declines the elicitation.
    ElicitationOutput for "Elicitation" {
        /// Sets the outcome in place of the user's decision.
        action = "action": ElicitationAction,
        /// Sets the content of the form, a JSON object.
        content = "content": Json,
    }

    /// Output for an `ElicitationResult` hook. The CLI 2.1.143 to 2.1.332 ignores both fields from a hook of the host.
    /// Since 2.1.302, a [block](crate::incoming::hook::HookEvent::refusal) declines the elicitation.
    ElicitationResultOutput for "ElicitationResult" {
        /// Sets the outcome that replaces the user's decision.
        action = "action": ElicitationAction,
        /// Sets the content of the form, a JSON object.
        content = "content": Json,
    }

    /// Output for a `WorktreeCreate` hook. The path is required.
    WorktreeCreateOutput for "WorktreeCreate" {
        /// Sets the path of the worktree that the hook created.
        worktree_path = "worktreePath": String,
    }

    /// Output for a `CwdChanged` hook.
    CwdChangedOutput for "CwdChanged" {
        /// Sets the files whose changes trigger `FileChanged` hooks.
        watch_paths = "watchPaths": Vec<String>,
    }

    /// Output for a `FileChanged` hook.
    FileChangedOutput for "FileChanged" {
        /// Sets the files whose changes trigger `FileChanged` hooks.
        watch_paths = "watchPaths": Vec<String>,
    }

    /// Output for a `PreSkillShellCommand` hook. The command runs unless a hook denies it. `Ask` and `Defer` also deny
    /// it. The input of the command cannot be changed.
    PreSkillShellCommandOutput for "PreSkillShellCommand" {
        /// Sets the decision about the command.
        permission_decision = "permissionDecision": HookPermissionDecision,
        /// Sets the reason for the decision.
        permission_decision_reason = "permissionDecisionReason": String,
    }

    /// Output for a `MessageDisplay` hook.
    MessageDisplayOutput for "MessageDisplay" {
        /// Sets the text that is displayed instead.
        display_content = "displayContent": String,
    }
}

/// [`Decision`] in the output of a `PermissionRequest` hook. The classification and the identifier of the `tool_use`
/// block are omitted.
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
