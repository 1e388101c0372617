//! Permission updates: rules, modes and directories that an allow changes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::{Quoted, TruncatedList, TruncatedTexts};
use crate::options::PermissionMode;
use crate::wire::fields::Fields;
use crate::wire::read::{Reader, Tags};
use crate::wire::view::{FromJson, ViewPart, words};

/// Permission update that an allow applies ([wire reference, section 4.2](crate::guide::wire#42-permission-updates)).
///
/// An update is either a [suggestion](crate::PermissionRequest::suggestions) of the CLI, kept byte for byte, or created
/// by the host.
///
/// If the CLI cannot read one update, it silently ignores all updates of the response. Therefore this type creates only
/// updates that the CLI can read, and [`from_json`](PermissionUpdate::from_json) checks JSON.
///
/// ```
/// use claude_duplex::Allow;
/// use claude_duplex::incoming::{
///     PermissionChange, PermissionDestination, PermissionRule, PermissionUpdate,
///     RuleBehavior,
/// };
///
/// let tests = PermissionChange::AddRules {
///     behavior: RuleBehavior::Allow,
///     rules: vec![PermissionRule::calls("Bash", "cargo test:*")],
/// };
/// let update = PermissionUpdate::new(&tests, PermissionDestination::LocalSettings);
/// assert_eq!(update.change(), Ok(tests));
/// let decision = Allow::new().and_remember(update);
///
/// let unreadable =
///     claude_duplex::Json::parse(r#"{"type":"addRules","rules":"all"}"#).unwrap();
/// assert!(PermissionUpdate::from_json(&unreadable).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PermissionUpdate(Json);

/// Change that a [`PermissionUpdate`] makes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionChange {
    /// Adds rules to the existing rules.
    AddRules {
        /// Behavior of the rules.
        behavior: RuleBehavior,
        /// Rules to add.
        rules: Vec<PermissionRule>,
    },
    /// Replaces the existing rules with the same behavior.
    ReplaceRules {
        /// Behavior of the rules.
        behavior: RuleBehavior,
        /// Rules that replace the existing ones.
        rules: Vec<PermissionRule>,
    },
    /// Removes existing rules.
    RemoveRules {
        /// Behavior of the rules.
        behavior: RuleBehavior,
        /// Rules to remove.
        rules: Vec<PermissionRule>,
    },
    /// Changes the permission mode.
    SetMode(PermissionMode),
    /// Adds working directories.
    AddDirectories(Vec<String>),
    /// Removes working directories.
    RemoveDirectories(Vec<String>),
}

impl fmt::Debug for PermissionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rules = |name: &str, behavior: &RuleBehavior, rules: &[PermissionRule]| {
            f.debug_struct(name).field("behavior", behavior).field("rules", &TruncatedList(rules)).finish()
        };
        match self {
            Self::AddRules { behavior, rules: list } => rules("AddRules", behavior, list),
            Self::ReplaceRules { behavior, rules: list } => rules("ReplaceRules", behavior, list),
            Self::RemoveRules { behavior, rules: list } => rules("RemoveRules", behavior, list),
            Self::SetMode(mode) => f.debug_tuple("SetMode").field(mode).finish(),
            Self::AddDirectories(list) => f.debug_tuple("AddDirectories").field(&TruncatedTexts(list)).finish(),
            Self::RemoveDirectories(list) => f.debug_tuple("RemoveDirectories").field(&TruncatedTexts(list)).finish(),
        }
    }
}

/// Permission rule: the tool calls that it covers.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionRule {
    /// Name of the tool.
    pub tool_name: String,
    /// Pattern of the calls, e.g. `git log:*`; `None` covers all calls. An empty string is not the same as `None`, and
    /// is sent unchanged.
    pub content: Option<String>,
}

impl fmt::Debug for PermissionRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermissionRule")
            .field("tool_name", &Quoted(&self.tool_name))
            .field("content", &self.content.as_deref().map(Quoted))
            .finish()
    }
}

impl PermissionRule {
    /// Creates a rule that covers all calls of a tool.
    pub fn tool(name: impl Into<String>) -> Self {
        Self { tool_name: name.into(), content: None }
    }

    /// Creates a rule that covers the calls of a tool that match the pattern `content`, e.g. `git log:*`.
    pub fn calls(name: impl Into<String>, content: impl Into<String>) -> Self {
        Self { tool_name: name.into(), content: Some(content.into()) }
    }
}

words! {
    /// Behavior of a permission rule for the calls that it covers.
    pub enum RuleBehavior {
        /// The calls are allowed.
        Allow = "allow",
        /// The calls are denied.
        Deny = "deny",
        /// The user decides about each call.
        Ask = "ask",
    }

    /// Place where the CLI stores a permission update.
    pub enum PermissionDestination {
        /// Settings file of the user.
        UserSettings = "userSettings",
        /// Settings file of the project, shared in the repository.
        ProjectSettings = "projectSettings",
        /// Settings file of the project for this checkout only.
        LocalSettings = "localSettings",
        /// Memory of the session, until the session ends.
        Session = "session",
        /// Rules from the command line.
        CliArg = "cliArg",
    }
}

