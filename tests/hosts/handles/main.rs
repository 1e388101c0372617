//! Handles on sessions, on every runtime: the same scenarios with children in memory and with real ones, whose session
//! runs as a task on one thread or on another. Nothing hangs, nothing is left behind, and everything is settled once.
//!
//! A trial is `HOST::SCENARIO`. The child is this program itself, which plays the scenario's script. What takes time, or
//! a look at every line, is tried in memory alone, in `tests/pure/sessions`.

mod ends;
mod errors;
mod hosts;
// It looks for processes by their numbers; on Windows the child is killed in the end.
#[cfg(unix)]
mod mains;
mod reentry;
mod stage;
mod turns;
#[path = "../../support/watchdog.rs"]
mod watchdog;

use std::process::ExitCode;

use claude_duplex::testing::serve_stdio;
use libtest_mimic::{Arguments, Trial};

use crate::hosts::{HOSTS, PLAY};
use crate::stage::{Scenario, Stage};

fn main() -> ExitCode {
    #[cfg(unix)]
    if let Some(other) = mains::other_process() {
        return other;
    }
    let scenarios = || turns::ALL.iter().chain(ends::ALL).chain(errors::ALL).chain(reentry::ALL);
    let mut words = std::env::args().skip_while(|word| word != PLAY).skip(1);
    if let Some(wanted) = words.next() {
        let scenario = scenarios().find(|scenario| scenario.name == wanted).expect("a scenario of that name");
        return serve_stdio((scenario.script)());
    }
    let trial = |(name, run), scenario: &'static Scenario| {
        Trial::test(format!("{name}::{}", scenario.name), move || Stage::run(run, scenario))
    };
    let trials = HOSTS.iter().flat_map(|host| scenarios().map(|scenario| trial(*host, scenario)));
    #[cfg(unix)]
    let trials = trials.chain(mains::trials());
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
