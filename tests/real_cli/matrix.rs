//! The table of scenarios by version in `docs/cli-versions.md`, which the suite writes.
//!
//! With `MATRIX=DIR` every trial, green or not, writes its outcome to `DIR/VERSION` as soon as it has run, beside those that
//! are there from earlier runs, and makes the table again from all columns. Each outcome carries its date. With `RESUME=1` as well,
//! a run leaves out the trials that have an outcome other than a failure, so a column can be completed trial by trial.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::transport::Carrier;
use crate::trials;
use crate::version::Version;
use crate::watch::Difference;

/// Names the directory.
pub(crate) const VARIABLE: &str = "MATRIX";
/// Leaves out the trials that have an outcome there.
pub(crate) const RESUME: &str = "RESUME";

const BEGIN: &str = "<!-- the suite writes from here -->\n";
const END: &str = "<!-- to here -->\n";
const PASS: &str = "pass";
const FAIL: &str = "FAIL";
/// Cell of what a version does not have. The outcome begins with it.
const LACKS: &str = "lacks it";
/// Of those that took the most time, as many are named.
const SLOWEST: usize = 5;

/// What became of every trial so far.
#[derive(Clone, Default)]
pub(crate) struct Outcomes(Arc<Mutex<BTreeMap<(String, &'static str), Ran>>>);

/// One trial.
struct Ran {
    /// In what the version differs; none where the trial failed.
    differs: Option<Vec<Difference>>,
    took: Duration,
}

impl Outcomes {
    pub(crate) fn note(&self, scenario: &str, carrier: Carrier, differs: Option<&[Difference]>, took: Duration) {
        let ran = Ran { differs: differs.map(<[Difference]>::to_vec), took };
        self.lock().insert((scenario.to_owned(), carrier.name()), ran);
    }

    /// The slowest trials, by which a watchdog's time is chosen.
    pub(crate) fn slowest(&self) -> String {
        let outcomes = self.lock();
        let mut slowest: Vec<_> = outcomes.iter().collect();
        slowest.sort_by_key(|(_, ran)| std::cmp::Reverse(ran.took));
        let listed = slowest.into_iter().take(SLOWEST);
        listed
            .map(|((name, carrier), ran)| format!("{carrier}::{name} {:.1?}", ran.took))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Whether the scenario was run, through any transport.
    pub(crate) fn has(&self, scenario: &str) -> bool {
        self.lock().keys().any(|(name, _)| name == scenario)
    }

    /// Adds them to the version's column if the variable names a directory, and writes the table if it is the one that is kept.
    pub(crate) fn write(&self, version: Version) -> Result<(), String> {
        static WRITING: Mutex<()> = Mutex::new(());
        let Some(directory) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(()) };
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let scenarios: &[&str] = &trials::all().map(|(name, _)| name).collect::<Vec<_>>();
        let mut column = Column::read(&directory.join(version.to_string()))?;
        let date = today()?;
        for scenario in scenarios.iter().filter(|scenario| self.has(scenario)) {
            let cell = Cell { outcome: self.cell(scenario), date: date.clone() };
            column.cells.insert((*scenario).to_owned(), cell);
        }
        column.write(&directory, version, scenarios)?;
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_cli/outcomes");
        if !matches!((directory.canonicalize(), kept.canonicalize()), (Ok(given), Ok(kept)) if given == kept) {
            return Ok(());
        }
        let table = table(&directory, scenarios)?;
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli-versions.md");
        let old = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
        let new = replaced(&old, &table).ok_or_else(|| format!("{} has no {BEGIN:?} and {END:?}", page.display()))?;
        fs::write(&page, new).map_err(|error| format!("{}: {error}", page.display()))
    }

    /// Of all carriers that the scenario was run through: one that failed is a failure. What is lacking comes first.
    fn cell(&self, scenario: &str) -> String {
        let outcomes = self.lock();
        let runs = outcomes.iter().filter(|((name, _), _)| name == scenario);
        let (mut lacks, mut ways): (Vec<&str>, Vec<&str>) = Default::default();
        for (_, ran) in runs {
            let Some(differs) = &ran.differs else { return FAIL.to_owned() };
            for difference in differs {
                let (ways, way) = match difference {
                    Difference::Lack(way) => (&mut lacks, way.as_str()),
                    Difference::Behavior(way) => (&mut ways, way.as_str()),
                };
                if !ways.contains(&way) {
                    ways.push(way);
                }
            }
        }
        let ways = [lacks.as_slice(), &ways].concat().join("; ");
        match (lacks.is_empty(), ways.is_empty()) {
            (false, _) => format!("{LACKS}: {ways}"),
            (true, false) => ways,
            (true, true) => PASS.to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, &'static str), Ran>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Returns whether a run that resumes leaves the scenario out, by its name.
pub(crate) fn settled(version: Version) -> Result<impl Fn(&str) -> bool, String> {
    let directory = std::env::var_os(VARIABLE).filter(|_| std::env::var_os(RESUME).is_some());
    let column = match directory {
        Some(directory) => Column::read(&Path::new(&directory).join(version.to_string()))?,
        None => Column::default(),
    };
    Ok(move |scenario: &str| column.cells.get(scenario).is_some_and(|cell| cell.outcome != FAIL))
}

/// The outcomes of one version.
#[derive(Default)]
struct Column {
    cells: BTreeMap<String, Cell>,
}

struct Cell {
    /// That it passed or failed, else what it lacks or in what it differs.
    outcome: String,
    /// Day of the run.
    date: String,
}

impl Column {
    /// Reads a column. One that does not exist is empty.
    fn read(path: &Path) -> Result<Self, String> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let mut column = Self::default();
        for line in text.lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            let &[scenario, outcome, date] = parts.as_slice() else {
                return Err(format!("{}: {line:?} has no three parts", path.display()));
            };
            let cell = Cell { outcome: outcome.to_owned(), date: date.to_owned() };
            column.cells.insert(scenario.to_owned(), cell);
        }
        Ok(column)
    }

    /// Writes the cells of the scenarios that there are, in their order.
    fn write(&self, directory: &Path, version: Version, scenarios: &[&str]) -> Result<(), String> {
        let lines = scenarios.iter().filter_map(|scenario| {
            let Cell { outcome, date } = self.cells.get(*scenario)?;
            Some(format!("{scenario}\t{outcome}\t{date}\n"))
        });
        let file = directory.join(version.to_string());
        let written = fs::create_dir_all(directory).and_then(|()| fs::write(&file, lines.collect::<String>()));
        written.map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Returns the days of the first and the last run.
    fn dates(&self) -> String {
        let dates = || self.cells.values().map(|cell| cell.date.as_str());
        match (dates().min(), dates().max()) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (first, _) => first.unwrap_or_default().to_owned(),
        }
    }

    fn outcome(&self, scenario: &str) -> Option<&str> {
        self.cells.get(scenario).map(|cell| cell.outcome.as_str())
    }

    fn differs(&self, scenario: &str) -> Option<&str> {
        self.outcome(scenario).filter(|outcome| ![PASS, FAIL].contains(outcome))
    }

    fn cell(&self, scenario: &str) -> &str {
        match self.differs(scenario) {
            Some(way) if way.starts_with(LACKS) => LACKS,
            Some(_) => "differs",
            None => self.outcome(scenario).unwrap_or("not run"),
        }
    }
}

fn columns(directory: &Path) -> Result<BTreeMap<Version, Column>, String> {
    let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let versions = paths.filter_map(|path| {
        let version = path.file_name()?.to_str()?.parse().ok()?;
        Some((version, path))
    });
    versions.map(|(version, path)| Ok((version, Column::read(&path)?))).collect()
}

fn table(directory: &Path, scenarios: &[&str]) -> Result<String, String> {
    let columns = columns(directory)?;
    let mut text = String::new();
    let mut row = |head: &str, cell: &dyn Fn(&Version, &Column) -> String| {
        let cells: Vec<String> = columns.iter().map(|(version, column)| cell(version, column)).collect();
        let _ = writeln!(text, "| {head} | {} |", cells.join(" | "));
    };
    row("Scenario", &|version, _| version.to_string());
    row("---", &|_, _| "---".to_owned());
    for scenario in scenarios {
        row(&format!("`{scenario}`"), &|_, column| column.cell(scenario).to_owned());
    }
    row("Run on", &|_, column| column.dates());
    text += "\nHow they differ; each is asserted by its scenario:\n\n";
    for scenario in scenarios {
        // In the order in which they first occur.
        let mut ways: Vec<(&str, Vec<String>)> = Vec::new();
        for (version, column) in &columns {
            let Some(differs) = column.differs(scenario) else { continue };
            match ways.iter_mut().find(|(way, _)| *way == differs) {
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
