//! MCP servers: configuration, connection and status.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

use super::{Ack, Secrets};

sent! {
    /// `mcp_status`: returns the status of all MCP servers.
    pub struct McpStatus as "mcp_status" -> McpStatusResponse {
        may {
            /// `true` if the host uses the response at once and does not store it. Only remote sessions use this field.
            live_reply = "liveReply": bool,
        }
    }

    /// `mcp_reconnect`: reconnects a server. Seen since 2.1.50.
    pub struct McpReconnect as "mcp_reconnect" -> Ack {
        must {
            /// Name of the server.
            server_name = "serverName": String,
        }
    }

    /// `mcp_toggle`: enables or disables a server. Seen since 2.1.50.
    pub struct McpToggle as "mcp_toggle" -> Ack {
        must {
            /// Name of the server.
            server_name = "serverName": String,
            /// `true` if the server is enabled.
            enabled: bool,
        }
    }

    /// `mcp_set_servers`: replaces the servers that the host added to the session. Servers of an earlier request that are
    /// missing from this one are removed. Seen since 2.0.76.
    pub struct McpSetServers as "mcp_set_servers" -> McpSetServersResponse {
        must {
            /// Configurations by server name.
            servers: BTreeMap<String, McpServerConfig>,
        }
    }

    /// `set_mcp_permission_mode_override`: sets the permission mode for the tools of one server. Seen since 2.1.250.
    pub struct SetMcpPermissionModeOverride as "set_mcp_permission_mode_override" -> SetMcpPermissionModeOverrideResponse {
        must {
            /// Name of the server.
            server_name = "serverName": String,
            /// Permission mode of the server's tools. `None` removes the override.
            mode: Option<McpPermissionMode>,
        }
    }

    /// `mcp_message`: sends a message from an MCP server in the host, e.g. `notifications/tools/list_changed`. Seen since
    /// 2.0.76.
    pub struct McpMessage as "mcp_message" -> Ack {
        must {
            /// Name of the server.
            server_name: String,
            /// JSON-RPC message, exactly one.
            message: Json,
        }
    }

    /// Configuration of an MCP server. The CLI starts it or connects to it, or it runs in the host.
    ///
    /// ```
    /// use claude_duplex::request::{McpServerConfig, McpSetServers};
    ///
    /// let files = McpServerConfig::stdio("mcp-files").args(["--root", "/srv"]);
    /// let docs = McpServerConfig::http("https://example.org/mcp");
    /// let set = McpSetServers::new()
    ///     .server("files", files.env("LANG", "C"))
    ///     .server("docs", docs.header("x-team", "docs"))
    ///     .server("calc", McpServerConfig::sdk("calc"));
    /// ```
    pub struct McpServerConfig {
        may {
            /// Transport of the server.
            kind = "type": McpServerKind,
            /// Environment variables of the server, in addition to those of the CLI.
            environment = "env": Secrets,
            /// Headers of every request to the server.
            headers: Secrets,
            /// Timeout of a tool call, in milliseconds, at least 1000.
            timeout: u64,
        }
        into {
            /// Program to start, for `stdio`.
            command: String,
            /// URL of the server, for `http` and `sse`.
            url: String,
            /// Name of the server in the host, for `sdk`.
            name: String,
        }
        list {
            /// Arguments of the program.
            args: String,
        }
    }
}

bare! { McpStatus, }

words! {
    /// Transport of an MCP server.
    pub enum McpServerKind {
        /// A program that the CLI starts.
        Stdio = "stdio",
        /// A connection over HTTP.
        Http = "http",
        /// A connection over HTTP with server-sent events.
        Sse = "sse",
        /// A server that runs in the host.
        Sdk = "sdk",
    }

    /// Permission mode for the tools of one server.
    pub enum McpPermissionMode {
        /// The CLI requests permission for calls that no rule allows.
        Default = "default",
        /// A model decides.
        Auto = "auto",
    }

    /// State of the connection to a server.
    pub enum McpServerState {
        /// The server can be used.
        Connected = "connected",
        /// The server cannot be reached.
        Failed = "failed",
        /// The user must log in.
        NeedsAuth = "needs-auth",
        /// The connection is being established.
        Pending = "pending",
        /// The server is disabled.
        Disabled = "disabled",
    }
}

