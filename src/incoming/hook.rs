//! Hooks: the input of each event, and the outputs that a host can return.
//!
//! A host registers a hook in `initialize` under a callback id. When the event occurs, the CLI sends a request
//! (`hook_callback`) and waits for the response, at most for the registered `timeout`.
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
//! The CLI treats an error, and an output that it cannot read, as an empty output: the guarded action happens, unless
//! the hook was registered with `onFailure: block`. Therefore a hook that guards something gets its
//! [`refusal`](HookEvent::refusal) in these cases:
//!
//! * The host does not handle hooks, or drops the request.
//! * The host responds with [`IncomingResponse::Error`](crate::IncomingResponse::Error) or
//!   [`IncomingResponse::Decline`](crate::IncomingResponse::Decline).
//!
//! An event that this version of the crate does not know counts as a guard.
//!
//! | Event | Effect of an error on the CLI | Refusal, and its effect |
//! |---|---|---|
//! | `PreToolUse` | the tool runs | `permissionDecision: deny`: the tool does not run |
//! | `PreSkillShellCommand` (since 2.1.332) | the command runs | `permissionDecision: deny`: the command does not run |
//! | `PermissionRequest` (since 2.1.50) | the permission request decides | `decision: deny`: the tool does not run, and the permission request is withdrawn |
//! | `UserPromptSubmit` | the prompt runs | `decision: block`: the prompt does not run |
//! | `UserPromptExpansion` (since 2.1.143) | the prompt runs | `decision: block`: the prompt does not run |
//! | `PreModelSwitch` (since 2.1.278) | the model changes | `permissionDecision: deny`: `set_model` fails |
//! | `ConfigChange` (since 2.1.50) | the new settings take effect | `decision: block`: the old settings stay |
//! | `Elicitation` (since 2.1.143) | the user is asked | `decision: block`: the MCP server gets `decline`, and the user is not asked. Before 2.1.302 no output stops it |
//! | `ElicitationResult` (since 2.1.143) | the MCP server gets what the user filled in | `decision: block`: the MCP server gets `decline`. Before 2.1.302 no output stops it |
//! | `TaskCreated`, `TaskCompleted` (since 2.1.143) | the task is created or completed | `decision: block`: the task is not created or completed |
//! | unknown | unknown; 2.1.332 runs the command of a skill | `decision: block` |
//!
//! "Since" names the oldest tested version that has the event; not all versions in between were tested. Since 2.1.160
//! the CLI also stops most of these actions if no response arrives in time. `ConfigChange`, `Elicitation`,
//! `ElicitationResult`, `TaskCreated` and `TaskCompleted` are exceptions: without a response, the action always
//! happens. `docs/protocol/incoming.md` lists the behavior of every tested version.
//!
//! [`HookOutput::stop`] is not a refusal: at `PreToolUse` the tool runs, and the turn ends after it.
//!
//! All other events guard nothing, and get an error instead of a block:
//!
//! * After a block of `Stop` or `SubagentStop`, the turn or the subagent would continue.
//! * After a block of `PreCompact`, the next turn can exceed the context.
//! * `WorktreeCreate` needs no refusal: without a path, the tool fails.

mod call;
mod details;
mod event;
mod inputs;
mod output;
mod outputs;
mod refusal;

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
    /// Request to run a hook for an event
    /// (`hook_callback`; [wire reference, sections 1.6 and 4.3](crate::guide::wire#16-subtypes-of-incoming-requests)).
    pub struct HookRequest {
        must {
            /// Identifier under which the host registered the hook.
            callback_id: String,
            /// Event and its input.
            input: HookInput,
        }
        may {
            /// Identifier of the tool call; for events without a tool call, an identifier that the CLI created.
            tool_use_id: String,
        }
    }

    /// Input that every event has. The input of the specific event is in `unknown_fields`;
    /// [`details`](HookInput::details) decodes it.
    pub struct HookInput {
        must {
            /// Event that the hook handles.
            event = "hook_event_name": HookEvent,
        }
        may {
            /// Identifier of the session.
            session_id: String,
            /// Path of the transcript file of the session.
            transcript_path: String,
            /// Working directory of the session.
            cwd: String,
            /// Identifier that the CLI assigned to the prompt of the turn. Since 2.1.250.
            prompt_id: String,
            /// Permission mode of the session.
            permission_mode: String,
            /// Identifier of the subagent in which the event occurred; `None` in the main thread.
            agent_id: String,
            /// Type of the subagent, or the agent of the session. Absent in `SubagentStop` on 2.0.76.
            agent_type: String,
            /// Reasoning effort of the model. Since 2.1.143.
            effort: HookEffort,
        }
    }

    /// Reasoning effort of the model.
    pub struct HookEffort {
        must {
            /// Level of the effort, e.g. `low`, `medium`, `high`.
            level: String,
        }
        may {}
    }
}

impl HookRequest {
    /// Creates a request for the hook with the identifier `callback_id`, for tests of a host.
    ///
    /// `input` is the object that the CLI sends: `hook_event_name` and the fields of that event.
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
    /// [`DecodeError`] if `input` has no `hook_event_name`.
    pub fn new(callback_id: impl Into<String>, input: &Json) -> Result<Self, DecodeError> {
        let input = HookInput::from_json(input).map_err(|error| error.within("input"))?;
        Ok(Self::with_required(callback_id.into(), input))
    }
}

impl HookInput {
    /// Decodes the input of the specific event.
    ///
    /// # Errors
    /// [`DecodeError`] if the input lacks a field that the event requires.
    pub fn details(&self) -> Result<HookDetails, DecodeError> {
        HookDetails::of(&self.event, &self.unknown_fields).map_err(|error| error.within("input"))
    }
}
