//! Tools, permissions, and what MCP servers ask.

use crate::ask::{ElicitationAction, ElicitationMode, McpSource, PermissionUpdate};
use crate::json::Json;
use crate::wire::view::view;

view! {
    /// A tool is about to run.
    pub struct PreToolUse {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// A tool has run.
    pub struct PostToolUse {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// What it gave, of a shape of the tool's.
            tool_response: Json,
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// How long it ran, in milliseconds. Seen on 2.1.329.
            duration_ms: u64,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// A tool has failed.
    pub struct PostToolUseFailure {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// What went wrong.
            error: String,
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// Whether it was interrupted.
            is_interrupt: bool,
            /// How long it ran, in milliseconds. Seen on 2.1.329.
            duration_ms: u64,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// All tools that one message called have run.
    pub struct PostToolBatch {
        must {
            /// The calls.
            tool_calls: Vec<ToolCall>,
        }
        may {}
    }

    /// A call of a tool.
    pub struct ToolCall {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// What the model reads of it.
            tool_response: Json,
        }
    }

    /// The user would be asked for a permission.
    pub struct PermissionRequest {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Rules that the CLI offers to remember.
            permission_suggestions: Vec<PermissionUpdate>,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// The classifier refused a tool.
    pub struct PermissionDenied {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// Why.
            reason: String,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// An MCP server asks the user for something; the hook may answer in the user's place.
    pub struct Elicitation {
        must {
            /// The server.
            server = "mcp_server_name": String,
            /// What it says to the user.
            message: String,
        }
        may {
            /// How it is answered.
            mode: ElicitationMode,
            /// Where the user is to go.
            url: String,
            /// The elicitation's id.
            id = "elicitation_id": String,
            /// The form's JSON schema.
            schema = "requested_schema": Json,
        }
    }

    /// An MCP server was answered; the hook may answer otherwise.
    pub struct ElicitationResult {
        must {
            /// The server.
            server = "mcp_server_name": String,
            /// What it came to.
            action: ElicitationAction,
        }
        may {
            /// What the user filled in.
            content: Json,
            /// How it was answered.
            mode: ElicitationMode,
            /// The elicitation's id.
            id = "elicitation_id": String,
        }
    }
}
