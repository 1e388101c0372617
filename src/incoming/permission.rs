//! Permission requests for tool calls.

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::incoming::PermissionUpdate;
use crate::message::ToolInput;
use crate::wire::view::{view, words};

view! {
    /// Request for the permission to run a tool
    /// (`can_use_tool`; [wire reference, section 1.6](crate::guide::wire#16-subtypes-of-incoming-requests)).
    pub struct PermissionRequest {
        must {
            /// Name of the tool, e.g. `Bash`.
            tool_name: String,
            /// Input of the tool, a JSON object, byte for byte as the CLI wrote it.
            input: Json,
        }
        may {
            /// Identifier of the `tool_use` block in the assistant message. Since 2.0.28.
            tool_use_id: String,
            /// Permission updates that the CLI suggests; see [`suggestions`](PermissionRequest::suggestions).
            permission_suggestions: Vec<PermissionUpdate>,
            /// Path that caused the request. Since 2.1.50.
            blocked_path: String,
            /// Description of the reason for the request. Since 2.0.76.
            decision_reason: String,
            /// Type of the reason for the request. Since 2.1.143.
            decision_reason_type: DecisionReason,
            /// Event of the hook that decided to ask, e.g. `PreToolUse`. Seen in 2.1.329 and 2.1.330.
            decision_reason_hook_event: String,
            /// Origin of the hook that decided to ask, e.g. `settings`. Seen in 2.1.329 and 2.1.330.
            decision_reason_hook_source: String,
            /// `true` if the classifier of the CLI may decide instead of the user.
            classifier_approvable: bool,
            /// `true` if the host should not offer to always allow the tool.
            suppress_always_allow_rule: bool,
            /// `true` if the default choice of the user should be "no".
            default_to_no: bool,
            /// Rule that caused the request.
            matched_ask_rule: MatchedAskRule,
            /// Title of the request, for the user.
            title: String,
            /// Display name of the tool. Since 2.1.143.
            display_name: String,
            /// Description of the call, written by the model. Since 2.1.143.
            description: String,
            /// Identifier of the subagent that called the tool; `None` in the main thread.
            agent_id: String,
            /// MCP server of the tool; `None` for other tools.
            mcp_server: McpSource,
            /// `true` if only the user can decide, e.g. about [`questions`](PermissionRequest::questions). Since
            /// 2.1.250.
            requires_user_interaction: bool,
        }
    }

    /// Rule that caused a permission request.
    pub struct MatchedAskRule {
        must {}
        may {
            /// Settings that contain the rule.
            source: String,
            /// Name of the tool that the rule covers.
            tool_name: String,
            /// Pattern for the calls that the rule covers; all calls of the tool if absent.
            rule_content: String,
        }
    }

    /// MCP server that provides the tool of a request.
    pub struct McpSource {
        must {
            /// Name of the MCP server.
            name: String,
        }
        may {
            /// Source of the configuration of the server.
            source: String,
        }
    }
}

words! {
    /// Type of the reason for a permission request.
    pub enum DecisionReason {
        /// A rule requires the request.
        Rule = "rule",
        /// The permission mode requires the request.
        Mode = "mode",
        /// A part of the command requires permission.
        SubcommandResults = "subcommandResults",
        /// A permission prompt tool is configured.
        PermissionPromptTool = "permissionPromptTool",
        /// A hook decided that the user should be asked.
        Hook = "hook",
        /// A background subagent called the tool.
        AsyncAgent = "asyncAgent",
        /// The call would run outside the sandbox.
        SandboxOverride = "sandboxOverride",
        /// The call accesses a path outside the working directories.
        WorkingDir = "workingDir",
        /// The call looks dangerous.
        SafetyCheck = "safetyCheck",
        /// The classifier of the CLI did not decide.
        Classifier = "classifier",
        /// The CLI reported the reason `other`.
        Unspecified = "other",
    }

    /// Scope of the user's decision. Without it, the CLI guesses the scope.
    pub enum Classification {
        /// The user allowed this call only.
        UserTemporary = "user_temporary",
        /// The user allowed such calls permanently.
        UserPermanent = "user_permanent",
        /// The user denied the call.
        UserReject = "user_reject",
    }
}

impl PermissionRequest {
    /// Creates a request for a tool with an input, a JSON object, to test the policy of a host. The other fields are
    /// absent and can be set.
    ///
    /// ```
    /// use claude_duplex::{Decision, Json, PermissionRequest};
    ///
    /// fn decide(request: &PermissionRequest) -> Decision {
    ///     match request.title {
    ///         Some(_) => Decision::allow(),
    ///         None => Decision::deny("no title"),
    ///     }
    /// }
    ///
    /// let input = Json::parse(r#"{"command":"ls"}"#)?;
    /// let mut request = PermissionRequest::new("Bash", input);
    /// assert_eq!(decide(&request), Decision::deny("no title"));
    /// request.title = Some("List files".to_owned());
    /// assert_eq!(decide(&request), Decision::allow());
    /// # Ok::<(), claude_duplex::JsonError>(())
    /// ```
    #[must_use]
    pub fn new(tool_name: impl Into<String>, input: impl Into<Json>) -> Self {
        Self::with_required(tool_name.into(), input.into())
    }

    /// Decodes the input by the name of the tool.
    ///
    /// # Errors
    /// [`DecodeError`] if the input of a known tool lacks a required field.
    pub fn typed_input(&self) -> Result<ToolInput, DecodeError> {
        ToolInput::parse(&self.tool_name, &self.input)
    }

    /// Returns the permission updates that the CLI suggests. Pass them to
    /// [`Allow::and_remember_all`](crate::Allow::and_remember_all), which sends them back byte for byte.
    #[must_use]
    pub fn suggestions(&self) -> &[PermissionUpdate] {
        self.permission_suggestions.as_deref().unwrap_or_default()
    }
}
