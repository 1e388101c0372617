//! Builder methods for tools, permissions, MCP servers and plugins.

use super::{Options, PermissionMode, Skills, Tools};
use crate::base::json::Json;
use serde_json::json;
use std::path::Path;

impl Options {
    /// Sets the built-in tools that exist in the session. Since 2.0.76.
    pub fn tools(self, tools: Tools) -> Self {
        let names = match tools {
            Tools::Default => vec!["default".to_owned()],
            Tools::None => Vec::new(),
            Tools::Named(names) => names,
        };
        self.replace("--tools", names)
    }

    /// Adds rules for calls that need no permission request, e.g. `Read` or `Bash(git *)`.
    ///
    /// ```
    /// use claude_duplex::options::Options;
    /// let options = Options::new().allowed_tools(["Read", "Bash(git log, git status)"]);
    /// assert_eq!(
    ///     options.invocation()?.args[0],
    ///     "--allowedTools=Read,Bash(git log, git status)"
    /// );
    /// assert!(Options::new().allowed_tools(["Read,Bash"]).invocation().is_err());
    /// # Ok::<(), claude_duplex::options::OptionsError>(())
    /// ```
    pub fn allowed_tools<T: Into<String>>(self, rules: impl IntoIterator<Item = T>) -> Self {
        self.extend("--allowedTools", rules)
    }

    /// Adds rules for calls that are denied. A tool that is denied as a whole is removed from the session.
    pub fn disallowed_tools<T: Into<String>>(self, rules: impl IntoIterator<Item = T>) -> Self {
        self.extend("--disallowedTools", rules)
    }

    /// Allows skills. The set of settings files that the CLI reads does not change.
    pub fn skills(mut self, skills: Skills) -> Self {
        match skills {
            Skills::All => self.extend("--allowedTools", ["Skill"]),
            Skills::Named(names) => {
                self.skills.extend(names);
                self
            }
        }
    }

    /// Sets the permission mode. Without it the settings decide, or else the default of the version: `auto` from 2.1.285 to
    /// 2.1.301, and `default` in all others.
    pub fn permission_mode(self, mode: PermissionMode) -> Self {
        self.put("--permission-mode", mode.as_str())
    }

    /// Allows all tool calls from the start. The CLI refuses this flag for root, except in a sandbox.
    pub fn dangerously_skip_permissions(self) -> Self {
        self.switch("--dangerously-skip-permissions")
    }

    /// Allows the session to switch to [`PermissionMode::BypassPermissions`] later. Since 2.0.76.
    pub fn allow_dangerously_skip_permissions(self) -> Self {
        self.switch("--allow-dangerously-skip-permissions")
    }

    /// Sends permission requests to the host, as `can_use_tool` requests. Calls that a rule allows cause no request in any
    /// mode.
    ///
    /// The permission mode becomes [`PermissionMode::Default`], in which the CLI sends requests. To choose another mode,
    /// set [`permission_mode`](Self::permission_mode) or
    /// [`dangerously_skip_permissions`](Self::dangerously_skip_permissions).
    ///
    /// The mode overrides a mode in the settings. To keep the mode of the settings, call `permission_prompt_tool("stdio")`
    /// instead of this method.
    ///
    /// ```
    /// use claude_duplex::options::Options;
    /// let invocation = Options::new().host_permission_prompts().invocation()?;
    /// assert_eq!(
    ///     invocation.args[..2],
    ///     ["--permission-mode=default", "--permission-prompt-tool=stdio"]
    /// );
    /// # Ok::<(), claude_duplex::options::OptionsError>(())
    /// ```
    pub fn host_permission_prompts(mut self) -> Self {
        self.host_prompts = true;
        self
    }

    /// Sends permission requests to an MCP tool.
    pub fn permission_prompt_tool(self, tool: impl Into<String>) -> Self {
        self.put("--permission-prompt-tool", tool.into())
    }

    /// Denies calls instead of requesting permission. Since 2.1.329.
    pub fn no_permission_prompts(self) -> Self {
        self.put("--permission-prompts", "none")
    }

