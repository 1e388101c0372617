//! Checks of flags that exclude each other, and of flags that require another one.

use super::error::OptionsError;
use super::flags::Set;
use std::ffi::OsStr;

/// Pairs of flags that exclude each other, with the remedy for the error.
const APART: &[(&str, &str, &str)] = &[
    ("--continue", "--resume", "continue the latest session, or resume a named one"),
    ("--system-prompt", "--system-prompt-file", "set the prompt with only one of them"),
    ("--append-system-prompt", "--append-system-prompt-file", "set the text with only one of them"),
    (
        "--no-session-persistence",
        "--session-mirror",
        "the mirror copies the persisted session; keep the session, and delete it later",
    ),
    ("--permission-prompts", "--permission-prompt-tool", "enable permission requests, or disable them"),
    ("--managed-settings", "--managed-settings-in-initialize", "send the policy in only one of the two ways"),
    ("--await-claim", "--continue", "a spare process gets its session when it is claimed"),
    ("--await-claim", "--resume", "a spare process gets its session when it is claimed"),
    ("--await-claim", "--fork-session", "a spare process gets its session when it is claimed"),
];

/// Flags that have no effect, or are refused, without one of the other flags.
const NEEDS: &[(&str, &[&str], &str)] = &[
    ("--fork-session", &["--resume", "--continue"], "a session to fork (--resume or --continue)"),
    ("--resume-session-at", &["--resume"], "--resume"),
    ("--resume-drops-turn", &["--resume-session-at"], "--resume-session-at"),
    ("--managed-settings-in-initialize", &["--await-initialize"], "--await-initialize"),
    ("--initialize-fields", &["--await-initialize"], "--await-initialize"),
];

pub(super) fn check(set: &Set) -> Result<(), OptionsError> {
    let has = |token: &str| set.contains_key(token);
    let says = |token: &str, value: &str| set.get(token).is_some_and(|all| all.iter().any(|one| one == value));
    for &(first, second, way_out) in APART {
        if has(first) && has(second) {
            return Err(OptionsError::Conflict { first, second, way_out });
        }
    }
    for &(option, others, needs) in NEEDS {
        if has(option) && !others.iter().any(|other| has(other)) {
            return Err(OptionsError::Needs { option, needs });
        }
    }
    let conflict = |holds: bool, first, second, way_out| {
        if holds { Err(OptionsError::Conflict { first, second, way_out }) } else { Ok(()) }
    };
    let earlier = if has("--resume") { "--resume" } else { "--continue" };
    conflict(
        has("--session-id") && has(earlier) && !has("--fork-session"),
        "--session-id",
        earlier,
        "a resumed session keeps its id; leave the new id out, or fork the session",
    )?;
    conflict(
        has("--model") && set.get("--model") == set.get("--fallback-model"),
        "--model",
        "--fallback-model",
        "choose another model as the fallback",
    )?;
    conflict(
        has("--dangerously-skip-permissions")
            && has("--permission-mode")
            && !says("--permission-mode", "bypassPermissions"),
        "--dangerously-skip-permissions",
        "--permission-mode",
        "set only one of them; --allow-dangerously-skip-permissions allows a later switch",
    )?;
    conflict(
        says("--initialize-fields", "settings") && has("--settings"),
        "--initialize-fields",
        "--settings",
        "send the settings in only one of the two ways",
    )?;
    conflict(
        says("--initialize-fields", "disallowedTools") && has("--disallowedTools"),
        "--initialize-fields",
        "--disallowedTools",
        "send the rules in only one of the two ways",
    )
}

/// Checks the names in the chain of programs. Each program is started as an argument of the one before it.
pub(super) fn check_program(chain: &[(&'static str, &OsStr)]) -> Result<(), OptionsError> {
    for (at, (role, word)) in chain.iter().enumerate() {
        if word.is_empty() {
            return Err(OptionsError::Empty { option: role });
        }
        if at > 0 && word.as_encoded_bytes().starts_with(b"-") {
            return Err(OptionsError::ProgramLooksLikeFlag { reader: chain[at - 1].0 });
        }
    }
    Ok(())
}
