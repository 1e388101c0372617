//! A server of tools, without a runtime: it says what to answer, and the host calls its tools.

use std::fmt;

use serde::Serialize;

use crate::ask::mcp::{McpAnswer, McpMessage, Rpc, code};
use crate::json::Json;
use crate::text::{Few, Quoted};
use crate::wire::view::{FromJson, view};

/// The protocol versions that a server of tools can speak, newest first.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// A server of tools in the host: it answers everything but the calls.
///
/// It keeps no state between messages, so it serves a repeated handshake and any number of calls at once. It has tools and
/// nothing else: for resources, prompts or lists in pages, answer [`McpMessage`]s by hand.
///
/// ```
/// use claude_duplex::ask::mcp::{Reaction, Server, Tool};
/// use claude_duplex::{Answer, Ask, Json};
///
/// let schema = Json::parse(r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#)?;
/// let weather = Server::new("weather", "1.0").tool(Tool::new("now", "The weather in a city.", schema));
///
/// let answer = |ask: &Ask| -> Result<Answer, Box<dyn std::error::Error>> {
///     Ok(match weather.react(&ask.mcp()?) {
///         Reaction::Answer(answer) => answer.into(),
///         Reaction::Call(call) => call.text("sunny").into(),
///     })
/// };
/// # Ok::<(), claude_duplex::BadJson>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    name: String,
    version: String,
    tools: Vec<Tool>,
}

/// A tool of a [`Server`]. The model sees it as `mcp__SERVER__TOOL`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Tool {
    name: String,
    description: String,
    #[serde(rename = "inputSchema")]
    schema: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Json>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Json>,
}

/// What a [`Server`] makes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// This is the answer.
    Answer(McpAnswer),
    /// A tool is called; the host answers, when it will.
    Call(Call),
}

/// A call of a tool of a [`Server`].
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// The arguments, a JSON object. They were not checked against the schema.
    pub arguments: Json,
    /// The `tool_use` block that calls it.
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

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("name", &Quoted(&self.name))
            .field("version", &Quoted(&self.version))
            .field("tools", &Few(&self.tools))
            .finish()
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool")
            .field("name", &Quoted(&self.name))
            .field("description", &Quoted(&self.description))
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("tool", &Quoted(&self.tool))
            .field("arguments", &self.arguments)
            .field("tool_use_id", &self.tool_use_id.as_deref().map(Quoted))
            .finish_non_exhaustive()
    }
}

impl Server {
    /// A server without tools. The name is the one of `initialize`'s `sdkMcpServers`.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), tools: Vec::new() }
    }

    /// Adds a tool, in place of one with its name.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.retain(|own| own.name != tool.name);
        self.tools.push(tool);
        self
    }

    /// What to make of a message. One for a server of another name gets [`unknown_server`](McpMessage::unknown_server).
    #[must_use]
    pub fn react(&self, message: &McpMessage) -> Reaction {
        if message.server_name != self.name {
            return Reaction::Answer(message.unknown_server());
        }
        let (id, method, params) = match message.rpc() {
            Ok(Rpc::Request { id, method, params }) => (id, method, params),
            Ok(_) => return Reaction::Answer(message.acknowledge()),
            Err(error) => return Reaction::Answer(message.malformed(&error)),
        };
        let answer = match method.as_str() {
            "initialize" => self.hello(message, params.as_ref()),
            "ping" => message.result(&Json::from(&serde_json::json!({}))),
            "tools/list" => self.list(message),
            "tools/call" => return self.call(message, id, params.as_ref()),
            _ => message.unknown_method(&method),
        };
        Reaction::Answer(answer)
    }

    /// The version that the CLI asks for, if a server of tools can speak it; else the newest that it can.
    fn hello(&self, message: &McpMessage, params: Option<&Json>) -> McpAnswer {
        let asked = params.and_then(|params| Hello::from_json(params).ok()).and_then(|hello| hello.version);
        let version = VERSIONS.into_iter().find(|known| asked.as_deref() == Some(known)).unwrap_or(VERSIONS[0]);
        message.result(&Json::from(&serde_json::json!({
            "protocolVersion": version,
            "capabilities": { "tools": {} },
            "serverInfo": { "name": self.name, "version": self.version },
        })))
    }

    fn list(&self, message: &McpMessage) -> McpAnswer {
        #[derive(Serialize)]
        struct List<'a> {
            tools: &'a [Tool],
        }
        match Json::from_value(&List { tools: &self.tools }) {
            Ok(list) => message.result(&list),
            Err(error) => message.error(code::INTERNAL_ERROR, error.to_string()),
        }
    }

    fn call(&self, message: &McpMessage, id: Json, params: Option<&Json>) -> Reaction {
        let called = params.map(Called::from_json);
        let Some(Ok(Called { tool, arguments, meta, .. })) = called else {
            return Reaction::Answer(message.error(code::INVALID_PARAMS, "the call names no tool"));
        };
        if !self.tools.iter().any(|own| own.name == tool) {
            return Reaction::Answer(message.error(code::INVALID_PARAMS, format!("there is no tool {tool:?} here")));
        }
        let arguments = arguments.unwrap_or_else(|| Json::from(&serde_json::json!({})));
        Reaction::Call(Call { tool, arguments, tool_use_id: meta.and_then(|meta| meta.tool_use_id), id })
    }
}

impl Tool {
    /// A tool; `schema` is the JSON schema of its arguments, an object.
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Json) -> Self {
        Self { name: name.into(), description: description.into(), schema, annotations: None, meta: None }
    }

    /// Adds MCP annotations, a JSON object as `{"readOnlyHint":true}`.
    #[must_use]
    pub fn annotations(mut self, annotations: Json) -> Self {
        self.annotations = Some(annotations);
        self
    }

    /// Adds `_meta`, a JSON object: `anthropic/maxResultSizeChars` in it raises how much of a result the CLI passes on
    /// before it writes it to a file.
    #[must_use]
    pub fn meta(mut self, meta: Json) -> Self {
        self.meta = Some(meta);
        self
    }
}

impl Call {
    /// The call gave this text.
    #[must_use]
    pub fn text(&self, text: impl AsRef<str>) -> McpAnswer {
        self.content(&serde_json::json!([{ "type": "text", "text": text.as_ref() }]), false)
    }

    /// The call failed; the model reads why.
    #[must_use]
    pub fn failed(&self, why: impl AsRef<str>) -> McpAnswer {
        self.content(&serde_json::json!([{ "type": "text", "text": why.as_ref() }]), true)
    }

    /// The call gave this: a whole `tools/call` result, a JSON object with `content`.
    #[must_use]
    pub fn result(&self, result: &Json) -> McpAnswer {
        McpAnswer::to(&self.id, "result", result)
    }

    fn content(&self, content: &serde_json::Value, is_error: bool) -> McpAnswer {
        let mut result = serde_json::json!({ "content": content });
        if is_error {
            result["isError"] = true.into();
        }
        self.result(&Json::from(&result))
    }
}
