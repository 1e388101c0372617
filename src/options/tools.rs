//! Builder methods: tools, permissions, MCP servers, plugins.

use super::{Options, PermissionMode, Skills, Tools};
use crate::base::json::Json;
use serde_json::json;
use std::path::Path;

impl Options {
    /// Says which built-in tools exist. From 2.0.76.
    pub fn tools(self, tools: Tools) -> Self {
        let names = match tools {
            Tools::Default => vec!["default".to_owned()],
            Tools::None => Vec::new(),
            Tools::Named(names) => names,
        };
        self.replace("--tools", names)
    }

    /// Adds rules of what is allowed without asking: `Read`, `Bash(git *)`.
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

    /// Adds rules of what is denied; a tool denied as a whole does not exist.
    pub fn disallowed_tools<T: Into<String>>(self, rules: impl IntoIterator<Item = T>) -> Self {
        self.extend("--disallowedTools", rules)
    }

    /// Allows skills; which settings are read does not change.
    pub fn skills(mut self, skills: Skills) -> Self {
        match skills {
            Skills::All => self.extend("--allowedTools", ["Skill"]),
            Skills::Named(names) => {
                self.skills.extend(names);
                self
            }
        }
    }

    /// Sets the permission mode. Without it the mode is that of the settings, or the version's own: `auto` from 2.1.285 to
    /// 2.1.301, else `default`.
    pub fn permission_mode(self, mode: PermissionMode) -> Self {
        self.put("--permission-mode", mode.as_str())
    }

    /// Allows everything from the start. The CLI refuses this to root outside of a sandbox.
    pub fn dangerously_skip_permissions(self) -> Self {
        self.switch("--dangerously-skip-permissions")
    }

    /// Lets the session switch to [`PermissionMode::BypassPermissions`] later. From 2.0.76.
    pub fn allow_dangerously_skip_permissions(self) -> Self {
        self.switch("--allow-dangerously-skip-permissions")
    }

    /// Asks the host for permissions, by `can_use_tool` requests.
    ///
    /// The mode is then [`PermissionMode::Default`], in which the CLI does ask, unless
    /// [`permission_mode`](Self::permission_mode) gives another or
    /// [`dangerously_skip_permissions`](Self::dangerously_skip_permissions) is set. This overrides a mode in the settings; to
    /// leave it to them, say `permission_prompt_tool("stdio")` instead. What a rule allows is not asked for in any mode.
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

    /// Asks an MCP tool for permissions.
    pub fn permission_prompt_tool(self, tool: impl Into<String>) -> Self {
        self.put("--permission-prompt-tool", tool.into())
    }

    /// Asks nobody: what would be asked is denied. From 2.1.329.
    pub fn no_permission_prompts(self) -> Self {
        self.put("--permission-prompts", "none")
    }

    /// Adds a directory that tools may use.
    pub fn add_dir(self, directory: impl AsRef<Path>) -> Self {
        self.push("--add-dir", directory.as_ref())
    }

    /// Adds an MCP server that the CLI starts or connects to; a second one of a name replaces it.
    ///
    /// Every user of the machine can read a command line: put servers with secrets into a file
    /// ([`mcp_config_file`](Self::mcp_config_file)), or send `mcpServers` in the `initialize` request.
    ///
    /// ```
    /// use claude_duplex::options::Options;
    /// use claude_duplex::request::McpServerConfig;
    ///
    /// let files = McpServerConfig::stdio("mcp-files").args(["--root", "/srv"]);
    /// let invocation = Options::new().mcp_server("files", files).invocation()?;
    /// # assert!(invocation.args.iter().any(|arg| arg.to_string_lossy().contains(r#""command":"mcp-files""#)), "{invocation:?}");
    /// # Ok::<(), claude_duplex::options::OptionsError>(())
    /// ```
    pub fn mcp_server(mut self, name: impl Into<String>, server: impl Into<Json>) -> Self {
        self.mcp_servers.insert(name.into(), server.into());
        self
    }

    /// Adds an MCP server that the host serves over the session (`{"type":"sdk"}`).
    ///
    /// Newer versions take these as `sdkMcpServers` in the `initialize` request instead.
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

    /// Ignores all MCP servers but those given here.
    pub fn strict_mcp_config(self) -> Self {
        self.switch("--strict-mcp-config")
    }

    /// Loads a plugin from a directory. From 2.0.76.
    pub fn plugin_dir(self, directory: impl AsRef<Path>) -> Self {
        self.push("--plugin-dir", directory.as_ref())
    }

    /// Loads a plugin from a `.zip` at an `http` or `https` URL, for this session only. From 2.1.143.
    pub fn plugin_url(self, url: impl Into<String>) -> Self {
        self.push("--plugin-url", url.into())
    }

    /// Disables all skills and slash commands. From 2.0.76.
    pub fn disable_slash_commands(self) -> Self {
        self.switch("--disable-slash-commands")
    }

    /// Removes the tools that run commands or code unless [`tools`](Self::tools) names them, ignores the settings files of the
    /// user, the project and the directory, and confines the file tools to the working directories. From 2.1.250.
    ///
    /// MCP servers are loaded all the same, unless [`strict_mcp_config`](Self::strict_mcp_config) is set too.
    pub fn restricted(self) -> Self {
        self.switch("--restricted")
    }

    /// Turns Claude in Chrome on. From 2.0.76.
    pub fn chrome(mut self) -> Self {
        self.flags.remove("--no-chrome");
        self.switch("--chrome")
    }

    /// Turns Claude in Chrome off. From 2.0.76.
    pub fn no_chrome(mut self) -> Self {
        self.flags.remove("--chrome");
        self.switch("--no-chrome")
    }

    /// Turns on the tool `SendUserMessage`, by which the model writes to the user. From 2.1.143.
    pub fn brief(self) -> Self {
        self.switch("--brief")
    }

    /// Downloads a file of the Files API at the start, to a path relative to the working directory. From 2.1.50.
    pub fn file(self, id: impl AsRef<str>, path: impl AsRef<str>) -> Self {
        self.push("--file", format!("{}:{}", id.as_ref(), path.as_ref()))
    }

    /// Loads a plugin without its MCP servers. From 2.1.250.
    pub fn plugin_dir_no_mcp(self, directory: impl AsRef<Path>) -> Self {
        self.push("--plugin-dir-no-mcp", directory.as_ref())
    }
}
