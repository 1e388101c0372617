//! Drivers and hosts on kept sessions, with the mock CLI, which is this program in another role.

#[cfg(unix)]
mod drivers;
#[cfg(unix)]
mod host;
#[cfg(unix)]
mod killed;
#[cfg(unix)]
mod mock;
#[cfg(unix)]
mod place;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    match std::env::var(place::ROLE).as_deref() {
        Ok("mock CLI") => return mock::serve(),
        Ok("host") => {
            let folder = std::env::var_os(host::FOLDER).unwrap();
            if let Err(error) = host::host(folder.as_ref()) {
                eprintln!("{error}");
                return std::process::ExitCode::FAILURE;
            }
            return std::process::ExitCode::SUCCESS;
        }
        _ => {}
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let trials = [("drivers", drivers::TRIALS.to_vec()), ("killed", killed::TRIALS.to_vec())];
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
