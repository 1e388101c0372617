//! Prints an answer as the model writes it, and asks the user before each tool that needs a permission.
//!
//!     cargo run --example approvals --features smol

use std::io::{Write, stdin, stdout};

use claude_duplex::{Decision, Handlers, Options, Session, message::Edit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (claude, runner) = Session::builder()
        .options(Options::new().include_partial_messages())
        .handlers(Handlers::new().permission(async |tool| {
            println!("\nMay it run {} {}? (y/n)", tool.tool_name, tool.input.as_str());
            match smol::unblock(|| stdin().lines().next()).await {
                Some(Ok(line)) if line == "y" => Decision::allow(),
                _ => Decision::deny("the user said no"),
            }
        }))
        .open_smol()?;
    smol::block_on(runner.run_until(async move {
        let text = std::env::args().nth(1).unwrap_or("Count the files.".into());
        let mut prompt = claude.prompt(text)?;
        while let Some(edit) = prompt.next_edit().await {
            match edit? {
                Edit::Append { block: b, text, .. } if b.is_answer() => {
                    print!("{text}");
                }
                // The stream broke off: the answer begins again, on a new line.
                Edit::Replace { block: b, text, .. } if b.is_answer() => {
                    print!("\n{text}");
                }
                Edit::Remove { from_block: b, .. } if b.is_answer() => println!(),
                Edit::ToolResult { result, .. } => println!("[{}]", result.text()),
                _ => {}
            }
            stdout().flush()?;
        }
        Ok(prompt.await.map(|_| println!())?)
    }))
}
