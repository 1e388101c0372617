//! MCP servers: which there are, and how they stand.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

use super::{Ack, Secrets};

sent! {
    /// `mcp_status`: every MCP server, and how it stands.
    pub struct McpStatus as "mcp_status" -> McpStatusResponse {
        may {
            /// Whether the reply is worth nothing later on; heeded by remote sessions alone.
            live_reply = "liveReply": bool,
        }
    }

    /// `mcp_reconnect`: connects a server anew. Seen from 2.1.50.
    pub struct McpReconnect as "mcp_reconnect" -> Ack {
        must {
            /// Its name.
            server_name = "serverName": String,
        }
    }

    /// `mcp_toggle`: turns a server on or off. Seen from 2.1.50.
    pub struct McpToggle as "mcp_toggle" -> Ack {
        must {
            /// Its name.
            server_name = "serverName": String,
            /// Whether it is on.
            enabled: bool,
        }
    }

    /// `mcp_set_servers`: the servers that the host adds to the session; those that it added before and leaves out go. Seen
    /// from 2.0.76.
    pub struct McpSetServers as "mcp_set_servers" -> McpSetServersResponse {
        must {
            /// By their names.
            servers: BTreeMap<String, McpServerConfig>,
        }
    }

    /// `set_mcp_permission_mode_override`: how the tools of one server are permitted. Seen from 2.1.250.
    pub struct SetMcpPermissionModeOverride as "set_mcp_permission_mode_override" -> SetMcpPermissionModeOverrideResponse {
        must {
            /// Its name.
            server_name = "serverName": String,
            /// How; none, as all others.
            mode: Option<McpPermissionMode>,
        }
    }

    /// `mcp_message`: what an MCP server of the host says by itself, as `notifications/tools/list_changed`. Seen from 2.0.76.
    pub struct McpMessage as "mcp_message" -> Ack {
        must {
            /// Its name.
            server_name: String,
            /// One JSON-RPC message.
            message: Json,
        }
    }

    /// A server that the CLI starts or connects to, or that lives in the host.
    ///
    /// ```
    /// use claude_duplex::request::{McpServerConfig, McpSetServers};
    ///
    /// let set = McpSetServers::new()
    ///     .server("files", McpServerConfig::stdio("mcp-files").args(["--root", "/srv"]).env("LANG", "C"))
    ///     .server("docs", McpServerConfig::http("https://example.org/mcp").header("x-team", "docs"))
    ///     .server("calc", McpServerConfig::sdk("calc"));
    /// ```
    pub struct McpServerConfig {
        may {
            /// Of what kind it is.
            kind = "type": McpServerKind,
            /// Its environment, beside that of the CLI.
            environment = "env": Secrets,
            /// What is sent with every request to it.
            headers: Secrets,
            /// How long a tool may take, in milliseconds, from 1000 on.
            timeout: u64,
        }
        into {
            /// The program, with `stdio`.
            command: String,
            /// Where it is, with `http` and `sse`.
            url: String,
            /// Its name in the host, with `sdk`.
            name: String,
        }
        list {
            /// What the program is started with.
            args: String,
        }
    }
}

bare! { McpStatus, }

words! {
    /// Of what kind a server is.
    pub enum McpServerKind {
        /// A program that the CLI starts.
        Stdio = "stdio",
        /// Over HTTP.
        Http = "http",
        /// Over HTTP with server-sent events.
        Sse = "sse",
        /// It lives in the host.
        Sdk = "sdk",
    }

    /// How the tools of one server are permitted.
    pub enum McpPermissionMode {
        /// What is not allowed by a rule is asked.
        Default = "default",
        /// A model judges.
        Auto = "auto",
    }

    /// How a server stands.
    pub enum McpServerState {
        /// It can be used.
        Connected = "connected",
        /// It cannot be reached.
        Failed = "failed",
        /// The user has to log in.
        NeedsAuth = "needs-auth",
        /// It is being connected.
        Pending = "pending",
        /// It is turned off.
        Disabled = "disabled",
    }
}

impl McpReconnect {
    /// The server of that name.
    #[must_use]
    pub fn server(name: impl Into<String>) -> Self {
        Self::bare(name.into())
    }
}

