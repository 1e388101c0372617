//! The trials.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::runner::{ROLE, RUNNERS, is_allowed};
use crate::stage::{Scenario, Stage};
use crate::watchdog::{Groups, watched};
use crate::{callbacks, child, ends, faults, groups, handles, peer, pipes, process, process_groups, spawn, turns};

/// Most of them wait, for a child or a timeout.
const AT_ONCE: usize = 8;

/// A test with its name.
pub(crate) type Case = (&'static str, fn(Groups));

const SUITE: &[&[Scenario]] = &[
    faults::ALL,
    faults::ON_UNIX,
    ends::ALL,
    ends::ON_UNIX,
    groups::ALL,
    process_groups::ALL,
    pipes::ALL,
    turns::ALL,
    spawn::ALL,
];

pub(crate) fn main() -> ExitCode {
    if std::env::var_os(ROLE).is_some() {
        return peer::main();
    }
    if let Some(status) = child::played() {
        return status;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let mut trials = Vec::new();
    for runner in RUNNERS {
        for (name, play) in SUITE.concat() {
            let trial = Trial::test(format!("{}::{name}", runner.name), move || Stage::run(runner, play));
            // `Runtime::new` fails if the system does not allow it.
            trials.push(trial.with_ignored_flag(!is_allowed(runner)));
        }
    }
    for (name, play) in [callbacks::ALL, handles::ALL, process::ALL].concat() {
        trials.push(Trial::test(name, move || watched(play)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