impl McpReconnect {
    /// Creates a request for the server with this name.
    #[must_use]
    pub fn server(name: impl Into<String>) -> Self {
        Self::bare(name.into())
    }
}

impl McpToggle {
    /// Enables the server with this name.
    #[must_use]
    pub fn enable(name: impl Into<String>) -> Self {
        Self::bare(name.into(), true)
    }

    /// Disables the server with this name.
    #[must_use]
    pub fn disable(name: impl Into<String>) -> Self {
        Self::bare(name.into(), false)
    }
}

impl McpSetServers {
    /// Creates a request without servers.
    #[must_use]
    pub fn new() -> Self {
        Self::bare(BTreeMap::new())
    }

    /// Adds a server, or replaces the server with this name.
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
    /// Sets the permission mode for the tools of one server.
    #[must_use]
    pub fn new(server: impl Into<String>, mode: McpPermissionMode) -> Self {
        Self::bare(server.into(), Some(mode))
    }

    /// Removes the override for the tools of one server.
    #[must_use]
    pub fn reset(server: impl Into<String>) -> Self {
        Self::bare(server.into(), None)
    }
}

impl McpMessage {
    /// Creates a message from the server with this name: one JSON-RPC message.
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
    /// Creates a configuration for a program that the CLI starts.
    #[must_use]
    pub fn stdio(command: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Stdio).command(command)
    }

    /// Creates a configuration for a server that is reached over HTTP.
    #[must_use]
    pub fn http(url: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Http).url(url)
    }

    /// Creates a configuration for a server that is reached over HTTP with server-sent events.
    #[must_use]
    pub fn sse(url: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Sse).url(url)
    }

    /// Creates a configuration for a server that runs in the host under this name.
    #[must_use]
    pub fn sdk(name: impl Into<String>) -> Self {
        Self::bare().kind(McpServerKind::Sdk).name(name)
    }

    /// Adds an environment variable of the server.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.get_or_insert_default().insert(name, value);
        self
    }

    /// Adds a header that is sent with every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.get_or_insert_default().insert(name, value);
        self
    }
}

view! {
    /// Status of all MCP servers.
    pub struct McpStatusResponse {
        must {
            /// Status of each server.
            servers = "mcpServers": Vec<McpServerStatus>,
        }
    }

    /// Status of an MCP server.
    pub struct McpServerStatus {
        must {
            /// Name of the server.
            name: String,
            /// State of the connection.
            status: McpServerState,
        }
        may {
            /// Name and version that the server reports. Since 2.0.76.
            server_info = "serverInfo": McpImplementation,
            /// Reason why the server cannot be reached.
            error: String,
            /// Configuration of the server. Since 2.1.143.
            config: Json,
            /// Transport between the CLI and the server. Since 2.1.329.
            transport: String,
            /// Scope of the configuration, e.g. `dynamic` or `project`. Since 2.1.50.
            scope: String,
            /// Source of the server, e.g. `sdk`. Since 2.1.329.
            source: String,
            /// Tools of the server. Since 2.1.50.
            tools: Vec<McpTool>,
        }
    }

    /// Name and version that an MCP server reports.
    pub struct McpImplementation {
        must {
            /// Name of the implementation.
            name: String,
        }
        may {
            /// Version of the implementation.
            version: String,
        }
    }

    /// A tool of an MCP server.
    pub struct McpTool {
        must {
            /// Name of the tool.
            name: String,
        }
        may {
            /// Description of the tool, for the model.
            description: String,
            /// Annotations about the tool's effects: `readOnly`, `destructive`, `openWorld`.
            annotations: Json,
            /// Metadata from the server. Requires the capability `mcp_tool_ui_meta_v1`.
            meta = "_meta": Json,
        }
    }

    /// Changes to the set of servers.
    pub struct McpSetServersResponse {
        may {
            /// Names of the added servers.
            added: Vec<String>,
            /// Names of the removed servers.
            removed: Vec<String>,
            /// Errors of the servers that failed, by server name.
            errors: BTreeMap<String, String>,
        }
    }

    /// Response to `set_mcp_permission_mode_override`.
    pub struct SetMcpPermissionModeOverrideResponse {
        may {
            /// Reason why the override may not take effect.
            warning: String,
        }
    }
}
