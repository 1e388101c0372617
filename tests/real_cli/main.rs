//! The real CLI, offline: in a network namespace with nothing but loopback, against a stand-in for the Messages API.
//!
//! `CLAUDE_BIN=/path/to/claude cargo test --test real_cli`; without it every trial is reported as ignored.
//! `.ci/install-claude.sh VERSION DIR` installs a version and prints the path.

#[path = "../support/account.rs"]
mod account;
mod answer;
mod api;
mod cli;
mod holds;
mod http;
mod journal;
mod namespace;
mod place;
mod requests;
mod script;
mod seen;
mod talk;
mod trials;
mod watch;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::cli::Cli;
use crate::namespace::Sealed;
use crate::watch::{Case, LIMIT};

fn main() -> ExitCode {
    if let Some(path) = std::env::var_os(journal::VARIABLE) {
        return journal::other_process(&path);
    }
    let arguments = Arguments::from_args();
    match found() {
        Ok(found) => libtest_mimic::run(&arguments, trials(found)).exit_code(),
        Err(why) => {
            eprintln!("real CLI: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The CLI and the namespace to run it in; `None` where no CLI is named.
fn found() -> Result<Option<(Sealed, Cli)>, String> {
    match Cli::from_environment()? {
        Some(cli) => Ok(Some((namespace::enter()?, cli))),
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

fn trials(found: Option<(Sealed, Cli)>) -> Vec<Trial> {
    let all = trials::TRIALS.iter();
    all.map(|&(name, body)| {
        let ignored = found.is_none();
        let found = found.clone();
        let run = move || match found {
            Some((sealed, cli)) => watch::run(name, Case::new(sealed, cli)?, LIMIT, body),
            // Reached by `--ignored`.
            None => Err(Failed::from(how())),
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    })
    .collect()
}
