//! What an SDK has delivered to its host, as the host tells it line by line.

use std::fmt::{self, Debug};

use claude_duplex::testing::CliVersion;
use serde_json::Value;

use crate::scenarios::Scenario;

pub(crate) type Checked = Result<(), String>;

/// The host's lines, in order.
pub(crate) struct Delivered(Vec<Value>);

impl Delivered {
    /// A line that is none of the host's is kept, as a text, and fails the checks.
    pub(crate) fn read(lines: &str) -> Self {
        Self(lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line))).collect())
    }

    /// What every scenario has in common, and then its own.
    pub(crate) fn check(&self, generation: CliVersion, scenario: &Scenario) -> Checked {
        let ends = [self.0.first(), self.0.last()].map(|line| line.map(|line| &line["kind"]));
        same("the first and the last line", ends, [Some(&"ready".into()), Some(&"closed".into())])?;
        // The first generation does not say which it is.
        let version = if generation == CliVersion::V1_0_128 { Value::Null } else { generation.version().into() };
        for init in self.all("init") {
            same("the peer's model", &init["model"], &"claude-script".into())?;
            same("the version", &init["version"], &version)?;
        }
        same("the inits", self.all("init").count(), scenario.prompts.len())?;
        (scenario.check)(self, generation)
    }

    pub(crate) fn all(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |line| line["kind"] == kind)
    }

    /// The only line of that kind.
    pub(crate) fn one(&self, kind: &str) -> Result<&Value, String> {
        let mut all = self.all(kind);
        match (all.next(), all.next()) {
            (Some(line), None) => Ok(line),
            (None, _) => Err(format!("no {kind}")),
            _ => Err(format!("more than one {kind}")),
        }
    }

    /// What the model said, message by message.
    pub(crate) fn texts_seen(&self) -> Vec<&str> {
        self.all("text").filter(|line| line["of"] == "assistant").filter_map(|line| line["text"].as_str()).collect()
    }
}

impl fmt::Display for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

pub(crate) fn same<T: PartialEq + Debug>(what: &str, is: T, expected: T) -> Checked {
    if is == expected { Ok(()) } else { Err(format!("{what}: {is:?} and not {expected:?}")) }
}
