//! A prompt and its answer.
//!
//!     cargo run --example one_shot --features tokio

use claude_duplex::Session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let claude = Session::builder().spawn_tokio()?;
    let answer = claude.prompt("What is in this folder?")?.await?;
    println!("{}", answer.text());
    Ok(())
}
