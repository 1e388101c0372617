//! Plugins, skills, output styles and repositories, which the CLI can reload during a session.

use crate::message::system::session::{Plugin, SlashCommand};
use crate::outgoing::request::agents::Agent;
use crate::outgoing::request::mcp::McpServerStatus;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

sent! {
    /// `reload_plugins`: reloads the plugins. Seen since 2.1.143. An error can have the code `reload_plugins_busy`.
    pub struct ReloadPlugins as "reload_plugins" -> ReloadPluginsResponse {
        may {
            /// `true` if the CLI skips a reload that would invalidate the prompt cache. The response then contains
            /// [`held`](ReloadPluginsResponse::held). Since 2.1.329.
            hold_on_cache_impact: bool,
            /// `true` if the CLI refuses the request while a turn runs. Requires the capability
            /// `reload_plugins_refuse_if_busy_v1`.
            refuse_if_busy: bool,
        }
        list {
            /// Plugins to load in addition to the present ones.
            add_plugins: PluginConfig,
        }
    }

    /// `reload_skills`: reloads the skills. Seen since 2.1.250.
    pub struct ReloadSkills as "reload_skills" -> ReloadSkillsResponse {}

    /// `reload_output_styles`: reloads the output styles. Seen since 2.1.329.
    pub struct ReloadOutputStyles as "reload_output_styles" -> ReloadOutputStylesResponse {}

    /// `register_repo_root`: adds a repository to the session. Seen since 2.1.250.
    pub struct RegisterRepoRoot as "register_repo_root" -> RegisterRepoRootResponse {
        must {
            /// Root directory of the repository.
            directory: String,
        }
        may {
            /// `true` if the repository's `CLAUDE.md` is read.
            reload_claude_md: bool,
            /// `true` if the repository's plugins are loaded.
            reload_plugins: bool,
            /// `true` if the repository's skills are loaded.
            reload_skills: bool,
        }
    }

    /// A plugin to load.
    pub struct PluginConfig {
        must {
            /// Kind of the plugin.
            kind = "type": PluginKind,
            /// Directory of the plugin.
            path: String,
        }
        may {
            /// `true` if the plugin's MCP servers are not loaded.
            skip_mcp_discovery = "skipMcpDiscovery": bool,
        }
    }
}

bare! { ReloadPlugins, ReloadSkills, ReloadOutputStyles, }

words! {
    /// Kind of a plugin.
    pub enum PluginKind {
        /// A directory on the machine of the session.
        Local = "local",
    }
}

impl PluginConfig {
    /// Creates the configuration of a plugin in a directory.
    #[must_use]
    pub fn local(path: impl Into<String>) -> Self {
        Self::bare(PluginKind::Local, path.into())
    }
}

impl RegisterRepoRoot {
    /// Creates a request for the root directory of a repository.
    #[must_use]
    pub fn new(directory: impl Into<String>) -> Self {
        Self::bare(directory.into())
    }
}

view! {
    /// State of the session after a reload of the plugins.
    pub struct ReloadPluginsResponse {
        may {
            /// Slash commands of the session.
            commands: Vec<SlashCommand>,
            /// Agents of the session.
            agents: Vec<Agent>,
            /// Plugins of the session.
            plugins: Vec<Plugin>,
            /// MCP servers of the session.
            mcp_servers = "mcpServers": Vec<McpServerStatus>,
            /// Number of plugins that could not be loaded.
            error_count: u64,
            /// `true` if the reload was skipped to keep the prompt cache.
            held: bool,
            /// Effects of the reload on the prompt cache.
            cache_impact: CacheImpact,
        }
    }

    /// Effects of a reload of the plugins on the prompt cache.
    pub struct CacheImpact {
        may {
            /// Names of the MCP servers that the reload adds.
            mcp_servers_added: Vec<String>,
            /// Names of the MCP servers that the reload removes.
            mcp_servers_removed: Vec<String>,
            /// Change to the tool for language servers: `adds`, `may-add`, `removes` or `may-remove`.
            lsp_tool_change: String,
        }
    }

    /// Skills after the reload.
    pub struct ReloadSkillsResponse {
        must {
            /// Skills, each as a slash command.
            skills: Vec<SlashCommand>,
        }
    }

    /// Output styles after the reload.
    pub struct ReloadOutputStylesResponse {
        must {
            /// Names of the output styles.
            available_output_styles: Vec<String>,
        }
    }

    /// Response to `register_repo_root`.
    pub struct RegisterRepoRootResponse {
        may {
            /// Root directory of the repository.
            directory: String,
        }
    }
}
