//! The `claude` of the small examples: the one that `CLAUDE_BIN` names, or else a stand-in, which is the example itself,
//! run as its own child.

#[path = "../chat/stand_in.rs"]
mod stand_in;

use std::process::ExitCode;

use claude_duplex::Options;

/// What a program that is run as the stand-in has to do instead of all else.
pub(crate) fn stand_in() -> Option<ExitCode> {
    (std::env::args().nth(1).as_deref() == Some(stand_in::FLAG)).then(stand_in::run)
}

pub(crate) fn options() -> std::io::Result<Options> {
    Ok(match std::env::var_os("CLAUDE_BIN").filter(|path| !path.is_empty()) {
        Some(claude) => Options::new().program(claude),
        None => Options::new().program(std::env::current_exe()?).global_arg(stand_in::FLAG),
    })
}
