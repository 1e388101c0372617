//! A session in the host's own event loop: `poll(2)` and the core, without async.
//!
//!     cargo run --example custom_loop --features driver

#![cfg_attr(not(unix), allow(dead_code, reason = "there is no poll(2)"))]

#[path = "shared/claude.rs"]
mod claude;
#[cfg(unix)]
#[path = "custom_loop/session.rs"]
mod session;

use std::error::Error;
use std::process::ExitCode;

use claude_duplex::Options;

fn main() -> ExitCode {
    claude::with(run)
}

#[cfg(unix)]
fn run(options: Options) -> Result<(), Box<dyn Error>> {
    use claude_duplex::message::{Accumulator, Edit};
    use claude_duplex::{Action, Config, Prompt};
    use std::io::{Write, stdout};

    let options = options.include_partial_messages();
    let mut session = session::Session::start(&options, Config::default(), |_| ())?;
    session.protocol.prompt(session.now(), Prompt::text("hello"))?;
    let mut answer = Accumulator::new();
    while let Some(action) = session.next()? {
        match action {
            Action::Message { message, .. } => {
                for edit in answer.add(&message) {
                    match edit {
                        Edit::Append { block, text, .. } if block.is_answer() => write!(stdout(), "{text}")?,
                        Edit::Replace { block, text, .. } if block.is_answer() => write!(stdout(), "\n(anew) {text}")?,
                        _ => {}
                    }
                }
            }
            Action::PromptEnded { outcome, .. } => {
                writeln!(stdout(), "\n{outcome}")?;
                session.protocol.close(session.now());
            }
            Action::Closed(closed) => writeln!(stdout(), "{}", closed.reason)?,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn run(_: Options) -> Result<(), Box<dyn Error>> {
    Err("this loop knows poll(2) alone".into())
}
