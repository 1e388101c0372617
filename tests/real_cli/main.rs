//! The real CLI, offline: in a network namespace with nothing but loopback, against a stand-in for the Messages API.
//!
//! `CLAUDE_BIN=/path/to/claude cargo test --test real_cli`; without it every trial is reported as ignored.
//! `.ci/install-claude.sh VERSION DIR` installs a version and prints the path. Where a version differs from the newest, its
//! trial asserts how, and says it: `docs/cli-versions.md` has the table.
//!
//! Every scenario is a trial for each transport: `smol::hello`, `tokio::hello`. Both are meant for the newest version; on older
//! ones `-- smol::` is enough, as what differs between versions does not depend on what carries their lines.

#[path = "../support/action_text.rs"]
mod action_text;
mod answer;
mod api;
mod cli;
mod holds;
mod http;
#[path = "../../examples/kanban.rs"]
#[allow(dead_code, reason = "its main is for the program")]
mod kanban;
#[path = "../support/kanban_script.rs"]
mod kanban_script;
mod matrix;
mod namespace;
mod place;
#[path = "../../examples/provider.rs"]
#[allow(dead_code, reason = "its main is for the program")]
mod provider;
#[path = "../support/provider_script.rs"]
mod provider_script;
mod raw;
mod script;
mod seen;
mod talk;
mod traffic;
mod transport;
mod trials;
mod version;
mod watch;

use std::process::ExitCode;
use std::time::Instant;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::cli::Cli;
use crate::matrix::Outcomes;
use crate::namespace::Sealed;
use crate::transport::Carrier;
use crate::version::Version;
use crate::watch::{Case, LIMIT};

/// How many trials run at once, where `--test-threads` does not say.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    if let Some(other) = trials::other_process() {
        return other;
    }
    let mut arguments = Arguments::from_args();
    // A trial waits more than it works: for the CLI, for a tool, for a deadline.
    arguments.test_threads.get_or_insert(AT_ONCE);
    match run(&arguments) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("real CLI: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let (found, outcomes) = (found()?, Outcomes::default());
    let conclusion = libtest_mimic::run(arguments, trials(found.clone(), &outcomes)?);
    if found.is_some() && !arguments.list {
        eprintln!("the slowest: {}", outcomes.slowest());
        traffic::write()?;
    }
    Ok(conclusion.exit_code())
}

/// What to run, and where.
#[derive(Clone)]
struct Found {
    sealed: Sealed,
    cli: Cli,
    version: Version,
}

/// `None` where no CLI is named.
fn found() -> Result<Option<Found>, String> {
    match Cli::from_environment()? {
        Some(cli) => {
            let sealed = namespace::enter()?;
            let version = Version::of(&cli, sealed)?;
            Ok(Some(Found { sealed, cli, version }))
        }
        None => {
            eprintln!("the real CLI was not run: {}", how());
            Ok(None)
        }
    }
}

fn how() -> String {
    let variable = cli::VARIABLE;
    format!("set {variable} to a claude binary or a cli.js (`.ci/install-claude.sh VERSION DIR` installs one)")
}

fn trials(found: Option<Found>, outcomes: &Outcomes) -> Result<Vec<Trial>, String> {
    let settled = found.as_ref().map(|found| matrix::settled(found.version)).transpose()?;
    let all = trials::all().flat_map(|trial| Carrier::ALL.map(|carrier| (carrier, trial)));
    let trials = all.map(|(carrier, (name, body))| {
        let ignored = settled.as_ref().is_none_or(|settled| settled(name));
        let (found, outcomes) = (found.clone(), outcomes.clone());
        let run = move || match found {
            Some(Found { sealed, cli, version }) => {
                let start = Instant::now();
                let case = Case::new(name, sealed, cli, carrier, version)?;
                let ran = watch::run(case, LIMIT, body);
                outcomes.note(name, carrier, ran.as_deref().ok(), start.elapsed());
                // At once: a run that is stopped has written what it did.
                outcomes.write(version)?;
                ran.map(drop)
            }
            // Reached by `--ignored`.
            None => Err(Failed::from(how())),
        };
        Trial::test(format!("{}::{name}", carrier.name()), run).with_ignored_flag(ignored)
    });
    Ok(trials.collect())
}
