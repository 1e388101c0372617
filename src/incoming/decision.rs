//! Decisions of the host about permission requests.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::base::text::{Quoted, TruncatedList};
use crate::incoming::{Classification, PermissionUpdate};

/// Decision of the host about a [`PermissionRequest`](crate::PermissionRequest).
///
/// [`allow`](Self::allow) and [`deny`](Self::deny) create simple decisions. [`Allow`] can also add permission updates,
/// and [`Deny`] can also interrupt the turn.
///
/// ```
/// use claude_duplex::{Allow, Decision, Deny, Json, PermissionRequest};
///
/// fn decide(tool: &PermissionRequest) -> Result<Decision, claude_duplex::JsonError> {
///     Ok(match &*tool.tool_name {
///         "Read" => Decision::allow(),
///         "Bash" if tool.input.as_str().contains("sudo") => {
///             Deny::new("not as root").and_interrupt().into()
///         }
///         "Write" => Decision::allow_with(Json::parse(
///             r#"{"file_path":"/tmp/out","content":""}"#,
///         )?),
///         "WebFetch" => Allow::new().and_remember_all(tool.suggestions()).into(),
///         name => Decision::deny(format!("{name} is not for you")),
///     })
/// }
/// ```
///
/// [`guide::permissions`](crate::guide::permissions) shows a complete session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Decision {
    /// Permission for the tool to run.
    Allow(Allow),
    /// Refusal to let the tool run.
    Deny(Deny),
}

/// Decision that a tool may run.
///
/// Options that only a denial has do not compile:
///
/// ```compile_fail,E0599
/// # use claude_duplex::Allow;
/// Allow::new().and_interrupt();
/// ```
///
/// ```compile_fail,E0599
/// # use claude_duplex::Decision;
/// Decision::allow().and_interrupt();
/// ```
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Allow {
    /// Input that replaces the input of the request, a JSON object. With `None`, the original input is sent back byte
    /// for byte, because versions before 2.1.207 refuse an allow without input.
    pub input: Option<Json>,
    /// Permission updates that the CLI applies, all or none
    /// ([wire reference, section 4.2](crate::guide::wire#42-permission-updates)).
    pub remember: Vec<PermissionUpdate>,
    /// Identifier of the `tool_use` block. Optional: no version of the CLI requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<String>,
    /// Scope of the user's decision, e.g. this call only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
}

/// Decision that a tool may not run.
///
/// Options that only an allow has do not compile:
///
/// ```compile_fail,E0599
/// # use claude_duplex::{Deny, PermissionRequest};
/// # fn decide(tool: PermissionRequest) {
/// Deny::new("no").and_remember_all(tool.suggestions());
/// # }
/// ```
///
/// ```compile_fail,E0599
/// # use claude_duplex::{Decision, PermissionRequest};
/// # fn decide(tool: PermissionRequest) {
/// Decision::deny("no").and_remember(&tool.suggestions()[0]);
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deny {
    /// Reason for the refusal, which the model reads.
    pub message: String,
    /// `true` if the refusal also interrupts the turn.
    pub interrupt: bool,
    /// Identifier of the `tool_use` block. Optional: no version of the CLI requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<String>,
    /// Scope of the user's decision, e.g. this call only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
}

impl Decision {
    /// Creates a decision that lets the tool run with the original input. [`Allow`] has more options.
    #[must_use]
    pub fn allow() -> Self {
        Allow::new().into()
    }

    /// Creates a decision that lets the tool run with `input`, a JSON object. If `input` is not an object, sending the
    /// response fails with [`Mismatch`](crate::RespondError::Mismatch).
    #[must_use]
    pub fn allow_with(input: Json) -> Self {
        Allow::new().with_input(input).into()
    }

    /// Creates a decision that the tool may not run. The model reads the message. [`Deny`] has more options.
    pub fn deny(message: impl Into<String>) -> Self {
        Deny::new(message).into()
    }

    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Self::Allow(Allow { input: Some(input), .. }) => input.is_object(),
            _ => true,
        }
    }
}

