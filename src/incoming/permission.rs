//! May a tool run?

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::incoming::{PermissionUpdate, Questions};
use crate::message::ToolInput;
use crate::wire::view::{view, words};

view! {
    /// A tool that wants to run (`can_use_tool`; [wire reference, section 1.6](crate::guide::wire#16-subtypes-of-incoming-requests)).
    pub struct PermissionRequest {
        must {
            /// The tool's name, as `Bash`.
            tool_name: String,
            /// The tool's input: a JSON object, byte for byte as the CLI wrote it.
            input: Json,
        }
        may {
            /// Joins the incoming request with the `tool_use` block of the assistant's message. From 2.0.28.
            tool_use_id: String,
            /// Rules that the CLI offers to remember; see [`suggestions`](PermissionRequest::suggestions).
            permission_suggestions: Vec<PermissionUpdate>,
            /// The path that made it ask. From 2.1.50.
            blocked_path: String,
            /// Why it asks, in words. From 2.0.76.
            decision_reason: String,
            /// Why it asks. From 2.1.143.
            decision_reason_type: DecisionReason,
            /// Whether the CLI's classifier may decide in place of the user.
            classifier_approvable: bool,
            /// Whether the host should not offer to allow it for always.
            suppress_always_allow_rule: bool,
            /// Whether "no" should be what is chosen if the user chooses nothing.
            default_to_no: bool,
            /// The rule that made it ask.
            matched_ask_rule: MatchedAskRule,
            /// A heading.
            title: String,
            /// The tool's name for people. From 2.1.143.
            display_name: String,
            /// What the tool is about to do, in the words of the model. From 2.1.143.
            description: String,
            /// The subagent that asks, if it is one.
            agent_id: String,
            /// The MCP server of the tool, if it has one.
            mcp_server: McpSource,
            /// Whether only the user can answer, as with [`questions`](PermissionRequest::questions). From 2.1.250.
            requires_user_interaction: bool,
        }
    }

    /// The rule that made the CLI ask.
    pub struct MatchedAskRule {
        must {}
        may {
            /// The settings that it stands in.
            source: String,
            /// The tool that it is about.
            tool_name: String,
            /// Which calls it is about; all, if it is not said.
            rule_content: String,
        }
    }

    /// An MCP server, as asks name it.
    pub struct McpSource {
        must {
            /// Its name.
            name: String,
        }
        may {
            /// Where the CLI has it from.
            source: String,
        }
    }
}

words! {
    /// Why the CLI asks.
    pub enum DecisionReason {
        /// A rule says so.
        Rule = "rule",
        /// The permission mode says so.
        Mode = "mode",
        /// A part of the command has to be asked for.
        SubcommandResults = "subcommandResults",
        /// A permission prompt tool.
        PermissionPromptTool = "permissionPromptTool",
        /// A hook said so.
        Hook = "hook",
        /// A subagent in the background asks.
        AsyncAgent = "asyncAgent",
        /// It is to run outside the sandbox.
        SandboxOverride = "sandboxOverride",
        /// It is about a path outside the working directories.
        WorkingDir = "workingDir",
        /// It looks dangerous.
        SafetyCheck = "safetyCheck",
        /// The CLI's classifier would not decide.
        Classifier = "classifier",
        /// Something else.
        Unspecified = "other",
    }

    /// What the user meant by an answer; the CLI's own guess if it is not said.
    pub enum Classification {
        /// Allowed, this once.
        UserTemporary = "user_temporary",
        /// Allowed for always.
        UserPermanent = "user_permanent",
        /// Refused.
        UserReject = "user_reject",
    }
}

impl PermissionRequest {
    /// Creates a request of that tool with that input, a JSON object, for tests of a host's policy. The other fields are absent
    /// and can be set.
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

    /// Reads the input by the tool's name.
    ///
    /// # Errors
    /// [`DecodeError`] if the input of a known tool lacks what that tool requires.
    pub fn typed_input(&self) -> Result<ToolInput, DecodeError> {
        ToolInput::parse(&self.tool_name, &self.input)
    }

    /// Rules that the CLI offers to remember; they go back byte for byte by [`Allow::and_remember_all`](crate::Allow::and_remember_all).
    #[must_use]
    pub fn suggestions(&self) -> &[PermissionUpdate] {
        self.permission_suggestions.as_deref().unwrap_or_default()
    }

    /// What the tool `AskUserQuestion` asks, which only an answer allows: the model has questions to the user.
    ///
    /// # Errors
    /// Where it is another tool, or its input has no questions.
    pub fn questions(&self) -> Result<Questions, DecodeError> {
        Questions::of(self)
    }
}
