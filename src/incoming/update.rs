//! Rules, modes and directories that an allow takes with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::{Few, FewTexts, Quoted};
use crate::options::PermissionMode;
use crate::wire::fields::Fields;
use crate::wire::read::{Reader, Tags};
use crate::wire::view::{FromJson, words};

/// A permission update ([wire reference, section 4.2](crate::guide::wire#42-permission-updates)): a [suggestion](crate::PermissionRequest::suggestions) of the CLI, byte for
/// byte as it came, or one of the host's own.
///
/// One update that the CLI cannot read makes it drop all of that answer, in silence. So none is made here that it could
/// not read; what the host has as JSON is checked by [`from_json`](PermissionUpdate::from_json).
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

/// What a [`PermissionUpdate`] changes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionChange {
    /// Adds rules to those that are there.
    AddRules {
        /// What they say.
        behavior: RuleBehavior,
        /// The rules.
        rules: Vec<PermissionRule>,
    },
    /// Puts rules in place of those that say the same.
    ReplaceRules {
        /// What they say.
        behavior: RuleBehavior,
        /// The rules.
        rules: Vec<PermissionRule>,
    },
    /// Takes rules away.
    RemoveRules {
        /// What they say.
        behavior: RuleBehavior,
        /// The rules.
        rules: Vec<PermissionRule>,
    },
    /// Changes the permission mode.
    SetMode(PermissionMode),
    /// Adds working directories.
    AddDirectories(Vec<String>),
    /// Takes working directories away.
    RemoveDirectories(Vec<String>),
}

impl fmt::Debug for PermissionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rules = |name: &str, behavior: &RuleBehavior, rules: &[PermissionRule]| {
            f.debug_struct(name).field("behavior", behavior).field("rules", &Few(rules)).finish()
        };
        match self {
            Self::AddRules { behavior, rules: list } => rules("AddRules", behavior, list),
            Self::ReplaceRules { behavior, rules: list } => rules("ReplaceRules", behavior, list),
            Self::RemoveRules { behavior, rules: list } => rules("RemoveRules", behavior, list),
            Self::SetMode(mode) => f.debug_tuple("SetMode").field(mode).finish(),
            Self::AddDirectories(list) => f.debug_tuple("AddDirectories").field(&FewTexts(list)).finish(),
            Self::RemoveDirectories(list) => f.debug_tuple("RemoveDirectories").field(&FewTexts(list)).finish(),
        }
    }
}

/// The calls that a permission rule is about.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionRule {
    /// The tool.
    pub tool_name: String,
    /// Which of its calls, as `git log:*`: all where there is none. An empty text is none of these, and stays as it is.
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
    /// Every call of a tool.
    pub fn tool(name: impl Into<String>) -> Self {
        Self { tool_name: name.into(), content: None }
    }

    /// The calls of a tool that `content` describes, as `git log:*`.
    pub fn calls(name: impl Into<String>, content: impl Into<String>) -> Self {
        Self { tool_name: name.into(), content: Some(content.into()) }
    }
}

words! {
    /// What a permission rule says of the calls that it is about.
    pub enum RuleBehavior {
        /// They may.
        Allow = "allow",
        /// They may not.
        Deny = "deny",
        /// The user is asked.
        Ask = "ask",
    }

    /// Where a permission update is kept.
    pub enum PermissionDestination {
        /// The user's settings file.
        UserSettings = "userSettings",
        /// The project's settings file, shared in its repository.
        ProjectSettings = "projectSettings",
        /// The project's settings file of this checkout.
        LocalSettings = "localSettings",
        /// In this session only.
        Session = "session",
        /// With what came from the command line.
        CliArg = "cliArg",
    }
}

impl PermissionUpdate {
    /// An update of the host's own.
    #[must_use]
    pub fn new(change: &PermissionChange, destination: PermissionDestination) -> Self {
        // Texts, and lists of them: there is nothing that could fail.
        Self(Json::from_value(&Wire::of(change, destination)).unwrap_or_else(|_| Json::from_text("")))
    }

    /// Reads an update that the host has as JSON, and writes it as the CLI reads it: where it names no destination it is for
    /// the session, and a `ruleContent` that is null is left out.
    ///
    /// # Errors
    /// Where its type is none of the six, or it lacks a field.
    pub fn from_json(json: &Json) -> Result<Self, DecodeError> {
        let update = Self(json.clone());
        Ok(Self::new(&update.change()?, update.destination()))
    }

    /// What it changes.
    ///
    /// # Errors
    /// Where the CLI suggests something that this version of the crate does not know. It can go back nevertheless.
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
            _ => return Err(DecodeError::expected("one of the six kinds of updates").within("type")),
        })
    }

    /// Where it is kept; in the session, if it is not said.
    #[must_use]
    pub fn destination(&self) -> PermissionDestination {
        let fields = Fields::from_json(&self.0).ok();
        fields.and_then(|mut fields| fields.optional("destination")).unwrap_or(PermissionDestination::Session)
    }

    /// The update as it is written.
    #[must_use]
    pub fn as_json(&self) -> &Json {
        &self.0
    }
}

impl From<PermissionChange> for PermissionUpdate {
    /// For this session only.
    fn from(change: PermissionChange) -> Self {
        Self::new(&change, PermissionDestination::Session)
    }
}

impl From<&PermissionUpdate> for PermissionUpdate {
    fn from(update: &PermissionUpdate) -> Self {
        update.clone()
    }
}

impl FromJson for PermissionUpdate {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(reader.json()))
    }
}

impl FromJson for PermissionRule {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = reader.fields(Tags::NONE)?;
        let tool_name = fields.require("toolName")?;
        // One that is no text must not become a rule for the whole tool.
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
    /// Null would make the CLI drop every update of the answer.
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
