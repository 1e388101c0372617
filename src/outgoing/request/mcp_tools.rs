//! Calls of MCP tools and resources by the host, through the CLI.

use crate::base::json::Json;
use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

sent! {
    /// `mcp_call`: calls a tool of an MCP server, without the model. Seen since 2.1.143.
    ///
    /// Without [`check_permissions`](Self::check_permissions) the tool runs without a permission check. A CLI without the
    /// capability `mcp_call_check_permissions_v1` never checks.
    pub struct McpCall as "mcp_call" -> McpCallResponse {
        must {
            /// Name of the tool, as in the model's calls: `mcp__SERVER__TOOL`.
            tool: String,
        }
        may {
            /// Timeout of the call, in milliseconds.
            timeout_ms: u64,
            /// `true` if the result is only for the host. Requires the capability `mcp_call_result_not_for_model_v1`.
            result_not_for_model: bool,
            /// `true` if a failure of the tool is a success response with [`is_error`](McpCallResponse::is_error) instead of
            /// an error response. Requires the capability `mcp_call_soft_error_result_v1`.
            soft_error_result: bool,
            /// `true` if the call needs the same permission as a call by the model. Requires
            /// `mcp_call_check_permissions_v1`.
            check_permissions: bool,
        }
        into {
            /// Time after which the call must not start: an ISO 8601 instant.
            expires_at: String,
            /// Input of the tool: an object.
            arguments: Json,
        }
        list {
            /// Input files of the tool: objects of `name` and `lane_path`.
            input_files: Json,
            /// Output files of the tool: objects of `name`, `lane_path` and optionally `if_match`.
            output_files: Json,
        }
    }

    /// `mcp_read_resource`: reads a `ui://` resource of an MCP server. Seen since 2.1.329. Requires the capability
    /// `mcp_read_resource_v1`.
    pub struct McpReadResource as "mcp_read_resource" -> McpReadResourceResponse {
        must {
            /// Name of the server.
            server_name = "serverName": String,
            /// URI of the resource: `ui://...`.
            uri: String,
        }
    }
}

impl McpCall {
    /// Creates a call of a tool, named as in the model's calls: `mcp__SERVER__TOOL`.
    #[must_use]
    pub fn tool(tool: impl Into<String>) -> Self {
        Self::bare(tool.into())
    }
}

impl McpReadResource {
    /// Creates a request for a resource of a server.
    #[must_use]
    pub fn new(server: impl Into<String>, uri: impl Into<String>) -> Self {
        Self::bare(server.into(), uri.into())
    }
}

view! {
    /// Result of an MCP tool.
    pub struct McpCallResponse {
        may {
            /// Content of the result: MCP content blocks. 2.1.143 and 2.1.250 send a string.
            content: Json,
            /// Structured content of the result.
            structured_content = "structuredContent": Json,
            /// `true` if the tool reports a failure.
            is_error = "isError": bool,
            /// State of the input and output files. Since 2.1.250.
            staging: Json,
            /// Metadata of the result. Present with [`soft_error_result`](McpCall::soft_error_result).
            meta = "_meta": Json,
        }
    }

    /// Content of a resource.
    pub struct McpReadResourceResponse {
        must {
            /// Parts of the content.
            contents: Vec<ResourceContents>,
        }
    }

    /// A part of a resource.
    pub struct ResourceContents {
        must {
            /// URI of the part.
            uri: String,
        }
        may {
            /// Media type of the part, e.g. `text/html`.
            mime_type = "mimeType": String,
            /// Content as text.
            text: String,
            /// Content encoded in base64.
            blob: String,
            /// Metadata of the part.
            meta = "_meta": Json,
        }
    }
}
