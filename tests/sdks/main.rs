//! The published SDKs take the mock CLI for theirs: each drives `examples/peer` through its own public API.
//!
//! `SDKS_DIR=DIR cargo test --all-features`; without it every trial is reported as ignored.
//! `.ci/install-sdks.sh DIR` installs the SDKs.

mod delivered;
#[path = "../real_cli/namespace.rs"]
mod namespace;
#[expect(dead_code, reason = "an environment for the CLI is in it, too")]
#[path = "../real_cli/place.rs"]
mod place;
mod run;
mod scenarios;
mod sdk;

use std::process::ExitCode;

use claude_duplex::testing::CliVersion;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::scenarios::{SCENARIOS, Scenario};
use crate::sdk::Sdk;

/// The newest, and those in which hooks, permissions and the host's servers differ from it.
const GENERATIONS: [CliVersion; 4] =
    [CliVersion::V1_0_128, CliVersion::V2_0_76, CliVersion::V2_1_143, CliVersion::V2_1_329];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let found = sdk::NAMES.map(Sdk::find);
    for missing in found.iter().filter_map(|found| found.as_ref().err()) {
        eprintln!("{missing}");
    }
    if found.iter().any(Result::is_ok) {
        if let Err(reason) = namespace::enter() {
            eprintln!("the SDKs: {reason}");
            return ExitCode::FAILURE;
        }
    }
    let trials = found.iter().zip(sdk::NAMES).flat_map(|(found, name)| {
        let all = GENERATIONS.into_iter().flat_map(|generation| SCENARIOS.iter().map(move |each| (generation, each)));
        all.map(move |(generation, scenario)| trial(name, found.clone(), generation, scenario))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial(name: &str, found: Result<Sdk, String>, generation: CliVersion, scenario: &'static Scenario) -> Trial {
    let ignored = found.is_err();
    // An ignored one is reached by `--ignored`.
    let run = move || run::run(&found.map_err(Failed::from)?, generation, scenario);
    Trial::test(format!("{name}::{generation}::{}", scenario.name), run).with_ignored_flag(ignored)
}
