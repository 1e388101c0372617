//! A host on smol with an MCP server of the SDK, which needs a tokio runtime of its own.
//!
//!     cargo run -p claude-duplex-rmcp --example smol_host
//!
//! Needs `claude` in `PATH`, logged in.

use claude_duplex::{Options, Session};
use claude_duplex_rmcp::v3::RmcpServer;
use rmcp::model::{ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

struct Clock;

#[tool_router]
impl Clock {
    #[tool(description = "Returns the seconds since 1970.")]
    fn now(&self) -> String {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        since.as_secs().to_string()
    }
}

#[tool_handler]
impl ServerHandler for Clock {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One thread runs the services of all sessions.
    let services = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    let server = RmcpServer::new(|| Clock).runtime(services.handle().clone());
    let (claude, runner) = Session::builder()
        .options(Options::new().allowed_tools(["mcp__clock__now"]))
        .sdk_mcp_server("clock", server)
        .open_smol()?;
    smol::block_on(runner.run_until(async move {
        println!("{}", claude.prompt("What time is it?")?.await?.text());
        Ok(())
    }))
}
