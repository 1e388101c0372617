//! MCP servers that live in the host.
//!
//! Their names go into `initialize` (`sdkMcpServers`); from then on the CLI asks them by [`IncomingMcpMessage`]s, any number at
//! once, before it replies to `initialize` (2.1.250 and later) or at the first prompt (before). Seen from 1.0.128 on. Each
//! message gets exactly one answer, notifications and responses too. A [`SdkMcpServer`] knows what to say to all of it but the
//! calls of its tools; whole sessions with servers are in [`guide::mcp_servers`](crate::guide::mcp_servers).

mod message;
mod result;
mod server;

pub use message::{IncomingMcpMessage, JsonRpc, McpResponse};
pub use result::{McpContent, McpToolResult};
pub use server::{McpReaction, McpToolCall, SdkMcpServer, SdkMcpTool};

/// The codes of JSON-RPC errors.
pub mod code {
    /// There is no such method, or no such server.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// There is no such tool, or its arguments are no good.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The message was malformed, or the server is broken.
    pub const INTERNAL_ERROR: i64 = -32603;
}
