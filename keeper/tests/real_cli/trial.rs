//! One conversation with the real CLI, undisturbed and with hosts that are killed at 30 points.

use std::ffi::OsStr;

use claude_duplex::Options;
use claude_duplex::options::EnvChange;
use claude_duplex_keeper::Launch;

use crate::api::Api;
use crate::cli::{self, Cli};
use crate::conversation::{Kills, Random, Traces, converse};
use crate::kept::Kept;
use crate::namespace::{self, Sealed};
use crate::place::Place;
use crate::version::Version;

/// Hosts that are killed in one conversation, and in all of them.
const KILLS: usize = 3;
const TOTAL: usize = 30;

/// Texts that come slowly, calls of tools that need a permission, and a prompt that waits for another one.
const PROMPTS: [&str; 4] = [
    r#"{"steps":[{"text":"one two three four five six","chunks":6,"delay_ms":10,"tool":"Bash","input":{"command":"touch a && echo made","description":"make"}},{"text":"done"}]}"#,
    r#"{"steps":[{"text":"the second answer","chunks":3,"delay_ms":10}]}"#,
    r#"{"steps":[{"tool":"Bash","input":{"command":"touch b && echo made","description":"make"}},{"text":"a b c d e f g h","chunks":8,"delay_ms":10}]}"#,
    r#"{"steps":[{"text":"the end"}]}"#,
];

/// Returns the real CLI, from inside the namespace; `None` if none is named.
pub(crate) fn real() -> Result<Option<(Sealed, Cli)>, String> {
    let Some(cli) = Cli::from_environment()? else {
        eprintln!("the real CLI was not run: set {} to a claude binary or a cli.js", cli::VARIABLE);
        return Ok(None);
    };
    let sealed = namespace::enter()?;
    eprintln!("the real CLI {}", Version::of(&cli, sealed)?);
    Ok(Some((sealed, cli)))
}

/// Has the conversation with a CLI of its own, in a folder of its own.
fn have(_: Sealed, cli: &Cli, kills: Option<Kills<'_>>, own_number: bool) -> Traces {
    let (place, api) = (Place::new().unwrap(), Api::start().unwrap());
    let kept = Kept::new();
    let command: Vec<&OsStr> =
        [cli.program.as_os_str()].into_iter().chain(cli.script.as_deref().map(AsRef::as_ref)).collect();
    let options = Options::new().host_permission_prompts().include_partial_messages();
    let invocation = options.program(&cli.program).invocation().unwrap();
    let mut launch = Launch::new(kept.place.clone(), "/bin/sh").args([kept.logging(&command)]).args(invocation.args);
    launch = launch.current_dir(place.cwd()).env_clear();
    for change in invocation.env {
        launch = match change {
            EnvChange::Set(name, value) => launch.env(name, value),
            EnvChange::Remove(name) => launch.env_remove(name),
        };
    }
    for (name, value) in place.environment(&api.url()) {
        launch = launch.env(name, value);
    }
    let kept = kept.launch(launch);
    let traces = converse(&kept, &PROMPTS, kills, own_number);
    // Each tool has run once, and its file is there.
    for file in ["a", "b"] {
        assert!(place.cwd().join(file).exists(), "{file} was not made");
    }
    traces
}

/// Returns what has a fixed place, in order, and the number of system messages: the CLI writes some of them while the
/// stream of the API goes on, before or after its next line.
fn placed(seen: Vec<String>) -> (Vec<String>, usize) {
    let all = seen.len();
    let placed: Vec<_> = seen.into_iter().filter(|seen| seen != "System").collect();
    let system_messages = all - placed.len();
    (placed, system_messages)
}

pub(crate) fn killed_hosts_leave_no_trace(sealed: Sealed, cli: &Cli) {
    let undisturbed = have(sealed, cli, None, false);
    let count = |kind: &str| undisturbed.read.iter().filter(|line| line.contains(kind)).count();
    assert_eq!((count("\"user\""), count("control_response")), (PROMPTS.len(), 2), "{:#?}", undisturbed.read);
    assert_eq!(undisturbed.seen.iter().filter(|seen| seen.starts_with("success: ")).count(), PROMPTS.len());
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap());
    for conversation in 0..TOTAL / KILLS {
        let mut random = Random(seed + conversation as u64);
        let kills = Kills { random: &mut random, count: KILLS, actions: undisturbed.actions as u64 / 2 };
        let Traces { seen, read, .. } = have(sealed, cli, Some(kills), conversation % 2 == 1);
        assert_eq!(placed(seen), placed(undisturbed.seen.clone()), "conversation {conversation} of seed {seed}");
        assert_eq!(read, undisturbed.read, "conversation {conversation} of seed {seed}");
    }
}
