//! A host on tokio with an MCP server of the SDK: the model keeps notes by `mcp__notes__add` and `mcp__notes__all`.
//!
//!     cargo run -p claude-duplex-rmcp --example notes
//!
//! Needs `claude` in `PATH`, logged in.

use std::sync::{Arc, Mutex};

use claude_duplex::{Options, Session};
use claude_duplex_rmcp::v3::RmcpServer;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Note {
    /// Text of the note.
    text: String,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

#[tool_router]
impl Notes {
    #[tool(description = "Adds a note.")]
    fn add(&self, Parameters(Note { text }): Parameters<Note>) -> String {
        let mut notes = self.0.lock().unwrap();
        notes.push(text);
        format!("There are {} notes.", notes.len())
    }

    #[tool(description = "Returns all notes, one a line.")]
    fn all(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

#[tool_handler]
impl ServerHandler for Notes {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let notes = Notes::default();
    // Each session has a service of its own; these share their notes.
    let server = {
        let notes = notes.clone();
        RmcpServer::new(move || notes.clone())
    };
    let claude = Session::builder()
        .options(Options::new().allowed_tools(["mcp__notes__add", "mcp__notes__all"]))
        .sdk_mcp_server("notes", server)
        .spawn_tokio()?;
    let answer = claude.prompt("Note that the bread is in the oven. Then read me my notes.")?.await?;
    println!("{}", answer.text());
    println!("notes of the host: {:?}", notes.0.lock().unwrap());
    Ok(())
}
