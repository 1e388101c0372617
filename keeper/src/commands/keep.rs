//! The process that becomes a keeper.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::process::ExitCode;

use super::arguments::{Arguments, read_token};
use super::{Failure, session};
use crate::keep::{Command, Keep};

/// Leaves the process session of the caller, and keeps a CLI. Reports to the caller that the CLI is ready, or why it failed.
pub(super) fn keep(arguments: Vec<OsString>) -> ExitCode {
    match keep_or_fail(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(error) | Failure::Failed(error)) => {
            let _ = write!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn keep_or_fail(arguments: Vec<OsString>) -> Result<(), Failure> {
    let read = Arguments::of_run(arguments)?;
    let token = read_token()?;
    // A leader of a group cannot: it was started by hand, and stays where it is.
    let _ = rustix::process::setsid();
    let id = session(read.id.as_ref().ok_or_else(|| Failure::Usage("no --id given".to_owned()))?)?;
    let place = read.place()?;
    let mut words = read.values.into_iter();
    let program = words.next().ok_or_else(|| Failure::Usage("no program given".to_owned()))?;
    let command = Command { program, arguments: words.collect() };
    let keep = Keep {
        token_file: read.token_file,
        policy: read.policy,
        limits: read.limits,
        ..Keep::new(place, id, token, command)
    };
    crate::keep::run(keep, |pid| {
        let _ = writeln!(io::stdout(), "ready {pid}");
        let _ = io::stdout().flush();
        leave();
    })?;
    Ok(())
}

/// Closes the pipes of the caller.
fn leave() {
    if let Ok(null) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}
