//! A session that is closed, and resumed by a second process of the CLI.
//!
//!     cargo run --example resume --features tokio

use claude_duplex::{Options, Session};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let first = Session::builder().spawn_tokio()?;
    let answer = first.prompt("Remember the number 42.")?.await?;
    let session = answer.session_id().ok_or("the CLI reported no session id")?;
    println!("{session}: {}", answer.text());
    // The transcript is complete once the CLI has ended.
    first.close();
    first.wait_for_exit().await;

    // `Options::fork_session` would leave the first session as it is, and continue in a copy.
    let options = Options::new().resume(session);
    let second = Session::builder().options(options).spawn_tokio()?;
    println!("{}", second.prompt("Which number was it?")?.await?.text());
    Ok(())
}
