//! Sessions whose CLI is started by real launchers: `ssh`, `srun`, `bwrap`, `setpriv`. The CLI is the mock CLI.
//!
//! A trial is `LAUNCHER::SCENARIO`. `tests/elsewhere/world` starts the servers and runs this program beside them, in a network
//! that is loopback alone. A launcher that is not installed has its trials reported as ignored.

mod host;
mod launcher;
mod processes;
mod session;
mod trials;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::launcher::LAUNCHERS;
use crate::session::Case;

fn main() -> ExitCode {
    if let Some(status) = host::played() {
        return status;
    }
    let arguments = Arguments::from_args();
    let trials = LAUNCHERS.iter().flat_map(|launcher| {
        let missing = launcher.missing();
        if let Some(reason) = &missing {
            eprintln!("NOT RUN: {}: {reason}", launcher.name);
        }
        let all = trials::ALL.iter().chain(launcher.own);
        all.map(move |(name, play)| {
            let missing = missing.clone();
            let run = move || match missing {
                // Reached by `--ignored`.
                Some(reason) => Err(reason.into()),
                None => Case::run(launcher, name, *play),
            };
            Trial::test(format!("{}::{name}", launcher.name), run)
                .with_ignored_flag(launcher.missing().is_some())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