impl PermissionUpdate {
    /// Creates an update with a change and the place to store it.
    #[must_use]
    pub fn new(change: &PermissionChange, destination: PermissionDestination) -> Self {
        // Serialization of strings and lists does not fail.
        Self(Json::from_value(&Wire::of(change, destination)).unwrap_or_else(|_| Json::from_text("")))
    }

    /// Creates an update from JSON, normalized for the CLI. A missing destination becomes
    /// [`Session`](PermissionDestination::Session), and a `ruleContent` of null is omitted.
    ///
    /// # Errors
    /// [`DecodeError`] if the `type` is unknown, or if a required field is missing.
    pub fn from_json(json: &Json) -> Result<Self, DecodeError> {
        let update = Self(json.clone());
        Ok(Self::new(&update.change()?, update.destination()))
    }

    /// Decodes the change that the update makes.
    ///
    /// # Errors
    /// [`DecodeError`] if this version of the crate does not know the suggestion of the CLI. The update can be sent
    /// back nevertheless.
    pub fn change(&self) -> Result<PermissionChange, DecodeError> {
        let mut fields = Fields::from_json(&self.0)?;
        let kind: String = fields.require("type")?;
        Ok(match kind.as_str() {
            "addRules" => {
                PermissionChange::AddRules { behavior: fields.require("behavior")?, rules: fields.require("rules")? }
            }
            "replaceRules" => PermissionChange::ReplaceRules {
                behavior: fields.require("behavior")?,
                rules: fields.require("rules")?,
            },
            "removeRules" => {
                PermissionChange::RemoveRules { behavior: fields.require("behavior")?, rules: fields.require("rules")? }
            }
            "setMode" => PermissionChange::SetMode(PermissionMode::from(fields.require::<String>("mode")?.as_str())),
            "addDirectories" => PermissionChange::AddDirectories(fields.require("directories")?),
            "removeDirectories" => PermissionChange::RemoveDirectories(fields.require("directories")?),
            _ => return Err(DecodeError::expected("a known type of permission update, e.g. `addRules`").within("type")),
        })
    }

    /// Returns the place where the CLI stores the update. The default is
    /// [`Session`](PermissionDestination::Session).
    #[must_use]
    pub fn destination(&self) -> PermissionDestination {
        let fields = Fields::from_json(&self.0).ok();
        fields.and_then(|mut fields| fields.optional("destination")).unwrap_or(PermissionDestination::Session)
    }

    /// Returns the update as it is sent to the CLI.
    #[must_use]
    pub fn as_json(&self) -> &Json {
        &self.0
    }
}

impl From<PermissionChange> for PermissionUpdate {
    /// Creates an update for this session only.
    fn from(change: PermissionChange) -> Self {
        Self::new(&change, PermissionDestination::Session)
    }
}

impl From<&PermissionUpdate> for PermissionUpdate {
    fn from(update: &PermissionUpdate) -> Self {
        update.clone()
    }
}

impl ViewPart for PermissionUpdate {}

impl FromJson for PermissionUpdate {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(reader.json()))
    }
}

impl ViewPart for PermissionRule {}

impl FromJson for PermissionRule {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = reader.fields(Tags::NONE)?;
        let tool_name = fields.require("toolName")?;
        // Without this check, a pattern of another type would become a rule for the whole tool.
        let content = fields.get("ruleContent").map(Option::<String>::from_json).transpose();
        Ok(Self { tool_name, content: content.map_err(|error| error.within("ruleContent"))?.flatten() })
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Vec<WireRule<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behavior: Option<&'a RuleBehavior>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directories: Option<&'a [String]>,
    destination: PermissionDestination,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRule<'a> {
    tool_name: &'a str,
    /// Pattern; null would make the CLI ignore all updates of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_content: Option<&'a str>,
}

impl<'a> Wire<'a> {
    fn of(change: &'a PermissionChange, destination: PermissionDestination) -> Self {
        let plain =
            |kind| Self { r#type: kind, rules: None, behavior: None, mode: None, directories: None, destination };
        let ruled = |kind, behavior, rules: &'a [PermissionRule]| {
            let wire = |rule: &'a PermissionRule| WireRule {
                tool_name: &rule.tool_name,
                rule_content: rule.content.as_deref(),
            };
            (kind, Some(behavior), Some(rules.iter().map(wire).collect()))
        };
        let (kind, behavior, rules) = match change {
            PermissionChange::AddRules { behavior, rules } => ruled("addRules", behavior, rules),
            PermissionChange::ReplaceRules { behavior, rules } => ruled("replaceRules", behavior, rules),
            PermissionChange::RemoveRules { behavior, rules } => ruled("removeRules", behavior, rules),
            PermissionChange::SetMode(mode) => return Self { mode: Some(mode.as_str()), ..plain("setMode") },
            PermissionChange::AddDirectories(paths) => {
                return Self { directories: Some(paths), ..plain("addDirectories") };
            }
            PermissionChange::RemoveDirectories(paths) => {
                return Self { directories: Some(paths), ..plain("removeDirectories") };
            }
        };
        Self { behavior, rules, ..plain(kind) }
    }
}
