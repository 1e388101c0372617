//! The published SDKs take the mock CLI for theirs: each drives `tools/peer` through its own public API.
//!
//! Each scenario runs once more with `tools/tap` between the two (`SDK::tap::SCENARIO`): the SDK must not notice it, and its
//! recording must have the session.
//!
//! `SDKS_DIR=DIR cargo test --all-features`; without it every trial is reported as ignored.
//! `.ci/install-sdks.sh DIR` installs the SDKs.

mod delivered;
mod meaning;
#[path = "../real_cli/namespace.rs"]
mod namespace;
mod parser;
#[expect(dead_code, reason = "an environment for the CLI is in it, too")]
#[path = "../real_cli/place.rs"]
mod place;
#[path = "../../tools/replay/recording.rs"]
#[allow(dead_code, reason = "the example reads more of it")]
mod recording;
mod run;
mod scenarios;
mod sdk;
mod tap;

use std::process::ExitCode;

use claude_duplex::testing::CliVersion;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::run::Between;
use crate::scenarios::SCENARIOS;
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
        let direct = all.map(move |(generation, scenario)| {
            let name = format!("{name}::{generation}::{}", scenario.name);
            trial(name, found, move |sdk| run::run(sdk, generation, scenario, Between::Nothing))
        });
        direct.chain(SCENARIOS.iter().map(move |scenario| {
            let name = format!("{name}::tap::{}", scenario.name);
            trial(name, found, move |sdk| run::run(sdk, CliVersion::V2_1_329, scenario, Between::Tap))
        }))
    });
    let [python, _] = &found;
    let parser = trial("python::parser::recordings".to_owned(), python, parser::agrees);
    libtest_mimic::run(&arguments, trials.chain([parser]).collect()).exit_code()
}

fn trial(
    name: String,
    found: &Result<Sdk, String>,
    run: impl FnOnce(&Sdk) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let (ignored, found) = (found.is_err(), found.clone());
    // An ignored one is reached by `--ignored`.
    Trial::test(name, move || run(&found.map_err(Failed::from)?)).with_ignored_flag(ignored)
}
