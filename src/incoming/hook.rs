//! Hooks: what each event says, and what can be said to it.
//!
//! A hook is registered in `initialize` under a callback id of the host's; when its event comes, the CLI asks
//! (`hook_callback`) and waits, by its own account for the registered `timeout`.
//!
//! ```
//! use claude_duplex::incoming::hook::{
//!     HookDetails, HookOutput, HookPermissionDecision, HookRequest, PreToolUseOutput,
//! };
//! use claude_duplex::{DecodeError, IncomingResponse};
//!
//! fn answer(hook: &HookRequest) -> Result<IncomingResponse, DecodeError> {
//!     Ok(match hook.input.details()? {
//!         HookDetails::PreToolUse(call) if call.tool_name == "Bash" => {
//!             PreToolUseOutput::new()
//!                 .permission_decision(HookPermissionDecision::Deny)
//!                 .permission_decision_reason("no shell today")
//!                 .into()
//!         }
//!         _ => HookOutput::new().into(),
//!     })
//! }
//! ```
//!
//! # Guards fail closed
//!
//! The CLI takes an error, and an answer that it cannot read, for an empty output: what was to happen happens (unless
//! the hook was registered with `onFailure: block`). Therefore a hook that guards something is answered with its
//! [`refusal`](HookEvent::refusal) if the host does not handle hooks, drops the request, or answers with
//! [`IncomingResponse::Error`](crate::IncomingResponse::Error) or [`IncomingResponse::Decline`](crate::IncomingResponse::Decline). An event that this version of
//! the crate does not know counts as a guard.
//!
//! | Event | Effect of an error on the CLI | Refusal, and its effect |
//! |---|---|---|
//! | `PreToolUse` | the tool runs | `permissionDecision: deny`: the tool does not run |
//! | `PreSkillShellCommand` (since 2.1.332) | the command runs | `permissionDecision: deny`: the command does not run |
//! | `PermissionRequest` (since 2.1.50) | the permission request stays open | `decision: deny`: the tool does not run, and the permission request is withdrawn |
//! | `UserPromptSubmit` | the prompt runs | `decision: block`: the prompt does not run |
//! | `UserPromptExpansion` (since 2.1.143) | the prompt runs | `decision: block`: the prompt does not run |
//! | `PreModelSwitch` (since 2.1.329) | the model changes | `permissionDecision: deny`: `set_model` fails |
//! | `ConfigChange` (since 2.1.50) | the new settings take effect | `decision: block`: the old settings stay |
//! | `ElicitationRequest` (since 2.1.143) | the user is asked | `decision: block`: the MCP server gets `decline`, and nobody is asked. Before 2.1.302 no output stops it |
//! | `ElicitationResult` (since 2.1.143) | the MCP server gets what the user filled in | `decision: block`: the MCP server gets `decline`. Before 2.1.302 no output stops it |
//! | `TaskCreated`, `TaskCompleted` (since 2.1.143) | the task is on the list, or done | `decision: block`: it is not |
//! | unknown | unknown; 2.1.332 runs the command of a skill | `decision: block` |
//!
//! "Since" names the oldest version in the tests that has the event; the versions between two of these were not all tried.
//! Since 2.1.160 the CLI also stops most of it if the hook is not answered in time; `ConfigChange`, `ElicitationRequest`,
//! `ElicitationResult`, `TaskCreated` and `TaskCompleted` always pass then. `docs/protocol/incoming.md` has every version.
//!
//! [`HookOutput::stop`] refuses less than it says: at `PreToolUse` the tool runs, and the turn ends after it.
//!
//! Every other event guards nothing, and gets an error: `Stop` and `SubagentStop` would go on with a block, without a
//! compaction (`PreCompact`) there may be no room for the next turn, and without a path (`WorktreeCreate`) the tool fails.

mod call;
mod details;
mod event;
mod inputs;
mod output;
mod outputs;

