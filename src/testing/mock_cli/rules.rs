//! Permission updates of an allow: calls that need no further permission request.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::MockCli;
use crate::testing::step::ToolStep;

/// Tools that the mode `acceptEdits` allows.
const EDITS: [&str; 4] = ["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// A rule that allows calls of a tool.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    tool_name: String,
    /// Commands that the rule matches. `None` matches all calls.
    #[serde(default, deserialize_with = "text")]
    rule_content: Option<String>,
}

/// A permission update ([wire reference, section 4.2](crate::guide::wire#42-permission-updates)).
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Update {
    AddRules { rules: Vec<Rule>, behavior: String },
    ReplaceRules { rules: Vec<Rule>, behavior: String },
    RemoveRules { rules: Vec<Rule>, behavior: String },
    SetMode { mode: String },
    AddDirectories {},
    RemoveDirectories {},
}

/// Reads a string, but not null, which the CLI does not accept here.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl Rule {
    /// Returns `true` if the rule matches a call. Two kinds of rules are imitated: a command, and the start of one
    /// (`git log:*`).
    fn is_about(&self, tool: &ToolStep) -> bool {
        let is_named = |content: &String| {
            command(tool).is_some_and(|command| match content.strip_suffix(":*") {
                Some(start) => command.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')),
                None => command == *content,
            })
        };
        self.tool_name == tool.name && self.rule_content.as_ref().is_none_or(is_named)
    }
}

impl MockCli {
    /// Returns `true` if the permission mode or a rule allows the call.
    pub(super) fn is_allowed(&self, tool: &ToolStep) -> bool {
        let by_mode = match &*self.mode {
            "bypassPermissions" => true,
            "acceptEdits" => EDITS.contains(&&*tool.name),
            _ => false,
        };
        by_mode || self.rules.iter().any(|rule| rule.is_about(tool))
    }

    /// Applies the updates of an allow, all or none. Only the mode and rules that allow are imitated.
    pub(super) fn remember(&mut self, updates: &Value) {
        let Ok(updates) = Vec::<Update>::deserialize(updates) else { return };
        for update in updates {
            match update {
                Update::AddRules { rules, behavior } if behavior == "allow" => self.add_rules(rules),
                Update::ReplaceRules { rules, behavior } if behavior == "allow" => {
                    self.rules.clear();
                    self.add_rules(rules);
                }
                Update::RemoveRules { rules, behavior } if behavior == "allow" => {
                    self.rules.retain(|rule| !rules.contains(rule));
                }
                Update::SetMode { mode } => {
                    self.mode = mode;
                    if self.behavior.writes_mode {
                        self.write_mode();
                    }
                }
                _ => {}
            }
        }
    }

    fn add_rules(&mut self, rules: Vec<Rule>) {
        for rule in rules {
            if !self.rules.contains(&rule) {
                self.rules.push(rule);
            }
        }
    }
}

/// Returns the permission update that the CLI suggests: for a command this command, and for other tools all calls.
pub(super) fn suggestion(tool: &ToolStep) -> Value {
    let (rule, kept) = match command(tool) {
        Some(command) => (json!({ "toolName": tool.name, "ruleContent": command }), "localSettings"),
        None => (json!({ "toolName": tool.name }), "session"),
    };
    json!([{ "type": "addRules", "rules": [rule], "behavior": "allow", "destination": kept }])
}

fn command(tool: &ToolStep) -> Option<String> {
    let input: Value = tool.input.decode().ok()?;
    Some(input.get("command").filter(|_| tool.name == "Bash")?.as_str()?.to_owned())
}
