//! The request `initialize`: hooks, agents, MCP servers and settings that the host adds to the session.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::incoming::hook::HookEvent;
use crate::outgoing::request::agents::AgentDefinition;
use crate::outgoing::request::hooks::HookMatcher;
use crate::outgoing::request::initialized::{InitializeError, InitializeResponse};
use crate::outgoing::request::mcp::McpServerConfig;
use crate::outgoing::request::plugins::PluginConfig;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::words;

sent! {
    /// `initialize`: registers hooks, agents, MCP servers and settings of the host.
    ///
    /// Send it first if possible; the CLI accepts it at any time. Prompts do not wait for its response, and the CLI may send
    /// requests before it responds. [`check`](Self::check) reports a requirement that must hold before the first prompt is
    /// written.
    ///
    /// 2.1.143 and older versions refuse a second `initialize` (`Already initialized`). In later versions it replaces the
    /// hooks.
    ///
    /// ```
    /// use claude_duplex::incoming::hook::HookEvent;
    /// use claude_duplex::request::{AgentDefinition, HookMatcher, Initialize};
    ///
    /// let guard = HookMatcher::new("guard").for_matching("Bash").timeout(30).block();
    /// let scout = AgentDefinition::new("looks around", "look around, and say what there is");
    /// let initialize = Initialize::new()
    ///     .hook(HookEvent::PreToolUse, guard)
    ///     .append_system_prompt("be brief")
    ///     .agent("scout", scout);
    /// ```
    pub struct Initialize as "initialize" -> InitializeResponse {
        may {
            /// Hooks of the host, by the name of their event.
            hooks: BTreeMap<String, Vec<HookMatcher>>,
            /// Settings of the MCP servers that run in the host, by server name.
            sdk_mcp_server_configs = "sdkMcpServerConfigs": BTreeMap<String, SdkMcpServerConfig>,
            /// Manifests of the MCP servers that run in the host, by server name. With a manifest, the CLI need not query
            /// the server.
            sdk_mcp_server_manifests = "sdkMcpServerManifests": BTreeMap<String, SdkMcpServerManifest>,
            /// Origin of the manifests: set if the host sends them again with each message of a server.
            sdk_mcp_server_manifests_origin = "sdkMcpServerManifestsOrigin": ManifestsOrigin,
            /// `true` if the system prompt stays as it is at the start.
            system_prompt_snapshot = "systemPromptSnapshot": bool,
            /// Aliases of tools: maps the name that the model calls to the tool that runs.
            tool_aliases = "toolAliases": BTreeMap<String, String>,
            /// `true` if sections of the system prompt that differ between machines are left out.
            exclude_dynamic_sections = "excludeDynamicSections": bool,
            /// Agents that the host defines, by name. They are never written to the command line.
            agents: BTreeMap<String, AgentDefinition>,
            /// `true` if the CLI suggests a next prompt after a result.
            prompt_suggestions = "promptSuggestions": bool,
            /// `true` if subagents report summaries of their progress.
            agent_progress_summaries = "agentProgressSummaries": bool,
            /// `true` if the text of subagents is sent too.
            forward_subagent_text = "forwardSubagentText": bool,
            /// `true` if the host can stop single tasks. An interrupt then does not stop background tasks.
            per_task_stop_affordance = "perTaskStopAffordance": bool,
            /// MCP servers that the CLI starts, by name. Requires `--await-initialize` (since 2.1.261).
            mcp_servers = "mcpServers": BTreeMap<String, McpServerConfig>,
        }
        into {
            /// Text to append to the system prompt.
            append_system_prompt = "appendSystemPrompt": String,
            /// Instructions for the plan in plan mode.
            plan_mode_instructions = "planModeInstructions": String,
            /// Title of the session.
            title: String,
            /// JSON Schema of the session's structured output.
            json_schema = "jsonSchema": Json,
        }
        list {
            /// Names of the MCP servers that run in the host.
            sdk_mcp_servers = "sdkMcpServers": String,
            /// System prompt, in parts, instead of the CLI's own.
            system_prompt = "systemPrompt": String,
            /// Names of the skills that may be used. An empty list allows none; the default is all.
            skills: String,
            /// Kinds of dialogs that the host can show. The CLI does not request others.
            supported_dialog_kinds = "supportedDialogKinds": String,
            /// Plugins to load. Requires `--await-initialize` (since 2.1.261).
            plugins: PluginConfig,
        }
    }

    /// Settings of an MCP server that runs in the host.
    pub struct SdkMcpServerConfig {
        may {
            /// Timeout of a tool call, in milliseconds, at least 1000.
            timeout: u64,
        }
        list {
            /// Policies of the server's tools.
            tools: Json,
            /// Keys of a call's `_meta` that remote control forwards.
            remote_control_meta_keys = "remoteControlMetaKeys": String,
        }
    }

    /// Manifest of an MCP server that runs in the host: the server's own results, unchanged.
    pub struct SdkMcpServerManifest {
        must {
            /// Result of the MCP request `initialize`.
            initialize_result = "initializeResult": Json,
        }
        may {
        }
        into {
            /// Result of `tools/list`, if it fits in one page.
            tools_list_result = "toolsListResult": Json,
        }
    }
}

