//! The host's decision about a permission request.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::base::text::{Few, Quoted};
use crate::incoming::{Classification, PermissionUpdate};

/// Decision of the host about a [`PermissionRequest`](crate::PermissionRequest).
///
/// [`Allow`] and [`Deny`] say more than [`allow`](Self::allow) and [`deny`](Self::deny): what to remember, or that the turn ends.
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
/// [`guide::permissions`](crate::guide::permissions) has a whole session with one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Decision {
    /// The tool may run.
    Allow(Allow),
    /// The tool may not run.
    Deny(Deny),
}

/// Decision that a tool may run.
///
/// What only a denial can say does not compile:
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
    /// Another input in place of the tool's own, a JSON object. `None` sends the original back byte for byte:
    /// versions up to 2.1.206 refuse an allow without input.
    pub input: Option<Json>,
    /// Permission updates that the CLI makes with it ([wire reference, section 4.2](crate::guide::wire#42-permission-updates)):
    /// all or none.
    pub remember: Vec<PermissionUpdate>,
    /// Id of the `tool_use` block; no version needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<String>,
    /// Meaning of the user's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
}

/// Decision that a tool may not run.
///
/// What only an allow can say does not compile:
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
    /// Reason, for the model.
    pub message: String,
    /// Whether the turn ends with it.
    pub interrupt: bool,
    /// Id of the `tool_use` block; no version needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<String>,
    /// Meaning of the user's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
}

impl Decision {
    /// Lets the tool run with its own input. [`Allow`] can say more.
    #[must_use]
    pub fn allow() -> Self {
        Allow::new().into()
    }

    /// Lets the tool run with `input`, a JSON object, in place of its own. The response with another value is a
    /// [`Mismatch`](crate::RespondError::Mismatch).
    #[must_use]
    pub fn allow_with(input: Json) -> Self {
        Allow::new().with_input(input).into()
    }

    /// Does not let the tool run; the model reads the message. [`Deny`] can say more.
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
    /// Lets the tool run with its own input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the input of the tool, a JSON object, in place of its own. The response with another value is a
    /// [`Mismatch`](crate::RespondError::Mismatch).
    #[must_use]
    pub fn with_input(mut self, input: Json) -> Self {
        self.input = Some(input);
        self
    }

    /// Adds a [suggestion](crate::PermissionRequest::suggestions) of the CLI, or an update of the host's own.
    #[must_use]
    pub fn and_remember(mut self, update: impl Into<PermissionUpdate>) -> Self {
        self.remember.push(update.into());
        self
    }

    /// Adds several updates, e.g. all [suggestions](crate::PermissionRequest::suggestions) of the CLI: the answer "always" of a user.
    #[must_use]
    pub fn and_remember_all<U: Into<PermissionUpdate>>(mut self, updates: impl IntoIterator<Item = U>) -> Self {
        self.remember.extend(updates.into_iter().map(Into::into));
        self
    }

    /// Sets the meaning of the user's answer; otherwise the CLI guesses it.
    #[must_use]
    pub fn classified(mut self, meaning: Classification) -> Self {
        self.classification = Some(meaning);
        self
    }

    /// Sets the id of the [`tool_use` block](crate::PermissionRequest::tool_use_id).
    #[must_use]
    pub fn about_tool_use(mut self, id: impl Into<String>) -> Self {
        self.tool_use_id = Some(id.into());
        self
    }
}

impl Deny {
    /// Does not let the tool run; the model reads the message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), interrupt: false, tool_use_id: None, classification: None }
    }

    /// Ends the turn, too.
    #[must_use]
    pub fn and_interrupt(mut self) -> Self {
        self.interrupt = true;
        self
    }

    /// Sets the meaning of the user's answer; otherwise the CLI guesses it.
    #[must_use]
    pub fn classified(mut self, meaning: Classification) -> Self {
        self.classification = Some(meaning);
        self
    }

    /// Sets the id of the [`tool_use` block](crate::PermissionRequest::tool_use_id).
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
        fields.field("input", &self.input).field("remember", &Few(&self.remember));
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
