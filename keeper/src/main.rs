//! The program `claude-duplex-keeper`.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    claude_duplex_keeper::commands::main(std::env::args_os().skip(1).collect())
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("claude-duplex-keeper: this system has no Unix sockets and process groups; the keeper runs on Unix only");
    ExitCode::FAILURE
}
