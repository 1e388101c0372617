//! MCP server with tools, without a runtime: the server creates the responses, and the host runs the tools.

use std::fmt;

use serde::Serialize;

use crate::base::json::Json;
use crate::base::text::{Quoted, TruncatedList};
use crate::incoming::mcp::{IncomingMcpMessage, JsonRpc, McpResponse, McpToolResult, code};
use crate::wire::view::{FromJson, view};

/// Protocol versions that the server supports, newest first.
///
/// Protocol versions since 2026-07-28 have no `initialize`. The CLI 2.1.332 uses 2025-11-25 for MCP servers in the
/// host.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// MCP server with tools in the host, without dependencies. It responds to all messages except tool calls.
///
/// The server has no state between messages: it accepts a repeated handshake and any number of concurrent calls.
///
/// # Limits
///
/// | Part of MCP | Here |
/// |---|---|
/// | protocol versions | 2024-11-05 to 2025-11-25 |
/// | tools | in one page; the list does not change during a session |
/// | arguments | not checked against the schema |
/// | results | all types of content blocks, and structured content: [`McpToolResult`] |
/// | cancellation | with `on_call`, or with [`IncomingMcpMessage::cancels`] |
/// | `ping` | answered |
/// | resources, prompts, completions, logging | refused as unknown methods (-32601) |
/// | progress, sampling, elicitation | not sent |
///
/// For other parts of MCP, use a server of the official SDK `rmcp` with the package `claude-duplex-rmcp`.
///
/// `SessionBuilder::sdk_mcp_server` runs the server with a handler for its tool calls; see
/// [`guide::mcp_servers`](crate::guide::mcp_servers). A host with its own loop calls [`react`](SdkMcpServer::react):
///
/// ```
/// use claude_duplex::incoming::mcp::{McpReaction, SdkMcpServer, SdkMcpTool};
/// use claude_duplex::{DecodeError, IncomingRequest, IncomingResponse, Json};
///
/// let schema = Json::parse(
///     r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#,
/// )?;
/// let tool = SdkMcpTool::new("now", "Returns the weather in a city.", schema);
/// let weather = SdkMcpServer::new("weather", "1.0").tool(tool);
///
/// let answer = |request: &IncomingRequest| -> Result<IncomingResponse, DecodeError> {
///     Ok(match weather.react(&request.mcp()?) {
///         McpReaction::Answer(answer) => answer.into(),
///         McpReaction::Call(call) => call.text("sunny").into(),
///     })
/// };
/// # Ok::<(), claude_duplex::JsonError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SdkMcpServer {
    name: String,
    version: String,
    tools: Vec<SdkMcpTool>,
}

/// Tool of an [`SdkMcpServer`]. The model sees it as `mcp__SERVER__TOOL`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SdkMcpTool {
    name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(rename = "inputSchema")]
    schema: Json,
    #[serde(rename = "outputSchema", skip_serializing_if = "Option::is_none")]
    output_schema: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Json>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Json>,
}

/// Reaction of an [`SdkMcpServer`] to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpReaction {
    /// Response to send to the CLI.
    Answer(McpResponse),
    /// Tool call that the host has to answer, at any time.
    Call(McpToolCall),
}

/// Call of a tool of an [`SdkMcpServer`].
#[derive(Clone, PartialEq, Eq)]
pub struct McpToolCall {
    /// Name of the tool.
    pub tool: String,
    /// Arguments, a JSON object that was not checked against the schema of the tool.
    pub arguments: Json,
    /// Identifier of the `tool_use` block of the call.
    pub tool_use_id: Option<String>,
    id: Json,
}

view! {
    struct Called {
        must {
            tool = "name": String,
        }
        may {
            arguments: Json,
            meta = "_meta": Meta,
        }
    }

    struct Meta {
        must {}
        may {
            tool_use_id = "claudecode/toolUseId": String,
        }
    }

    struct Hello {
        must {}
        may {
            version = "protocolVersion": String,
        }
    }
}

impl fmt::Debug for SdkMcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkMcpServer")
            .field("name", &Quoted(&self.name))
            .field("version", &Quoted(&self.version))
            .field("tools", &TruncatedList(&self.tools))
            .finish()
    }
}

impl fmt::Debug for SdkMcpTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkMcpTool")
            .field("name", &Quoted(&self.name))
            .field("description", &Quoted(&self.description))
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for McpToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpToolCall")
            .field("tool", &Quoted(&self.tool))
            .field("arguments", &self.arguments)
            .field("tool_use_id", &self.tool_use_id.as_deref().map(Quoted))
            .finish_non_exhaustive()
    }
}

