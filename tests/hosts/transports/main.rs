//! One suite for every transport and every way to drive it: the mock CLI with each of its faults, children of
//! `sh`, and this program as a child. Nothing hangs, nothing is left behind, and everything is settled once, with its cause.
//!
//! A trial is `RUNNER::SCENARIO`. What only one runtime has is in `tests/hosts/smol_driver.rs` and `tests/hosts/tokio_driver.rs`.

mod child;
mod driven;
mod ends;
mod faults;
mod groups;
#[path = "../../support/one_end.rs"]
mod one_end;
#[cfg(unix)]
#[path = "../../../examples/custom_loop/session.rs"]
mod own_loop;
mod pipes;
#[cfg(unix)]
mod process_groups;
mod runner;
mod session;
mod spawn;
mod stage;
mod streams;
mod turns;
#[path = "../../support/watchdog.rs"]
mod watchdog;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::runner::{RUNNERS, STREAMS};
use crate::stage::{Scenario, Stage};

/// Most of them wait, for a child or a grace.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    if let Some(status) = child::played() {
        return status;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let portable: &[&[Scenario]] = &[faults::ALL, ends::ALL, groups::ALL, pipes::ALL, turns::ALL, spawn::ALL];
    #[cfg(unix)]
    let here: &[&[Scenario]] = &[faults::ON_UNIX, ends::ON_UNIX, process_groups::ALL];
    #[cfg(not(unix))]
    let here: &[&[Scenario]] = &[];
    let everywhere = [portable.concat(), here.concat()].concat();
    let trials = RUNNERS.iter().flat_map(|runner| {
        let all = everywhere.iter().copied();
        all.map(move |(name, play)| Trial::test(format!("{}::{name}", runner.name), move || Stage::run(runner, play)))
    });
    let over_streams = STREAMS.iter().flat_map(|runner| {
        let all = portable.concat().into_iter().filter(streams::carries).chain(streams::ALL.iter().copied());
        all.map(move |(name, play)| Trial::test(format!("{}::{name}", runner.name), move || Stage::run(runner, play)))
    });
    libtest_mimic::run(&arguments, trials.chain(over_streams).collect()).exit_code()
}
