//! Start of a child process, and its errors.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process;
use crate::options::{Invocation, Options, OptionsError};
use crate::protocol::advice::SettingsError;

/// Returns the invocation of the options on this machine.
pub(super) fn invocation(options: &Options) -> Result<Invocation, OptionsError> {
    #[cfg(windows)]
    let options = &*super::locate::located(options);
    options.invocation()
}

#[cfg(any(feature = "smol", feature = "tokio"))]
/// Returns the invocation that prints the version of the program, on this machine.
pub(super) fn version_invocation(options: &Options) -> Result<Invocation, OptionsError> {
    #[cfg(windows)]
    let options = &*super::locate::located(options);
    options.version_invocation()
}

/// Returns the command that every transport starts, with the changes of the host, and the names for an error of the start.
pub(super) fn command(invocation: &Invocation, change: impl FnOnce(&mut Command)) -> (Command, Started) {
    let mut command = invocation.to_command();
    process::lead(&mut command);
    change(&mut command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let directory = command.get_current_dir().map(Path::to_owned);
    let started = Started { program: command.get_program().to_owned(), directory };
    (command, started)
}

/// Program and working directory of a command.
pub(super) struct Started {
    program: OsString,
    directory: Option<PathBuf>,
}

/// Number of attempts to start a busy program, and the first pause between two of them. Each further pause is twice as long.
const ATTEMPTS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(1);

/// Starts a program with `spawn`. A busy program, i.e. one that is open for writing, is tried again for 127 ms. It may have
/// just been installed, and a child of another thread holds the file until it executes its own program.
///
/// The thread sleeps during the pauses.
pub(super) fn patiently<T>(mut spawn: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut pause = PAUSE;
    for _ in 1..ATTEMPTS {
        match spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => std::thread::sleep(pause),
            done => return done,
        }
        pause *= 2;
    }
    spawn()
}

/// Returns the error for a child whose stdin or stdout is not piped or was taken.
pub(super) fn not_piped() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the child's stdin and stdout have to be piped, and not yet taken")
}

/// Returns the error for a child that was already waited for.
#[cfg(any(feature = "tokio", target_os = "linux"))]
pub(super) fn has_exited() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the child has exited, and was waited for")
}

/// Reason why no child was started.
///
/// `Debug` prints the message of the error, because a `main` that returns it prints `Debug`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The options are refused; nothing was started.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The options and the settings contradict each other; nothing was started.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The tokio driver was called outside of a runtime; nothing was started.
    #[error("no tokio runtime is running here; open the session in a task of one, or after `Runtime::enter`")]
    NoRuntime,
    /// The program does not exist, or the interpreter in its first line does not.
    #[error(
        "the program {program:?}, or the interpreter that it names, was not found; \
         install it, or say where it is with `Options::program`"
    )]
    #[non_exhaustive]
    NotFound {
        /// Program, or the launcher in front of it.
        program: OsString,
        /// Error of the system.
        source: io::Error,
    },
    /// The file is not executable, or is not a program.
    #[error("{program:?} cannot be run; make it executable, or name another file with `Options::program`")]
    #[non_exhaustive]
    NotExecutable {
        /// Program, or the launcher in front of it.
        program: OsString,
        /// Error of the system.
        source: io::Error,
    },
    /// The file is open for writing, e.g. because it is being installed. The start was repeated for 127 ms.
    #[error("{program:?} is open for writing, e.g. by an installation; try again when it is complete")]
    #[non_exhaustive]
    Busy {
        /// Program, or the launcher in front of it.
        program: OsString,
        /// Error of the system.
        source: io::Error,
    },
    /// The arguments and the environment exceed a limit of the system, together or with a single variable. Each argument is
    /// [checked](OptionsError::ArgumentTooLong) before the start.
    #[error(
        "the arguments and the environment of {program:?} are longer than the system allows; put long texts into files or \
         the `initialize` request, and leave out long variables with `Options::env_remove`"
    )]
    #[non_exhaustive]
    TooLong {
        /// Program, or the launcher in front of it.
        program: OsString,
        /// Error of the system.
        source: io::Error,
    },
    /// The working directory is missing, is not a directory, or is not accessible.
    #[error(
        "the working directory {directory:?} cannot be entered; create it, or name another with `Options::current_dir`"
    )]
    #[non_exhaustive]
    Directory {
        /// Path of the directory.
        directory: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The system refused for another reason, e.g. too many processes or open files, or too little memory. Custom transports
    /// create this error if the system cannot watch a child that was started.
    #[error("{program:?} could not be started")]
    System {
        /// Program, or the launcher in front of it.
        program: OsString,
        /// Error of the system.
        source: io::Error,
    },
}

impl fmt::Debug for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_tuple("SpawnError");
        debug.field(&format_args!("{self}"));
        if let Some(source) = self.source() {
            debug.field(&format_args!("{source}"));
        }
        debug.finish()
    }
}

impl SpawnError {
    /// Determines the cause of a failed start. Some systems report the program if the directory is missing.
    pub(super) fn new(Started { program, directory }: Started, source: io::Error) -> Self {
        if let Some(directory) = directory {
            if let Err(source) = enter(&directory) {
                return Self::Directory { directory, source };
            }
        }
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { program, source },
            io::ErrorKind::PermissionDenied => Self::NotExecutable { program, source },
            io::ErrorKind::ExecutableFileBusy => Self::Busy { program, source },
            io::ErrorKind::ArgumentListTooLong => Self::TooLong { program, source },
            _ if is_no_program(&source) => Self::NotExecutable { program, source },
            _ => Self::System { program, source },
        }
    }
}

/// Accesses an entry of the directory, which needs the same rights as entering it.
fn enter(directory: &Path) -> io::Result<()> {
    match std::fs::metadata(directory.join("."))?.is_dir() {
        true => Ok(()),
        false => Err(io::ErrorKind::NotADirectory.into()),
    }
}

#[cfg(unix)]
fn is_no_program(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NOEXEC)
}

#[cfg(not(unix))]
fn is_no_program(error: &io::Error) -> bool {
    const ERROR_BAD_EXE_FORMAT: i32 = 193;
    error.raw_os_error() == Some(ERROR_BAD_EXE_FORMAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> io::Result<u32> {
        Err(io::ErrorKind::ExecutableFileBusy.into())
    }

    #[test]
    fn a_busy_program_is_retried_and_other_errors_are_returned_at_once() {
        let mut tries = 0;
        let mut after = |wanted: u32, last: fn() -> io::Result<u32>| {
            tries = 0;
            let done = patiently(|| {
                tries += 1;
                if tries == wanted { last() } else { busy() }
            });
            (done.map_err(|error| error.kind()), tries)
        };
        assert_eq!(after(1, || Ok(7)), (Ok(7), 1));
        assert_eq!(after(3, || Ok(7)), (Ok(7), 3));
        let missing = || Err(io::ErrorKind::NotFound.into());
        assert_eq!(after(2, missing), (Err(io::ErrorKind::NotFound), 2));
        assert_eq!(after(u32::MAX, busy), (Err(io::ErrorKind::ExecutableFileBusy), ATTEMPTS));
    }
}
