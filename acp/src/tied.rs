//! CLIs that end with the agent: on Linux the system terminates the CLI when the agent has ended for any reason.
//!
//! The agent starts itself with [`WORD`] in front of the CLI's command line. That process requests a signal for the death of
//! its parent, and then replaces itself by the CLI. No process is added.

use std::ffi::OsString;
use std::process::ExitCode;

/// First argument of a process that becomes the CLI.
pub(crate) const WORD: &str = "__run";

/// Remedy in the error message if the program cannot be started.
pub(crate) const NAMED: &str = "--claude PATH or CLAUDE_BIN names another program";

/// Exit code of a shell that cannot start a program.
#[cfg(target_os = "linux")]
const NOT_STARTED: u8 = 127;

/// Returns `true` if the system can end a child together with its parent.
pub(crate) const fn is_possible() -> bool {
    cfg!(target_os = "linux")
}

/// Replaces this process by the program in `words`. Returns only if that fails.
#[cfg(target_os = "linux")]
pub(crate) fn run(mut words: impl Iterator<Item = OsString>) -> ExitCode {
    use std::os::unix::process::CommandExt;

    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    let parent = getppid();
    let Some(program) = words.next() else {
        eprintln!("{WORD} needs a program");
        return ExitCode::from(NOT_STARTED);
    };
    // At SIGTERM the CLI ends its own children.
    if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
        eprintln!("the CLI cannot be tied to its agent: {error}");
        return ExitCode::from(NOT_STARTED);
    }
    // The parent may have died before the request.
    if getppid() != parent {
        return ExitCode::from(NOT_STARTED);
    }
    let error = std::process::Command::new(&program).args(words).exec();
    eprintln!("{} cannot be started: {error}; {NAMED}", program.display());
    ExitCode::from(NOT_STARTED)
}

/// Fails: this system cannot end a child together with its parent.
#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_: impl Iterator<Item = OsString>) -> ExitCode {
    eprintln!("{WORD} is for Linux alone");
    ExitCode::FAILURE
}
