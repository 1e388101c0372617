//! An answer as the model writes it, with the tools that the model calls.
//!
//!     cargo run --example streaming --features tokio

use std::io::{Write, stdout};

use claude_duplex::message::Edit;
use claude_duplex::{Options, Session};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::new().include_partial_messages();
    let claude = Session::builder().options(options).spawn_tokio()?;
    let mut prompt = claude.prompt("Count the files in this folder.")?;
    while let Some(edit) = prompt.next_edit().await {
        match edit? {
            Edit::Append { block, text, .. } if block.is_answer() => print!("{text}"),
            // The connection to the model broke, and the CLI asked again.
            Edit::Replace { block: b, text, .. } if b.is_answer() => print!("\n(again) {text}"),
            Edit::Remove { from_block: b, .. } if b.is_answer() => println!("\n(withdrawn)"),
            Edit::ToolCall { call, .. } => println!("[{}]", call.name),
            Edit::ToolResult { result, .. } => println!("[-> {}]", result.text()),
            _ => {}
        }
        stdout().flush()?;
    }
    prompt.await?;
    println!();
    Ok(())
}
