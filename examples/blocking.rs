//! A session without a runtime: one thread that blocks.
//!
//!     cargo run --example blocking --features smol

#[path = "shared/claude.rs"]
mod claude;

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;

use claude_duplex::{Action, Config, Decision, IncomingKind, Options, Seed};

fn main() -> ExitCode {
    claude::with(run)
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let options = options.host_permission_prompts();
    let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    let mut claude = claude_duplex::driver::smol::spawn(&options, config)?;
    claude.prompt("run: ls")?;
    while let Some(action) = claude.next_blocking() {
        match action {
            Action::IncomingRequest(incoming) => {
                let permission = incoming.permission()?;
                writeln!(stdout(), "may it run {} {}? no", permission.tool_name, permission.input.as_str())?;
                claude.respond(incoming.id(), Decision::deny("look, but do not touch"))?;
            }
            Action::PromptEnded { outcome, result, .. } => {
                let result = result.map(|result| result.result()).transpose()?;
                writeln!(stdout(), "{outcome}: {}", result.and_then(|result| result.result).unwrap_or_default())?;
                claude.close();
            }
            Action::Closed(closed) => writeln!(stdout(), "{}", closed.reason)?,
            _ => {}
        }
    }
    Ok(())
}
