//! Which flags exclude each other, which need another: said before anything is spawned.

use super::error::OptionsError;
use super::flags::Set;
use std::ffi::OsStr;

/// Pairs of which only one may be set, and the way out.
const APART: &[(&str, &str, &str)] = &[
    ("--continue", "--resume", "continue the latest session, or name one"),
    ("--system-prompt", "--system-prompt-file", "give the prompt once"),
    ("--append-system-prompt", "--append-system-prompt-file", "give the text once"),
    (
        "--no-session-persistence",
        "--session-mirror",
        "a mirror is taken from what is kept; keep it, and delete it later",
    ),
    ("--permission-prompts", "--permission-prompt-tool", "ask somebody, or nobody"),
    ("--managed-settings", "--managed-settings-in-initialize", "send them on one way"),
    ("--await-claim", "--continue", "a spare gets its session when it is claimed"),
    ("--await-claim", "--resume", "a spare gets its session when it is claimed"),
    ("--await-claim", "--fork-session", "a spare gets its session when it is claimed"),
];

/// Flags that say nothing, or are refused, without one of others.
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
        "a resumed session keeps its id; leave the new one out, or fork",
    )?;
    conflict(
        has("--model") && set.get("--model") == set.get("--fallback-model"),
        "--model",
        "--fallback-model",
        "fall back to another model",
    )?;
    conflict(
        has("--dangerously-skip-permissions")
            && has("--permission-mode")
            && !says("--permission-mode", "bypassPermissions"),
        "--dangerously-skip-permissions",
        "--permission-mode",
        "start in one of them, and allow the switch by --allow-dangerously-skip-permissions",
    )?;
    conflict(
        says("--initialize-fields", "settings") && has("--settings"),
        "--initialize-fields",
        "--settings",
        "send the settings on one way",
    )?;
    conflict(
        says("--initialize-fields", "disallowedTools") && has("--disallowedTools"),
        "--initialize-fields",
        "--disallowedTools",
        "send the rules on one way",
    )
}

/// The program, or one in front of it, as the next one's argument.
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