    /// Adds a directory that tools may use.
    pub fn add_dir(self, directory: impl AsRef<Path>) -> Self {
        self.push("--add-dir", directory.as_ref())
    }

    /// Adds an MCP server that the CLI starts or connects to. A second server with the same name replaces the first.
    ///
    /// Every user of the machine can read a command line. Put servers with secrets into a file
    /// ([`mcp_config_file`](Self::mcp_config_file)), or send `mcpServers` in the `initialize` request.
    ///
    /// ```
    /// use claude_duplex::options::Options;
    /// use claude_duplex::request::McpServerConfig;
    ///
    /// let files = McpServerConfig::stdio("mcp-files").args(["--root", "/srv"]);
    /// let invocation = Options::new().mcp_server("files", files).invocation()?;
    /// # let is_server = |arg: &str| arg.contains(r#""command":"mcp-files""#);
    /// # assert!(invocation.args.iter().any(|arg| is_server(&arg.to_string_lossy())));
    /// # Ok::<(), claude_duplex::options::OptionsError>(())
    /// ```
    pub fn mcp_server(mut self, name: impl Into<String>, server: impl Into<Json>) -> Self {
        self.mcp_servers.insert(name.into(), server.into());
        self
    }

    /// Adds an MCP server that runs in the host and uses the pipes of the session (`{"type":"sdk"}`).
    ///
    /// Newer versions also accept `sdkMcpServers` in the `initialize` request instead.
    pub fn host_mcp_server(self, name: impl Into<String>) -> Self {
        let name = name.into();
        let server = json!({ "type": "sdk", "name": name });
        self.mcp_server(name, server)
    }

    /// Adds the MCP servers of a configuration file.
    pub fn mcp_config_file(self, file: impl AsRef<Path>) -> Self {
        let file = super::settings::not_json(file.as_ref());
        self.push("--mcp-config", file)
    }

    /// Ignores all MCP servers that are not set by these options.
    pub fn strict_mcp_config(self) -> Self {
        self.switch("--strict-mcp-config")
    }

    /// Adds a plugin from a directory. Since 2.0.76.
    pub fn plugin_dir(self, directory: impl AsRef<Path>) -> Self {
        self.push("--plugin-dir", directory.as_ref())
    }

    /// Adds a plugin from a `.zip` file at an `http` or `https` URL, for this session only. Since 2.1.143.
    pub fn plugin_url(self, url: impl Into<String>) -> Self {
        self.push("--plugin-url", url.into())
    }

    /// Disables all skills and slash commands. Since 2.0.76.
    pub fn disable_slash_commands(self) -> Self {
        self.switch("--disable-slash-commands")
    }

    /// Restricts the session. Since 2.1.250.
    ///
    /// * Tools that run commands or code are removed, unless [`tools`](Self::tools) names them.
    /// * Settings files of the user, the project and the directory are ignored.
    /// * File tools can only access the working directories.
    ///
    /// MCP servers are still loaded, unless [`strict_mcp_config`](Self::strict_mcp_config) is set too.
    pub fn restricted(self) -> Self {
        self.switch("--restricted")
    }

    /// Turns Claude in Chrome on. Since 2.0.76.
    pub fn chrome(mut self) -> Self {
        self.flags.remove("--no-chrome");
        self.switch("--chrome")
    }

    /// Turns Claude in Chrome off. Since 2.0.76.
    pub fn no_chrome(mut self) -> Self {
        self.flags.remove("--chrome");
        self.switch("--no-chrome")
    }

    /// Turns on the tool `SendUserMessage`, which lets the model write to the user. Since 2.1.143.
    pub fn brief(self) -> Self {
        self.switch("--brief")
    }

    /// Downloads a file of the Files API at the start, to a path relative to the working directory. Since 2.1.50.
    pub fn file(self, id: impl AsRef<str>, path: impl AsRef<str>) -> Self {
        self.push("--file", format!("{}:{}", id.as_ref(), path.as_ref()))
    }

    /// Adds a plugin without its MCP servers. Since 2.1.250.
    pub fn plugin_dir_no_mcp(self, directory: impl AsRef<Path>) -> Self {
        self.push("--plugin-dir-no-mcp", directory.as_ref())
    }
}
