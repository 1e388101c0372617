//! An MCP server inside this program, with a tool that the model calls as `mcp__clock__uptime`.
//!
//!     cargo run --example mcp_server --features tokio

use std::time::Instant;

use claude_duplex::incoming::mcp::{SdkMcpServer, SdkMcpTool};
use claude_duplex::{Json, Options, Session};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let schema = Json::parse(r#"{"type":"object","properties":{}}"#)?;
    let uptime = SdkMcpTool::new("uptime", "Seconds since the host program started.", schema);
    let clock = SdkMcpServer::new("clock", "1.0")
        .tool(uptime)
        .on_call(move |call| async move { call.text(started.elapsed().as_secs().to_string()) });
    let claude = Session::builder()
        .options(Options::new().allowed_tools(["mcp__clock__uptime"]))
        .sdk_mcp_server("clock", clock)
        .spawn_tokio()?;
    let prompt = std::env::args().nth(1).unwrap_or("How long has this program been up?".into());
    println!("{}", claude.prompt(prompt)?.await?.text());
    Ok(())
}
