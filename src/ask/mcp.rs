//! MCP servers that live in the host.
//!
//! Their names go into `initialize` (`sdkMcpServers`); from then on the CLI asks them by [`McpMessage`]s, any number at
//! once, before it replies to `initialize` (2.1.250 and later) or at the first prompt (before). Seen from 1.0.128 on. Each
//! message gets exactly one answer, notifications and responses too. A [`Server`] knows what to say to all of it but the
//! calls of its tools; a whole session with one is in [`guide::permissions`](crate::guide::permissions).

mod message;
mod server;

pub use message::{McpAnswer, McpMessage, Rpc};
pub use server::{Call, Reaction, Server, Tool};

use crate::json::Json;
use crate::request::Request;

/// The codes of JSON-RPC errors.
pub mod code {
    /// There is no such method, or no such server.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// There is no such tool, or its arguments are no good.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The message was malformed, or the server is broken.
    pub const INTERNAL_ERROR: i64 = -32603;
}

/// A message of a server to the CLI, as a notification that its tools have changed; the CLI acknowledges it.
///
/// ```
/// use claude_duplex::Json;
/// use claude_duplex::ask::mcp;
///
/// let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
/// let request = mcp::to_cli("calc", Json::parse(changed)?);
/// # Ok::<(), claude_duplex::BadJson>(())
/// ```
#[must_use]
pub fn to_cli(server: &str, message: Json) -> Request {
    Request::new("mcp_message").field("server_name", Json::string(server)).field("message", message)
}
