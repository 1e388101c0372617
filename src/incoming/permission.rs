//! May a tool run?

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::{Few, Quoted};
use crate::incoming::{PermissionUpdate, Questions};
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
    /// Rules that the CLI offers to remember; one goes back byte for byte by [`Decision::and_remember`].
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

/// May the tool run?
///
/// ```
/// use claude_duplex::{Decision, Json, PermissionRequest};
///
/// fn decide(tool: &PermissionRequest) -> Result<Decision, claude_duplex::JsonError> {
///     Ok(match (&*tool.tool_name, tool.suggestions()) {
///         ("Bash", _) if tool.input.as_str().contains("sudo") => {
///             Decision::deny("not as root").and_interrupt()
///         }
///         ("Write", _) => Decision::allow_with(Json::parse(
///             r#"{"file_path":"/tmp/out","content":""}"#,
///         )?),
///         (_, [suggestion, ..]) => Decision::allow().and_remember(suggestion),
///         _ => Decision::allow(),
///     })
/// }
/// ```
///
/// [`guide::permissions`](crate::guide::permissions) has a whole session with one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Decision {
    /// It may.
    Allow {
        /// Another input in place of the tool's own, a JSON object. `None` sends the original back byte for byte:
        /// versions up to 2.1.206 refuse an allow without input.
        input: Option<Json>,
        /// Permission updates to take with it ([wire reference, section 4.2](crate::guide::wire#42-permission-updates)). The CLI takes all or none.
        remember: Vec<PermissionUpdate>,
        /// The `tool_use` block that it is about; no version needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool_use_id: Option<String>,
        /// What the user meant by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        classification: Option<Classification>,
    },
    /// It may not.
    Deny {
        /// Why, for the model.
        message: String,
        /// Whether the turn ends with it.
        interrupt: bool,
        /// The `tool_use` block that it is about; no version needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool_use_id: Option<String>,
        /// What the user meant by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        classification: Option<Classification>,
    },
}

impl Decision {
    /// The tool runs with its own input.
    #[must_use]
    pub fn allow() -> Self {
        Self::Allow { input: None, remember: Vec::new(), tool_use_id: None, classification: None }
    }

    /// The tool runs with `input`, a JSON object, in place of its own. One that is no object is a
    /// [`Mismatch`](crate::RespondError::Mismatch) when it is said.
    #[must_use]
    pub fn allow_with(new: Json) -> Self {
        Self::Allow { input: Some(new), remember: Vec::new(), tool_use_id: None, classification: None }
    }

    /// The tool does not run; the model is told why.
    pub fn deny(message: impl Into<String>) -> Self {
        Self::Deny { message: message.into(), interrupt: false, tool_use_id: None, classification: None }
    }

    /// Takes a [suggestion](PermissionRequest::suggestions), or an update of the host's own, with an allow. A deny stays as it is.
    #[must_use]
    pub fn and_remember(mut self, update: impl Into<PermissionUpdate>) -> Self {
        if let Self::Allow { remember, .. } = &mut self {
            remember.push(update.into());
        }
        self
    }

    /// Ends the turn with a deny. An allow stays as it is.
    #[must_use]
    pub fn and_interrupt(mut self) -> Self {
        if let Self::Deny { interrupt, .. } = &mut self {
            *interrupt = true;
        }
        self
    }

    /// Says what the user meant by it; otherwise the CLI guesses.
    #[must_use]
    pub fn classified(mut self, meant: Classification) -> Self {
        let (Self::Allow { classification, .. } | Self::Deny { classification, .. }) = &mut self;
        *classification = Some(meant);
        self
    }

    /// Names the [`tool_use` block](PermissionRequest::tool_use_id) that it is about.
    #[must_use]
    pub fn about_tool_use(mut self, id: impl Into<String>) -> Self {
        let (Self::Allow { tool_use_id, .. } | Self::Deny { tool_use_id, .. }) = &mut self;
        *tool_use_id = Some(id.into());
        self
    }

    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Self::Allow { input: Some(input), .. } => input.is_object(),
            _ => true,
        }
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut fields, tool_use_id, classification) = match self {
            Self::Allow { input, remember, tool_use_id, classification } => {
                let mut fields = f.debug_struct("Allow");
                fields.field("input", input).field("remember", &Few(remember));
                (fields, tool_use_id, classification)
            }
            Self::Deny { message, interrupt, tool_use_id, classification } => {
                let mut fields = f.debug_struct("Deny");
                fields.field("message", &Quoted(message)).field("interrupt", interrupt);
                (fields, tool_use_id, classification)
            }
        };
        if let Some(id) = tool_use_id {
            fields.field("tool_use_id", &Quoted(id));
        }
        if let Some(classification) = classification {
            fields.field("classification", &Quoted(classification.as_str()));
        }
        fields.finish()
    }
}

/// A decision as the CLI reads it.
pub(crate) struct Payload<'a> {
    pub(crate) decision: &'a Decision,
    /// The tool's own input, for an allow that has no other.
    pub(crate) own: Option<&'a Json>,
}

impl Serialize for Payload<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let (tool_use_id, classification) = match self.decision {
            Decision::Allow { input, remember, tool_use_id, classification } => {
                map.serialize_entry("behavior", "allow")?;
                if let Some(input) = input.as_ref().or(self.own) {
                    map.serialize_entry("updatedInput", input)?;
                }
                if !remember.is_empty() {
                    map.serialize_entry("updatedPermissions", remember)?;
                }
                (tool_use_id, classification)
            }
            Decision::Deny { message, interrupt, tool_use_id, classification } => {
                map.serialize_entry("behavior", "deny")?;
                map.serialize_entry("message", message)?;
                if *interrupt {
                    map.serialize_entry("interrupt", interrupt)?;
                }
                (tool_use_id, classification)
            }
        };
        if let Some(id) = tool_use_id {
            map.serialize_entry("toolUseID", id)?;
        }
        if let Some(classification) = classification {
            map.serialize_entry("decisionClassification", classification)?;
        }
        map.end()
    }
}