impl McpToggle {
    /// Turns the server of that name on.
    #[must_use]
    pub fn enable(name: impl Into<String>) -> Self {
        Self::bare(name.into(), true)
    }

    /// Turns the server of that name off.
    #[must_use]
    pub fn disable(name: impl Into<String>) -> Self {
        Self::bare(name.into(), false)
    }
}

impl McpSetServers {
    /// No server.
    #[must_use]
    pub fn new() -> Self {
        Self::bare(BTreeMap::new())
    }

    /// Adds a server.
    #[must_use]
    pub fn server(mut self, name: impl Into<String>, server: McpServerConfig) -> Self {
        self.servers.insert(name.into(), server);
        self
    }
}

impl Default for McpSetServers {
    fn default() -> Self {
        Self::new()
    }
}

impl SetMcpPermissionModeOverride {
    /// The server of that name has a mode of its own.
    #[must_use]
    pub fn new(server: impl Into<String>, mode: McpPermissionMode) -> Self {
        Self::bare(server.into(), Some(mode))
    }

    /// The server of that name has none any more.
    #[must_use]
    pub fn reset(server: impl Into<String>) -> Self {
        Self::bare(server.into(), None)
    }
}

impl McpMessage {
    /// What the server of that name says: one JSON-RPC message.
    #[must_use]
    pub fn new(server: impl Into<String>, message: impl Into<Json>) -> Self {
        Self::bare(server.into(), message.into())
    }
}

impl From<McpServerConfig> for Json {
    fn from(server: McpServerConfig) -> Self {
        server.to_fields().into()
    }
}

impl McpServerConfig {
    /// A program that the CLI starts.
    #[must_use]
    pub fn stdio(command: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Stdio).command(command)
    }

    /// One over HTTP.
    #[must_use]
    pub fn http(url: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Http).url(url)
    }

    /// One over HTTP with server-sent events.
    #[must_use]
    pub fn sse(url: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Sse).url(url)
    }

    /// One that lives in the host, under that name.
    #[must_use]
    pub fn sdk(name: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Sdk).name(name)
    }

    /// Adds a variable to its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.get_or_insert_default().insert(name, value);
        self
    }

    /// Adds a header to what is sent with every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.get_or_insert_default().insert(name, value);
        self
    }
}

view! {
    /// Every MCP server.
    pub struct McpStatusResponse {
        must {
            /// Each.
            servers = "mcpServers": Vec<McpServerStatus>,
        }
    }

    /// An MCP server, and how it stands.
    pub struct McpServerStatus {
        must {
            /// Its name.
            name: String,
            /// How it stands.
            status: McpServerState,
        }
        may {
            /// What it calls itself. From 2.0.76.
            server_info = "serverInfo": McpImplementation,
            /// Why it cannot be reached.
            error: String,
            /// How it is started or reached. From 2.1.143.
            config: Json,
            /// How the CLI talks to it. From 2.1.329.
            transport: String,
            /// Where it is configured, as `dynamic`, `project`. From 2.1.50.
            scope: String,
            /// Where it comes from, as `sdk`. From 2.1.329.
            source: String,
            /// What it can do. From 2.1.50.
            tools: Vec<McpTool>,
        }
    }

    /// What a server calls itself.
    pub struct McpImplementation {
        must {
            /// Its name.
            name: String,
        }
        may {
            /// Its version.
            version: String,
        }
    }

    /// A tool of a server.
    pub struct McpTool {
        must {
            /// Its name.
            name: String,
        }
        may {
            /// What it does, for the model.
            description: String,
            /// What it says of its effects: `readOnly`, `destructive`, `openWorld`.
            annotations: Json,
            /// What the server added. From the capability `mcp_tool_ui_meta_v1` on.
            meta = "_meta": Json,
        }
    }

    /// Which servers came and went.
    pub struct McpSetServersResponse {
        may {
            /// Those that came.
            added: Vec<String>,
            /// Those that went.
            removed: Vec<String>,
            /// Those that failed, and why.
            errors: BTreeMap<String, String>,
        }
    }

    /// Whether the mode is in force.
    pub struct SetMcpPermissionModeOverrideResponse {
        may {
            /// Why it may not do what was wanted.
            warning: String,
        }
    }
}
