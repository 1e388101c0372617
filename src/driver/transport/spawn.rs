//! How a child is started, and why there is none.

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

/// Returns what the options start on this machine.
pub(super) fn invocation(options: &Options) -> Result<Invocation, OptionsError> {
    #[cfg(windows)]
    let options = &*super::locate::located(options);
    options.invocation()
}

/// Returns what asks the program of the options for its version on this machine.
pub(super) fn version_invocation(options: &Options) -> Result<Invocation, OptionsError> {
    #[cfg(windows)]
    let options = &*super::locate::located(options);
    options.version_invocation()
}

/// Returns the command that every transport starts, as the host has changed it, and what to name if it cannot be started.
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

/// How often a program that is busy is tried again, and how long the first pause is; each further one is twice as long.
const ATTEMPTS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(1);

/// Starts a program by `spawn`. One that is busy, because somebody has it open for writing, is tried again for 127 ms: it may
/// have been installed just now, and another thread's child holds the file until it executes its own program.
///
/// The thread sleeps meanwhile, as it does while the system starts a program.
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

/// Why a child that is already there is of no use.
pub(super) fn not_piped() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the child's stdin and stdout have to be piped, and not yet taken")
}

/// Why a child that was already there is of no use.
#[cfg(feature = "tokio")]
pub(super) fn has_exited() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the child has exited, and was waited for")
}

/// Reason why there is no child.
///
/// Its `Debug` has the text of the error, as it is what a `main` prints that returns it.
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
    /// There is no such program, or no such interpreter as its first line names.
    #[error(
        "the program {program:?}, or the interpreter that it names, was not found; \
         install it, or say where it is with `Options::program`"
    )]
    NotFound {
        /// The program, or what was put in front of it.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// The file may not be run, or is no program.
    #[error("{program:?} cannot be run; make it executable, or name another file with `Options::program`")]
    NotExecutable {
        /// The program, or what was put in front of it.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// The file is open for writing: it is being installed. It was tried again for a short time.
    #[error("{program:?} is being written, by an installation perhaps; try again when that is done")]
    Busy {
        /// The program, or what was put in front of it.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// The arguments and the environment are longer than the system passes on: together, or one variable by itself. One
    /// argument is [checked](OptionsError::ArgumentTooLong) before.
    #[error(
        "the arguments and the environment of {program:?} are longer than the system allows; put long texts into files or \
         the `initialize` request, and leave out long variables with `Options::env_remove`"
    )]
    TooLong {
        /// The program, or what was put in front of it.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// The working directory is missing, is no directory, or is closed to us.
    #[error(
        "the working directory {directory:?} cannot be entered; create it, or name another with `Options::current_dir`"
    )]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused for another reason: too many processes or open files, too little memory, ...
    #[error("{program:?} could not be started")]
    System {
        /// The program, or what was put in front of it.
        program: OsString,
        /// What the system said.
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
    /// Finds out what failed. A system names the program when it was the directory that is missing.
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

/// Looks at something within the directory, which takes the same rights as to enter it.
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
    fn a_busy_program_is_tried_again_and_any_other_error_is_told_at_once() {
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