impl SdkMcpServer {
    /// Creates a server without tools. `name` is the name in `sdkMcpServers` of `initialize`.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), tools: Vec::new() }
    }

    /// Adds a tool. A tool with the same name is replaced.
    #[must_use]
    pub fn tool(mut self, tool: SdkMcpTool) -> Self {
        self.tools.retain(|own| own.name != tool.name);
        self.tools.push(tool);
        self
    }

    /// Returns the response to a message, or the tool call that the message contains. A message for a server with
    /// another name gets [`unknown_server`](IncomingMcpMessage::unknown_server).
    #[must_use]
    pub fn react(&self, message: &IncomingMcpMessage) -> McpReaction {
        if message.server_name != self.name {
            return McpReaction::Answer(message.unknown_server());
        }
        let (id, method, params) = match message.rpc() {
            Ok(JsonRpc::Request { id, method, params }) => (id, method, params),
            Ok(_) => return McpReaction::Answer(message.acknowledge()),
            Err(error) => return McpReaction::Answer(message.malformed(&error)),
        };
        let answer = match method.as_str() {
            "initialize" => self.hello(message, params.as_ref()),
            "ping" => message.result(&Json::from(&serde_json::json!({}))),
            "tools/list" => self.list(message),
            "tools/call" => return self.call(message, id, params.as_ref()),
            _ => message.unknown_method(&method),
        };
        McpReaction::Answer(answer)
    }

    /// Responds to `initialize` with the requested protocol version if it is supported, or else with the newest
    /// supported version.
    fn hello(&self, message: &IncomingMcpMessage, params: Option<&Json>) -> McpResponse {
        let requested = params.and_then(|params| Hello::from_json(params).ok()).and_then(|hello| hello.version);
        let version = VERSIONS.into_iter().find(|known| requested.as_deref() == Some(known)).unwrap_or(VERSIONS[0]);
        message.result(&Json::from(&serde_json::json!({
            "protocolVersion": version,
            "capabilities": { "tools": {} },
            "serverInfo": { "name": self.name, "version": self.version },
        })))
    }

    fn list(&self, message: &IncomingMcpMessage) -> McpResponse {
        #[derive(Serialize)]
        struct List<'a> {
            tools: &'a [SdkMcpTool],
        }
        match Json::from_value(&List { tools: &self.tools }) {
            Ok(list) => message.result(&list),
            Err(error) => message.error(code::INTERNAL_ERROR, error.to_string()),
        }
    }

    fn call(&self, message: &IncomingMcpMessage, id: Json, params: Option<&Json>) -> McpReaction {
        let called = params.map(Called::from_json);
        let Some(Ok(Called { tool, arguments, meta, .. })) = called else {
            return McpReaction::Answer(
                message.error(code::INVALID_PARAMS, "the parameters of `tools/call` have no tool name"),
            );
        };
        if !self.tools.iter().any(|own| own.name == tool) {
            return McpReaction::Answer(
                message.error(code::INVALID_PARAMS, format!("the MCP server has no tool {tool:?}")),
            );
        }
        let arguments = arguments.unwrap_or_else(|| Json::from(&serde_json::json!({})));
        McpReaction::Call(McpToolCall { tool, arguments, tool_use_id: meta.and_then(|meta| meta.tool_use_id), id })
    }
}

impl SdkMcpTool {
    /// Creates a tool. `schema` is the JSON schema of its arguments, a JSON object.
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Json) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            title: None,
            schema,
            output_schema: None,
            annotations: None,
            meta: None,
        }
    }

    /// Sets the title for the user. The model reads the name and the description.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the JSON schema of the [structured content](McpToolResult::structured) of all results, a JSON object.
    #[must_use]
    pub fn output_schema(mut self, schema: Json) -> Self {
        self.output_schema = Some(schema);
        self
    }

    /// Sets the MCP annotations, a JSON object, e.g. `{"readOnlyHint":true}`.
    #[must_use]
    pub fn annotations(mut self, annotations: Json) -> Self {
        self.annotations = Some(annotations);
        self
    }

    /// Sets `_meta`, a JSON object. Its field `anthropic/maxResultSizeChars` raises the size up to which the CLI passes
    /// a result to the model. The CLI writes larger results to a file.
    #[must_use]
    pub fn meta(mut self, meta: Json) -> Self {
        self.meta = Some(meta);
        self
    }
}

impl McpToolCall {
    /// Creates the response with a text.
    #[must_use]
    pub fn text(&self, text: impl AsRef<str>) -> McpResponse {
        self.respond(&McpToolResult::text(text))
    }

    /// Creates the response for a failed call. The model reads the reason.
    #[must_use]
    pub fn failed(&self, reason: impl AsRef<str>) -> McpResponse {
        self.respond(&McpToolResult::error(reason))
    }

    /// Creates the response with a result, e.g. text, images, resources, structured content.
    #[must_use]
    pub fn respond(&self, result: &McpToolResult) -> McpResponse {
        self.result(&result.to_json())
    }

    /// Creates the response with a complete `tools/call` result, a JSON object with `content`.
    #[must_use]
    pub fn result(&self, result: &Json) -> McpResponse {
        McpResponse::to(&self.id, "result", result)
    }

    /// Creates the response for a call that the CLI cancelled.
    #[cfg(feature = "session")]
    pub(crate) fn cancelled(&self) -> McpResponse {
        let error = serde_json::json!({ "code": code::INTERNAL_ERROR, "message": "the call was cancelled" });
        McpResponse::to(&self.id, "error", &Json::from(&error))
    }
}
