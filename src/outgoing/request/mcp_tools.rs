//! What an MCP server is asked for by the host, by way of the CLI.

use crate::base::json::Json;
use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

sent! {
    /// `mcp_call`: calls a tool of an MCP server, without the model. Seen from 2.1.143.
    ///
    /// Without [`check_permissions`](Self::check_permissions) nobody is asked whether it may run, and a CLI without the
    /// capability `mcp_call_check_permissions_v1` never asks.
    pub struct McpCall as "mcp_call" -> McpCallResponse {
        must {
            /// The tool, as the model names it: `mcp__SERVER__TOOL`.
            tool: String,
        }
        may {
            /// How long it may take, in milliseconds.
            timeout_ms: u64,
            /// Whether the result is for the host alone. Needs the capability `mcp_call_result_not_for_model_v1`.
            result_not_for_model: bool,
            /// True if a failure of the tool is a success reply with [`is_error`](McpCallResponse::is_error), not an error reply.
            /// Needs the capability `mcp_call_soft_error_result_v1`.
            soft_error_result: bool,
            /// Whether the tool is permitted as if the model called it. Needs `mcp_call_check_permissions_v1`.
            check_permissions: bool,
        }
        into {
            /// After when it is not to be run any more: an ISO 8601 instant.
            expires_at: String,
            /// Its input: an object.
            arguments: Json,
        }
        list {
            /// Files for the tool: objects of `name` and `lane_path`.
            input_files: Json,
            /// Files of the tool: objects of `name`, `lane_path` and perhaps `if_match`.
            output_files: Json,
        }
    }

    /// `mcp_read_resource`: reads a `ui://` resource of an MCP server. Seen from 2.1.329; capability `mcp_read_resource_v1`.
    pub struct McpReadResource as "mcp_read_resource" -> McpReadResourceResponse {
        must {
            /// The server's name.
            server_name = "serverName": String,
            /// Which: `ui://...`.
            uri: String,
        }
    }
}

impl McpCall {
    /// That tool, as the model names it: `mcp__SERVER__TOOL`.
    #[must_use]
    pub fn tool(tool: impl Into<String>) -> Self {
        Self::bare(tool.into())
    }
}

impl McpReadResource {
    /// That resource of that server.
    #[must_use]
    pub fn new(server: impl Into<String>, uri: impl Into<String>) -> Self {
        Self::bare(server.into(), uri.into())
    }
}

view! {
    /// What a tool gave.
    pub struct McpCallResponse {
        may {
            /// MCP content blocks; 2.1.143 and 2.1.250 give a text.
            content: Json,
            /// Its result as a value.
            structured_content = "structuredContent": Json,
            /// Whether the tool says that it failed.
            is_error = "isError": bool,
            /// What became of the files. From 2.1.250.
            staging: Json,
            /// Metadata of the tool's result; with [`soft_error_result`](McpCall::soft_error_result).
            meta = "_meta": Json,
        }
    }

    /// What a resource holds.
    pub struct McpReadResourceResponse {
        must {
            /// Each part.
            contents: Vec<ResourceContents>,
        }
    }

    /// A part of a resource.
    pub struct ResourceContents {
        must {
            /// Which.
            uri: String,
        }
        may {
            /// Of what type it is, as `text/html`.
            mime_type = "mimeType": String,
            /// Its text.
            text: String,
            /// Its bytes, as base64.
            blob: String,
            /// Metadata of the part.
            meta = "_meta": Json,
        }
    }
}
