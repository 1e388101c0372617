//! The keeper alone: a real process with a shell script as its CLI.
//!
//! The harness is libtest's in miniature: what a machine cannot do is reported as ignored.

#[cfg(unix)]
mod access;
#[cfg(unix)]
mod control;
#[cfg(unix)]
mod disk;
#[cfg(unix)]
mod ends;
#[cfg(unix)]
mod killed;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod support;

#[cfg(unix)]
fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let groups = [
        ("output", output::trials()),
        ("control", control::trials()),
        ("access", access::trials()),
        ("ends", ends::trials()),
        ("killed", killed::trials()),
        ("disk", disk::trials()),
    ];
    let trials = groups.into_iter().flat_map(|(group, trials)| {
        trials.into_iter().map(move |(name, able, test)| {
            let trial = libtest_mimic::Trial::test(format!("{group}::{name}"), move || {
                test();
                Ok(())
            });
            if !able {
                eprintln!("{group}::{name} cannot run here: it needs root, or user namespaces");
            }
            trial.with_ignored_flag(!able)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

#[cfg(not(unix))]
fn main() {}
