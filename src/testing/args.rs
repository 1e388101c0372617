//! Parsing of the CLI's command line, as far as it matters to a host.

use super::fault::Fault;
use super::script::Script;
use crate::options::{flags, flags_without_option};

/// Spellings of flags that [`flags`] does not contain.
const ALIASES: [&str; 12] =
    ["--allowed-tools", "--disallowed-tools", "-p", "-c", "-r", "-d", "-w", "-n", "-h", "-v", "--init", "--help"];

/// Flags without a value. Any other flag without `=` takes the next argument as its value.
const SWITCHES: [&str; 8] = [
    "--print",
    "--verbose",
    "--continue",
    "--replay-user-messages",
    "--include-partial-messages",
    "--fork-session",
    "--dangerously-skip-permissions",
    "--strict-mcp-config",
];

pub(super) fn read<T: AsRef<str>>(mut script: Script, args: impl IntoIterator<Item = T>) -> Script {
    (script.replay, script.partial) = (false, false);
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        let (name, bound) = match arg.as_ref().split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_ref(), None),
        };
        if !name.starts_with('-') {
            continue;
        }
        if !is_known(name) {
            return script.fault(Fault::UnknownFlag(name.to_owned()));
        }
        let next_is_value = args.peek().is_some_and(|next| !next.as_ref().starts_with('-'));
        let value = match bound {
            None if next_is_value && !SWITCHES.contains(&name) => args.next().map(|next| next.as_ref().to_owned()),
            bound => bound,
        };
        match (name, value) {
            ("--replay-user-messages", _) => script.replay = true,
            ("--include-partial-messages", _) => script.partial = true,
            ("--max-turns", Some(most)) => script.max_turns = most.parse().ok(),
            ("--resume" | "-r", Some(session)) if !script.sessions.contains(&session) => {
                return script.fault(Fault::BadResume(session));
            }
            _ => {}
        }
    }
    script
}

fn is_known(name: &str) -> bool {
    flags().any(|known| known == name)
        || flags_without_option().any(|(known, _)| known == name)
        || ALIASES.contains(&name)
}
