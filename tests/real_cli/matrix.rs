//! The table of scenarios by version in `docs/cli-versions.md`, which the suite writes.
//!
//! With `MATRIX=DIR` a run adds the outcomes of what passed to `DIR/VERSION`, and takes away those of what failed; a green
//! one makes the table anew of all that lie there. Of what has none the table says that it was not run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use crate::version::Version;

/// Names the directory.
pub(crate) const VARIABLE: &str = "MATRIX";

/// The versions that the table always has.
const VERSIONS: [&str; 6] = ["1.0.128", "2.0.76", "2.1.50", "2.1.143", "2.1.250", "2.1.329"];
const BEGIN: &str = "<!-- the suite writes from here -->\n";
const END: &str = "<!-- to here -->\n";

/// How each scenario went that was run: what is different in it on this version, nothing where it is as on the newest, and
/// none where it failed.
#[derive(Clone, Default)]
pub(crate) struct Outcomes(Arc<Mutex<BTreeMap<String, Option<String>>>>);

impl Outcomes {
    pub(crate) fn note(&self, scenario: &str, differs: Option<&[String]>) {
        let mut outcomes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.insert(scenario.to_owned(), differs.map(|differs| differs.join("; ")));
    }

    /// Keeps them, and where nothing failed writes the table, if the variable names a directory.
    pub(crate) fn write(&self, version: Version, scenarios: &[&str], green: bool) -> Result<(), String> {
        let Some(directory) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(()) };
        let file = directory.join(version.to_string());
        let mut kept = if file.exists() { column(&file)?.outcomes } else { BTreeMap::new() };
        for (scenario, outcome) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            match outcome {
                Some(differs) => drop(kept.insert(scenario.clone(), differs.clone())),
                None => drop(kept.remove(scenario)),
            }
        }
        let mut text = format!("{}\n", today()?);
        for (scenario, differs) in kept {
            let _ = writeln!(text, "{scenario}\t{differs}");
        }
        let written = fs::create_dir_all(&directory).and_then(|()| fs::write(&file, text));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        if !green {
            return Ok(());
        }
        let table = table(&directory, scenarios)?;
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli-versions.md");
        let old = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
        let new = replaced(&old, &table).ok_or_else(|| format!("{} has no {BEGIN:?} and {END:?}", page.display()))?;
        fs::write(&page, new).map_err(|error| format!("{}: {error}", page.display()))
    }
}

fn today() -> Result<String, String> {
    let date = Command::new("date").args(["-u", "+%F"]).output().map_err(|error| format!("date: {error}"))?;
    Ok(String::from_utf8_lossy(&date.stdout).trim().to_owned())
}

fn replaced(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

/// One version's run: its date, and what differs in each scenario.
struct Column {
    date: String,
    outcomes: BTreeMap<String, String>,
}

fn column(path: &Path) -> Result<Column, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = text.lines();
    let date = lines.next().unwrap_or_default().to_owned();
    let outcomes = lines.filter_map(|line| line.split_once('\t'));
    Ok(Column { date, outcomes: outcomes.map(|(name, differs)| (name.to_owned(), differs.to_owned())).collect() })
}

fn table(directory: &Path, scenarios: &[&str]) -> Result<String, String> {
    let mut columns: BTreeMap<Version, Option<Column>> =
        VERSIONS.iter().filter_map(|version| version.parse().ok()).map(|version| (version, None)).collect();
    let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let version = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        if let Some(version) = version {
            columns.insert(version, Some(column(&path)?));
        }
    }
    let mut text = String::new();
    let mut row = |head: &str, cell: &dyn Fn(Version, Option<&Column>) -> String| {
        let cells: Vec<String> = columns.iter().map(|(version, column)| cell(*version, column.as_ref())).collect();
        let _ = writeln!(text, "| {head} | {} |", cells.join(" | "));
    };
    row("Scenario", &|version, _| version.to_string());
    row("---", &|_, _| "---".to_owned());
    for scenario in scenarios {
        let cell = |column: Option<&Column>| match column.and_then(|column| column.outcomes.get(*scenario)) {
            None => "not run",
            Some(differs) if differs.is_empty() => "pass",
            Some(_) => "differs",
        };
        row(&format!("`{scenario}`"), &|_, column| cell(column).to_owned());
    }
    row("Run on", &|_, column| column.map_or("not run".to_owned(), |column| column.date.clone()));
    text += "\nHow they differ; each is asserted by its scenario:\n\n";
    for scenario in scenarios {
        // In the order in which they first occur.
        let mut ways: Vec<(&str, Vec<String>)> = Vec::new();
        for (version, column) in &columns {
            let differs = column.as_ref().and_then(|column| column.outcomes.get(*scenario));
            let Some(differs) = differs.filter(|differs| !differs.is_empty()) else { continue };
            match ways.iter_mut().find(|(way, _)| way == differs) {
                Some((_, versions)) => versions.push(version.to_string()),
                None => ways.push((differs, vec![version.to_string()])),
            }
        }
        for (way, versions) in ways {
            let _ = writeln!(text, "* `{scenario}`, {}: {way}.", versions.join(", "));
        }
    }
    Ok(text)
}
