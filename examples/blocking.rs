//! A session without a runtime: one thread, which waits.
//!
//!     cargo run --example blocking --features smol

#[path = "shared/claude.rs"]
mod claude;

use std::error::Error;
use std::process::ExitCode;

use claude_duplex::{Action, AskKind, Config, Decision, Seed};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(status) = claude::stand_in() {
        return Ok(status);
    }
    let options = claude::options()?.host_permission_prompts();
    let config = Config::new(Seed::random()).own(AskKind::Permission);
    let mut claude = claude_duplex::smol::spawn(&options, config)?;
    claude.prompt("run: ls")?;
    while let Some(action) = claude.next_blocking() {
        match action {
            Action::Asked(ask) => {
                let permission = ask.permission()?;
                println!("may it run {} {}? no", permission.tool_name, permission.input.as_str());
                claude.answer(ask.id(), Decision::deny("look, but do not touch"))?;
            }
            Action::PromptEnded { outcome, result, .. } => {
                let result = result.map(|result| result.result()).transpose()?;
                println!("{outcome:?}: {}", result.and_then(|result| result.result).unwrap_or_default());
                claude.close();
            }
            Action::Closed(closed) => println!("{}", closed.why),
            _ => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}
