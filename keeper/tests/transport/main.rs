//! Drivers and hosts on kept sessions, with the mock CLI, which is this program in another role.

#[cfg(unix)]
mod drivers;
#[cfg(unix)]
mod mock;
#[cfg(unix)]
mod place;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    if std::env::var_os(place::ROLE).is_some_and(|role| role == "mock CLI") {
        return mock::serve();
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let trials = [("drivers", drivers::TRIALS.to_vec())];
    let trials = trials.into_iter().flat_map(|(group, trials)| {
        trials.into_iter().map(move |(name, test)| {
            libtest_mimic::Trial::test(format!("{group}::{name}"), move || {
                test();
                Ok(())
            })
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

#[cfg(not(unix))]
fn main() {}
