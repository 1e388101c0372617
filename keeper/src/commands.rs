//! The commands of the program `claude-duplex-keeper`.

mod arguments;
mod attach;
mod help;
mod keep;
mod list;
mod run;
mod stop;
mod units;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::keep::exec;
use crate::place::SessionId;

/// First argument of the process that becomes a keeper.
pub(crate) const KEEP: &str = "__keep";

/// Reason why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// The command failed.
    Failed(String),
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Runs the program with these arguments, without its name. Returns 0 if the command succeeded, 1 if it failed, 2 if the
/// command line is wrong. Call it in the main thread.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let command = arguments.next();
    let rest = arguments.collect();
    let done = match command.as_deref().map(|command| command.to_str().unwrap_or("?")) {
        Some(crate::keep::EXEC) => return exec(Vec::into_iter(rest)),
        Some(KEEP) => return keep::keep(rest),
        Some("run") => run::run(rest),
        Some("list") => list::list(rest),
        Some("attach") => attach::attach(rest),
        Some("stop") => stop::stop(rest),
        Some("help" | "--help" | "-h") => help::print(help::ALL),
        Some("--version" | "-V") => help::print(concat!("claude-duplex-keeper ", env!("CARGO_PKG_VERSION"), "\n")),
        Some(other) => Err(Failure::Usage(format!("unknown command {other:?}"))),
        None => Err(Failure::Usage("no command given".to_owned())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => {
            eprintln!("claude-duplex-keeper: {error}");
            ExitCode::FAILURE
        }
        Err(Failure::Usage(error)) => {
            eprintln!("claude-duplex-keeper: {error}; `claude-duplex-keeper help` shows the commands");
            ExitCode::from(2)
        }
    }
}

/// Reads an id from a command line.
fn session(text: &OsString) -> Result<SessionId, Failure> {
    SessionId::parse(&text.to_string_lossy()).map_err(|error| Failure::Usage(error.to_string()))
}
