//! What `tools/tap` has recorded of a session, as `tools/replay` reads it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::delivered::{Checked, same};
use crate::run::program;
use crate::scenarios::Scenario;

/// Checks that one recording has the session of the scenario, and that the tap saw nothing wrong.
pub(crate) fn check(taps: &Path, scenario: &Scenario) -> Checked {
    let mut sessions = Vec::new();
    for file in std::fs::read_dir(taps).map_err(|error| error.to_string())? {
        let path = file.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "report") {
            let report = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
            same("the report", &*report, "")?;
            continue;
        }
        // An SDK asks for the version first, by a process of its own.
        let recording = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        if recording.contains(r#""dir":"in""#) {
            sessions.push(replay(&path)?);
        }
    }
    let [session] = &sessions[..] else { return Err(format!("{} sessions were recorded", sessions.len())) };
    let of = |name: &str| session.iter().filter(|action| action["action"] == name).collect::<Vec<_>>();
    let outcomes: Vec<&Value> = of("prompt_ended").iter().map(|end| &end["outcome"]).collect();
    let first = if scenario.name == "interrupt" { "interrupted" } else { "success" };
    let expected: Vec<Value> =
        (0..scenario.prompts.len()).map(|at| if at == 0 { first } else { "success" }.into()).collect();
    same("the outcomes", outcomes, expected.iter().collect())?;
    same("the lines that are not messages", of("rejected_line").len(), 0)?;
    same("the responses to incoming requests", of("incoming_answered").len(), of("incoming_request").len())?;
    let last = session.last().map(|action| &action["action"]);
    same("the last action", last, Some(&"closed".into()))
}

/// Actions of a recording.
fn replay(recording: &Path) -> Result<Vec<Value>, String> {
    let replay = program("replay").map_err(|failed| failed.message().unwrap_or_default().to_owned())?;
    let output = Command::new(replay).arg(recording).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))).collect()
}