words! {
    /// Origin of the manifests.
    pub enum ManifestsOrigin {
        /// The host sends the manifests with every message.
        HostPerSend = "host_per_send",
    }
}

impl Initialize {
    /// Adds a hook for an event. All hooks of one event are called at the same time.
    ///
    /// A hook for a misspelled event would never be called. Therefore a string does not compile:
    ///
    /// ```compile_fail,E0308
    /// # use claude_duplex::request::{HookMatcher, Initialize};
    /// Initialize::new().hook("PreToolUze", HookMatcher::new("guard"));
    /// ```
    ///
    /// To name an event of a newer CLI, use [`HookEvent::Other`]:
    ///
    /// ```
    /// use claude_duplex::incoming::hook::HookEvent;
    /// use claude_duplex::request::{HookMatcher, Initialize};
    ///
    /// let event = HookEvent::Other("OfALaterVersion".into());
    /// let initialize = Initialize::new().hook(event, HookMatcher::new("guard"));
    /// ```
    #[must_use]
    pub fn hook(mut self, event: HookEvent, matcher: HookMatcher) -> Self {
        self.hooks.get_or_insert_default().entry(event.to_string()).or_default().push(matcher);
        self
    }

    /// Adds an agent definition.
    #[must_use]
    pub fn agent(mut self, name: impl Into<String>, agent: AgentDefinition) -> Self {
        self.agents.get_or_insert_default().insert(name.into(), agent);
        self
    }

    /// Adds an MCP server that the CLI starts.
    #[must_use]
    pub fn mcp_server(mut self, name: impl Into<String>, server: McpServerConfig) -> Self {
        self.mcp_servers.get_or_insert_default().insert(name.into(), server);
        self
    }

    /// Adds an MCP server that runs in the host.
    #[must_use]
    pub fn sdk_mcp_server(mut self, name: impl Into<String>) -> Self {
        self.sdk_mcp_servers.get_or_insert_default().push(name.into());
        self
    }

    /// Adds an alias of a tool.
    #[must_use]
    pub fn tool_alias(mut self, name: impl Into<String>, tool: impl Into<String>) -> Self {
        self.tool_aliases.get_or_insert_default().insert(name.into(), tool.into());
        self
    }

    /// Checks the requirements that must hold before the first prompt
    /// ([wire reference, section 3.4](crate::guide::wire#34-start)).
    ///
    /// Old versions of the CLI ignore other parts of the request. The response reports some of these, e.g.
    /// [`plugins_applied`](InitializeResponse::plugins_applied).
    ///
    /// # Errors
    /// Returns the first requirement that the CLI does not meet.
    pub fn check(&self, reply: &InitializeResponse) -> Result<(), InitializeError> {
        let blocks = self.hooks.iter().flatten().flat_map(|(_, matchers)| matchers).any(|matcher| matcher.blocks());
        if blocks && reply.hook_on_failure_supported != Some(true) {
            return Err(InitializeError::BlockUnsupported);
        }
        if blocks && reply.hooks_applied == Some(false) {
            return Err(InitializeError::HooksNotApplied);
        }
        let servers = self.mcp_servers.as_ref().is_some_and(|servers| !servers.is_empty());
        if servers && reply.mcp_servers_applied != Some(true) {
            return Err(InitializeError::McpServersNotApplied);
        }
        Ok(())
    }
}

bare! { Initialize, SdkMcpServerConfig, }

impl SdkMcpServerManifest {
    /// Creates a manifest from the server's response to the MCP request `initialize`.
    #[must_use]
    pub fn new(initialize_result: impl Into<Json>) -> Self {
        Self::bare(initialize_result.into())
    }
}
