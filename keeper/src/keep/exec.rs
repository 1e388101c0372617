//! Step between the keeper and the CLI: a process that requests to end with the keeper, and then becomes the CLI.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::process::{getppid, setsid};

use crate::place::DIRECTORY;

/// First argument of the step.
pub(crate) const EXEC: &str = "__exec";

/// Runs the step: `SOCKET PARENT PROGRAM [ARGUMENT]...`. Returns only if the CLI cannot be started. The reason is then sent to
/// the socket. The start of the CLI closes the socket.
///
/// On Linux the kernel kills the CLI when the thread that started this step ends, i.e. with the keeper. The CLI sees neither the
/// arguments of the step nor the variable with the keeper's directory.
#[must_use]
pub fn exec(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let socket = arguments.next().and_then(|path| UnixStream::connect(Path::new(&path)).ok());
    let parent = arguments.next().and_then(|parent| parent.to_str()?.parse().ok());
    let (Some(mut socket), Some(parent), Some(program)) = (socket, parent, arguments.next()) else {
        eprintln!("claude-duplex-keeper: {EXEC} is for internal use by the keeper");
        return ExitCode::FAILURE;
    };
    let error = become_program(parent, program, arguments);
    let _ = socket.write_all(error.to_string().as_bytes());
    ExitCode::FAILURE
}

fn become_program(parent: i32, program: OsString, arguments: impl Iterator<Item = OsString>) -> io::Error {
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
        return error.into();
    }
    // A keeper that has ended by now sends no signal any more.
    if getppid().map(rustix::process::Pid::as_raw_nonzero).is_none_or(|actual| actual.get() != parent) {
        return io::Error::other("the keeper has ended");
    }
    if let Err(error) = setsid() {
        return error.into();
    }
    Command::new(program).args(arguments).env_remove(DIRECTORY).exec()
}
