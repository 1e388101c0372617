//! The stand-in for the CLI: this program, run as its own child. It answers in parts, asks for permission, and can be
//! interrupted.

use std::process::ExitCode;

/// The first argument by which this program is the stand-in.
pub(crate) const FLAG: &str = "--stand-in";

pub(crate) fn run() -> ExitCode {
    ExitCode::FAILURE
}
