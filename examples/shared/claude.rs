//! The `claude` of the small examples: the one that `CLAUDE_BIN` names, or else a stand-in, which is the example itself,
//! run as its own child.

#[path = "end.rs"]
mod end;
#[path = "../../tools/chat/stand_in.rs"]
mod stand_in;

use std::error::Error;
use std::process::ExitCode;

use claude_duplex::Options;

/// Runs an example with the options that start its `claude`; in its child, the stand-in.
pub(crate) fn with(example: impl FnOnce(Options) -> Result<(), Box<dyn Error>>) -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(stand_in::FLAG) => stand_in::run(),
        Some(_) => {
            eprintln!("this example takes no arguments; CLAUDE_BIN=PATH names a claude in place of its stand-in");
            ExitCode::from(2)
        }
        None => end::status(options().and_then(example)),
    }
}

fn options() -> Result<Options, Box<dyn Error>> {
    if let Some(claude) = std::env::var_os("CLAUDE_BIN").filter(|path| !path.is_empty()) {
        return Ok(Options::new().program(claude));
    }
    eprintln!("(with a stand-in for claude: CLAUDE_BIN names a real one)");
    Ok(Options::new().program(std::env::current_exe()?).global_arg(stand_in::FLAG))
}
