//! Two hooks: one blocks commands, the other is notified of every tool that has run.
//!
//!     cargo run --example hooks --features tokio

use claude_duplex::incoming::hook::{HookOutput, HookPermissionDecision, PreToolUseOutput};
use claude_duplex::{Handlers, Hook, Session};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let handlers = Handlers::new()
        // Called before every Bash command, also before those that need no permission.
        .hook(Hook::pre_tool_use().for_matching("Bash"), async |call| {
            let output = PreToolUseOutput::new();
            if call.input.tool_input.as_str().contains("sudo") {
                let denied = output.permission_decision(HookPermissionDecision::Deny);
                return denied.permission_decision_reason("sudo is not allowed here");
            }
            output
        })
        .hook(Hook::post_tool_use(), async |call| {
            println!("[{} has run]", call.input.tool_name);
            HookOutput::new()
        });
    let claude = Session::builder().handlers(handlers).spawn_tokio()?;
    let prompt = std::env::args().nth(1).unwrap_or("Which user am I? Try sudo whoami.".into());
    println!("{}", claude.prompt(prompt)?.await?.text());
    Ok(())
}