pub use call::{HookCall, HookEventInput};
pub use details::HookDetails;
pub use event::HookEvent;
pub use inputs::agents::{
    HookBackgroundTask, SessionCron, StopFailureHookInput, StopHookInput, SubagentStartHookInput,
    SubagentStopHookInput, TaskCompletedHookInput, TaskCreatedHookInput, TeammateIdleHookInput,
};
pub use inputs::places::{
    ConfigChangeHookInput, CwdChangedHookInput, DirectoryAddedHookInput, FileChangedHookInput,
    InstructionsLoadedHookInput, WorktreeCreateHookInput, WorktreeRemoveHookInput,
};
pub use inputs::session::{
    MessageDisplayHookInput, NotificationHookInput, PostCompactHookInput, PostModelSwitchHookInput,
    PreCompactHookInput, PreModelSwitchHookInput, SessionEndHookInput, SessionSource, SessionStartHookInput,
    SetupHookInput, UserPromptExpansionHookInput, UserPromptSubmitHookInput,
};
pub use inputs::tools::{
    ElicitationHookInput, ElicitationResultHookInput, PermissionDeniedHookInput, PermissionRequestHookInput,
    PostToolBatchHookInput, PostToolUseFailureHookInput, PostToolUseHookInput, PreSkillShellCommandHookInput,
    PreToolUseHookInput, SkillInvoker, ToolBatchCall,
};
pub use output::{HookOutput, HookOutputDecision};
pub use outputs::*;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::view::{FromJson, view};

view! {
    /// A hook that is asked (`hook_callback`; [wire reference, sections 1.6 and 4.3](crate::guide::wire#16-subtypes-of-incoming-requests)).
    pub struct HookRequest {
        must {
            /// The id under which the host registered it.
            callback_id: String,
            /// What happened.
            input: HookInput,
        }
        may {
            /// The tool call that it is about; for events without one, an id of the CLI's own.
            tool_use_id: String,
        }
    }

    /// What every event says. What only this one says is in `unknown_fields`, and read by [`details`](HookInput::details).
    pub struct HookInput {
        must {
            /// The event.
            event = "hook_event_name": HookEvent,
        }
        may {
            /// The session.
            session_id: String,
            /// The file in which the CLI keeps the session.
            transcript_path: String,
            /// The working directory.
            cwd: String,
            /// The prompt in whose turn it happened, by an id of the CLI's own. From 2.1.250.
            prompt_id: String,
            /// The permission mode.
            permission_mode: String,
            /// The subagent in which it happened.
            agent_id: String,
            /// That subagent's type, or the session's own agent. 2.0.76 does not say it in `SubagentStop`.
            agent_type: String,
            /// How much the model thinks. From 2.1.143.
            effort: HookEffort,
        }
    }

    /// How much the model thinks.
    pub struct HookEffort {
        must {
            /// `low`, `medium`, `high`, ...
            level: String,
        }
        may {}
    }
}

impl HookRequest {
    /// Creates a request of the hook that is registered under that id, for tests of a host. `input` is the object that the CLI
    /// sends: it has `hook_event_name`, and what that event has.
    ///
    /// ```
    /// use claude_duplex::Json;
    /// use claude_duplex::incoming::hook::{HookDetails, HookRequest};
    ///
    /// let input =
    ///     r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{}}"#;
    /// let hook = HookRequest::new("guard", &Json::parse(input).unwrap())?;
    /// let HookDetails::PreToolUse(call) = hook.input.details()? else { unreachable!() };
    /// assert_eq!(call.tool_name, "Bash");
    /// # Ok::<(), claude_duplex::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`DecodeError`] if `input` lacks the event's name.
    pub fn new(callback_id: impl Into<String>, input: &Json) -> Result<Self, DecodeError> {
        let input = HookInput::from_json(input).map_err(|error| error.within("input"))?;
        Ok(Self::with_required(callback_id.into(), input))
    }
}

impl HookInput {
    /// What only this event says.
    ///
    /// # Errors
    /// Where it lacks what the event is about.
    pub fn details(&self) -> Result<HookDetails, DecodeError> {
        HookDetails::of(&self.event, &self.unknown_fields).map_err(|error| error.within("input"))
    }
}
