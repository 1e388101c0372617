//! MCP servers that run inside the host.
//!
//! The host lists the names of its servers in `initialize` (`sdkMcpServers`). The CLI then sends each of them
//! [`IncomingMcpMessage`]s, any number concurrently. Since 2.1.250 the first messages arrive before the response to
//! `initialize`; in older versions they arrive with the first prompt. Seen since 1.0.128.
//!
//! Each message gets exactly one response, including notifications and JSON-RPC responses. An [`SdkMcpServer`] responds
//! to all messages except tool calls. [`guide::mcp_servers`](crate::guide::mcp_servers) shows complete sessions.

mod message;
mod result;
mod server;

pub use message::{IncomingMcpMessage, JsonRpc, McpResponse};
pub use result::{McpContent, McpToolResult};
pub use server::{McpReaction, McpToolCall, SdkMcpServer, SdkMcpTool};

/// Codes of JSON-RPC errors.
pub mod code {
    /// Code for an unknown method or an unknown server.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// Code for an unknown tool or invalid arguments.
    pub const INVALID_PARAMS: i64 = -32602;
    /// Code for a malformed message or an internal error of the server.
    pub const INTERNAL_ERROR: i64 = -32603;
}
