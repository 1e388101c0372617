//! What the real CLI is put through, by theme. A scenario is one function, and its name the trial's.

use std::process::ExitCode;

use crate::talk::Trial;
use crate::watch::Case;

pub(crate) type Body = fn(&Case) -> Trial;

/// The trials of a theme: a table of its `async` functions by name.
macro_rules! trials {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const TRIALS: &[(&str, crate::trials::Body)] =
            &[$((stringify!($name), |case| case.carrier.block_on($name(case)))),+];
    };
}

mod api;
mod closes;
mod contents;
mod damage;
mod elicitations;
mod faults;
mod guards;
mod hooks;
mod host;
mod interrupts;
mod journal;
mod mains;
mod permissions;
mod ports;
mod priorities;
mod queue;
mod races;
mod requests;
mod servers;
mod sessions;
mod skills;
mod stops;
mod streams;
mod tasks;
mod text;
mod turns;
mod unread;

const THEMES: &[&[(&str, Body)]] = &[
    turns::TRIALS,
    queue::TRIALS,
    permissions::TRIALS,
    ports::TRIALS,
    interrupts::TRIALS,
    races::TRIALS,
    priorities::TRIALS,
    hooks::TRIALS,
    guards::TRIALS,
    closes::TRIALS,
    unread::TRIALS,
    elicitations::TRIALS,
    servers::TRIALS,
    requests::TRIALS,
    tasks::TRIALS,
    sessions::TRIALS,
    skills::TRIALS,
    text::TRIALS,
    contents::TRIALS,
    stops::TRIALS,
    api::TRIALS,
    streams::TRIALS,
    faults::TRIALS,
    damage::TRIALS,
    host::TRIALS,
    mains::TRIALS,
    journal::TRIALS,
];

pub(crate) fn all() -> impl Iterator<Item = (&'static str, Body)> {
    THEMES.iter().copied().flatten().copied()
}

/// What this binary does where a trial has started it once more, as another process.
pub(crate) fn other_process() -> Option<ExitCode> {
    journal::other_process()
        .or_else(host::other_process)
        .or_else(mains::other_process)
        .or_else(elicitations::other_process)
}
