//! How an example ends.

use std::error::Error;
use std::io;
use std::process::ExitCode;

/// The exit status of what was done. An error is told in one line; that the reader of the output has left, as `head` does,
/// is none.
pub(crate) fn status(done: Result<(), Box<dyn Error>>) -> ExitCode {
    match done {
        Err(error) if !is_broken_pipe(&*error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