impl Allow {
    /// Creates an allow with the original input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the input of the tool, a JSON object. If `input` is not an object, sending the response fails with
    /// [`Mismatch`](crate::RespondError::Mismatch).
    #[must_use]
    pub fn with_input(mut self, input: Json) -> Self {
        self.input = Some(input);
        self
    }

    /// Adds a permission update: a [suggestion](crate::PermissionRequest::suggestions) of the CLI, or an update that
    /// the host created.
    #[must_use]
    pub fn and_remember(mut self, update: impl Into<PermissionUpdate>) -> Self {
        self.remember.push(update.into());
        self
    }

    /// Adds several permission updates, e.g. all [suggestions](crate::PermissionRequest::suggestions) of the CLI if the
    /// user chose "always allow".
    #[must_use]
    pub fn and_remember_all<U: Into<PermissionUpdate>>(mut self, updates: impl IntoIterator<Item = U>) -> Self {
        self.remember.extend(updates.into_iter().map(Into::into));
        self
    }

    /// Sets the scope of the user's decision. Without it, the CLI guesses the scope.
    #[must_use]
    pub fn classified(mut self, meaning: Classification) -> Self {
        self.classification = Some(meaning);
        self
    }

    /// Sets the identifier of the [`tool_use` block](crate::PermissionRequest::tool_use_id).
    #[must_use]
    pub fn about_tool_use(mut self, id: impl Into<String>) -> Self {
        self.tool_use_id = Some(id.into());
        self
    }
}

impl Deny {
    /// Creates a denial. The model reads the message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), interrupt: false, tool_use_id: None, classification: None }
    }

    /// Also interrupts the turn.
    #[must_use]
    pub fn and_interrupt(mut self) -> Self {
        self.interrupt = true;
        self
    }

    /// Sets the scope of the user's decision. Without it, the CLI guesses the scope.
    #[must_use]
    pub fn classified(mut self, meaning: Classification) -> Self {
        self.classification = Some(meaning);
        self
    }

    /// Sets the identifier of the [`tool_use` block](crate::PermissionRequest::tool_use_id).
    #[must_use]
    pub fn about_tool_use(mut self, id: impl Into<String>) -> Self {
        self.tool_use_id = Some(id.into());
        self
    }
}

impl From<Allow> for Decision {
    fn from(allow: Allow) -> Self {
        Self::Allow(allow)
    }
}

impl From<Deny> for Decision {
    fn from(deny: Deny) -> Self {
        Self::Deny(deny)
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(allow) => allow.fmt(f),
            Self::Deny(deny) => deny.fmt(f),
        }
    }
}

impl fmt::Debug for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Allow");
        fields.field("input", &self.input).field("remember", &TruncatedList(&self.remember));
        details(&mut fields, self.tool_use_id.as_deref(), self.classification.as_ref())
    }
}

impl fmt::Debug for Deny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Deny");
        fields.field("message", &Quoted(&self.message)).field("interrupt", &self.interrupt);
        details(&mut fields, self.tool_use_id.as_deref(), self.classification.as_ref())
    }
}

fn details(
    fields: &mut fmt::DebugStruct<'_, '_>,
    tool_use_id: Option<&str>,
    classification: Option<&Classification>,
) -> fmt::Result {
    if let Some(id) = tool_use_id {
        fields.field("tool_use_id", &Quoted(id));
    }
    if let Some(classification) = classification {
        fields.field("classification", &Quoted(classification.as_str()));
    }
    fields.finish()
}

/// Decision in the form that the CLI reads.
pub(crate) struct Payload<'a> {
    pub(crate) decision: &'a Decision,
    /// Input of the request, sent back by an allow without another input.
    pub(crate) own: Option<&'a Json>,
}

impl Serialize for Payload<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let (tool_use_id, classification) = match self.decision {
            Decision::Allow(Allow { input, remember, tool_use_id, classification }) => {
                map.serialize_entry("behavior", "allow")?;
                if let Some(input) = input.as_ref().or(self.own) {
                    map.serialize_entry("updatedInput", input)?;
                }
                if !remember.is_empty() {
                    map.serialize_entry("updatedPermissions", remember)?;
                }
                (tool_use_id, classification)
            }
            Decision::Deny(Deny { message, interrupt, tool_use_id, classification }) => {
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
