//! One trial: the SDK's host is started with the mock CLI as its CLI, and ends in a bounded time.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use claude_duplex::testing::CliVersion;
use libtest_mimic::Failed;

use crate::delivered::Delivered;
use crate::place::Place;
use crate::scenarios::Scenario;
use crate::sdk::Sdk;
use crate::tap;

/// A trial takes a second or two; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// How long it may take to end once it was killed.
const UNWIND: Duration = Duration::from_secs(5);

/// What stands between the SDK and the mock CLI.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Between {
    Nothing,
    Tap,
}

/// The program of an example, which `cargo test` builds beside this one.
pub(crate) fn program(name: &str) -> Result<PathBuf, Failed> {
    let this = std::env::current_exe()?;
    let program = this.ancestors().nth(2).ok_or("no target/PROFILE/deps/TEST")?.join("examples").join(name);
    if !program.exists() {
        let reason = format!("{} is not built: run the whole `cargo test --all-features`", program.display());
        return Err(reason.into());
    }
    Ok(program)
}

pub(crate) fn run(sdk: &Sdk, generation: CliVersion, scenario: &Scenario, between: Between) -> Result<(), Failed> {
    // Whatever was started in it is killed with it.
    let place = Place::new()?;
    let mut host = sdk.host(&place.cwd())?;
    let cli = program(if between == Between::Tap { "tap" } else { "peer" })?;
    host.args([scenario.name.as_ref(), cli.as_os_str(), generation.version().as_ref()]);
    host.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", place.home());
    host.current_dir(place.cwd()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let taps = place.cwd().join("taps");
    if between == Between::Tap {
        std::fs::create_dir(&taps)?;
        host.env("CLAUDE_TAP_PROGRAM", program("peer")?).env("CLAUDE_TAP_FILE", &taps);
    }
    let mut child = host.spawn().map_err(|error| format!("{:?}: {error}", host.get_program()))?;
    let prompts = serde_json::to_string(scenario.prompts).map_err(|error| error.to_string())?;
    // It may have ended without reading, and says why.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(prompts.as_bytes()));
    let (done, end) = mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    let in_time = end.recv_timeout(LIMIT).ok();
    let (output, mut reason) = match in_time {
        Some(output) => (output?, None),
        None => {
            place.kill();
            (
                end.recv_timeout(UNWIND).map_err(|_| "it cannot be killed")??,
                Some(format!("not done after {LIMIT:?}: killed")),
            )
        }
    };
    let delivered = Delivered::read(&String::from_utf8_lossy(&output.stdout));
    if !output.status.success() {
        reason.get_or_insert_with(|| output.status.to_string());
    }
    let mut checked = reason.map_or_else(|| delivered.check(generation, scenario), Err);
    if between == Between::Tap {
        checked = checked.and_then(|()| tap::check(&taps, scenario));
    }
    checked.map_err(|reason| format!("{reason}\n{delivered}{}", String::from_utf8_lossy(&output.stderr)).into())
}
