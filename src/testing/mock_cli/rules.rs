//! What an allow takes with it: the calls that are asked for no more.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::MockCli;
use crate::testing::step::ToolStep;

/// Tools that the mode `acceptEdits` allows.
const EDITS: [&str; 4] = ["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// The calls of a tool that are allowed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    tool_name: String,
    /// Which of them; all, where it is absent.
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

/// No null: the CLI takes none here.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl Rule {
    /// Of what a rule can say of its calls, a command and the start of one (`git log:*`) are imitated.
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
    /// Returns whether the permission mode or a rule spares the host the asking.
    pub(super) fn is_allowed(&self, tool: &ToolStep) -> bool {
        let by_mode = match &*self.mode {
            "bypassPermissions" => true,
            "acceptEdits" => EDITS.contains(&&*tool.name),
            _ => false,
        };
        by_mode || self.rules.iter().any(|rule| rule.is_about(tool))
    }

    /// Takes the updates that came with an allow, all or none: of what they can say, the mode and the rules that allow are
    /// imitated.
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
                    if self.habits.tells_mode {
                        self.tell_mode();
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

/// What the CLI offers to remember: a command as it is, and of other tools every call.
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
