//! What is loaded from files and may change under the session: plugins, skills, output styles, repositories.

use crate::message::system::session::{Plugin, SlashCommand};
use crate::outgoing::request::agents::Agent;
use crate::outgoing::request::mcp::McpServerStatus;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

sent! {
    /// `reload_plugins`: loads the plugins anew. Seen from 2.1.143. The code of an error may be `reload_plugins_busy`.
    pub struct ReloadPlugins as "reload_plugins" -> ReloadPluginsResponse {
        may {
            /// Whether nothing is done where it would cost the prompt cache; the reply then says `held`. From 2.1.329.
            hold_on_cache_impact: bool,
            /// Whether it is refused while a turn runs. Needs the capability `reload_plugins_refuse_if_busy_v1`.
            refuse_if_busy: bool,
        }
        list {
            /// Plugins to load beside those that there are.
            add_plugins: PluginConfig,
        }
    }

    /// `reload_skills`: loads the skills anew. Seen from 2.1.250.
    pub struct ReloadSkills as "reload_skills" -> ReloadSkillsResponse {}

    /// `reload_output_styles`: loads the output styles anew. Seen from 2.1.329.
    pub struct ReloadOutputStyles as "reload_output_styles" -> ReloadOutputStylesResponse {}

    /// `register_repo_root`: lets the session work in another repository. Seen from 2.1.250.
    pub struct RegisterRepoRoot as "register_repo_root" -> RegisterRepoRootResponse {
        must {
            /// The directory.
            directory: String,
        }
        may {
            /// Whether its `CLAUDE.md` is read.
            reload_claude_md: bool,
            /// Whether its plugins are loaded.
            reload_plugins: bool,
            /// Whether its skills are loaded.
            reload_skills: bool,
        }
    }

    /// A plugin to load.
    pub struct PluginConfig {
        must {
            /// Of what kind it is.
            kind = "type": PluginKind,
            /// Its directory.
            path: String,
        }
        may {
            /// Whether its MCP servers are left alone.
            skip_mcp_discovery = "skipMcpDiscovery": bool,
        }
    }
}

bare! { ReloadPlugins, ReloadSkills, ReloadOutputStyles, }

words! {
    /// Of what kind a plugin is.
    pub enum PluginKind {
        /// A directory on the session's machine.
        Local = "local",
    }
}

impl PluginConfig {
    /// In that directory.
    #[must_use]
    pub fn local(path: impl Into<String>) -> Self {
        Self::bare(PluginKind::Local, path.into())
    }
}

impl RegisterRepoRoot {
    /// That directory.
    #[must_use]
    pub fn new(directory: impl Into<String>) -> Self {
        Self::bare(directory.into())
    }
}

view! {
    /// What there is after the plugins were loaded anew.
    pub struct ReloadPluginsResponse {
        may {
            /// The slash commands.
            commands: Vec<SlashCommand>,
            /// The agents.
            agents: Vec<Agent>,
            /// The plugins.
            plugins: Vec<Plugin>,
            /// The MCP servers.
            mcp_servers = "mcpServers": Vec<McpServerStatus>,
            /// How many plugins could not be loaded.
            error_count: u64,
            /// Whether nothing was done, for the prompt cache's sake.
            held: bool,
            /// What it would do to the prompt cache.
            cache_impact: CacheImpact,
        }
    }

    /// What loading the plugins anew does to the prompt cache.
    pub struct CacheImpact {
        may {
            /// The MCP servers that would come.
            mcp_servers_added: Vec<String>,
            /// Those that would go.
            mcp_servers_removed: Vec<String>,
            /// What it does to the tool for language servers: `adds`, `may-add`, `removes`, `may-remove`.
            lsp_tool_change: String,
        }
    }

    /// The skills that there are.
    pub struct ReloadSkillsResponse {
        must {
            /// Each, as a slash command.
            skills: Vec<SlashCommand>,
        }
    }

    /// The output styles that there are.
    pub struct ReloadOutputStylesResponse {
        must {
            /// Their names.
            available_output_styles: Vec<String>,
        }
    }

    /// The repository that was added.
    pub struct RegisterRepoRootResponse {
        may {
            /// Its directory.
            directory: String,
        }
    }
}
