//! `initialize`: what the host brings to the session, and what it wants of it.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::incoming::hook::HookEvent;
use crate::outgoing::request::agents::AgentDefinition;
use crate::outgoing::request::hooks::HookMatcher;
use crate::outgoing::request::initialized::InitializeResponse;
use crate::outgoing::request::mcp::McpServerConfig;
use crate::outgoing::request::plugins::PluginConfig;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::words;

sent! {
    /// `initialize`: what the host brings to the session, and what it wants of it.
    ///
    /// By preference it comes first, but it may come at any time. No prompt waits for its reply, and the CLI may ask while
    /// it is open. What must hold before the first prompt is written, [`check`](Self::check) says.
    ///
    /// A second one is refused up to 2.1.143 (`Already initialized`); later it replaces the hooks.
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
            /// Hooks that the host answers, by the name of their event.
            hooks: BTreeMap<String, Vec<HookMatcher>>,
            /// Settings of the MCP servers that live in the host, by their names.
            sdk_mcp_server_configs = "sdkMcpServerConfigs": BTreeMap<String, SdkMcpServerConfig>,
            /// What the MCP servers of the host say of themselves, by their names, so that the CLI need not ask.
            sdk_mcp_server_manifests = "sdkMcpServerManifests": BTreeMap<String, SdkMcpServerManifest>,
            /// Whether the host sends the manifests anew with every message of a server.
            sdk_mcp_server_manifests_origin = "sdkMcpServerManifestsOrigin": ManifestsOrigin,
            /// Whether the system prompt is kept as it is at the start.
            system_prompt_snapshot = "systemPromptSnapshot": bool,
            /// Other names for tools: the name that is called, and the tool that runs.
            tool_aliases = "toolAliases": BTreeMap<String, String>,
            /// Whether the parts of the system prompt that change from machine to machine are left out.
            exclude_dynamic_sections = "excludeDynamicSections": bool,
            /// Agents that the host defines, by their names. They never stand on the command line.
            agents: BTreeMap<String, AgentDefinition>,
            /// Whether the CLI suggests a next prompt after a result.
            prompt_suggestions = "promptSuggestions": bool,
            /// Whether subagents sum up how far they are.
            agent_progress_summaries = "agentProgressSummaries": bool,
            /// Whether the text of subagents is sent too.
            forward_subagent_text = "forwardSubagentText": bool,
            /// Whether the host can stop single tasks, so that an interrupt leaves background tasks alone.
            per_task_stop_affordance = "perTaskStopAffordance": bool,
            /// MCP servers that the CLI is to start, by their names. Needs `--await-initialize` (from 2.1.261).
            mcp_servers = "mcpServers": BTreeMap<String, McpServerConfig>,
        }
        into {
            /// What is appended to the system prompt.
            append_system_prompt = "appendSystemPrompt": String,
            /// How a plan is to be made in plan mode.
            plan_mode_instructions = "planModeInstructions": String,
            /// The session's title.
            title: String,
            /// The JSON schema of the session's structured output.
            json_schema = "jsonSchema": Json,
        }
        list {
            /// The names of the MCP servers that live in the host.
            sdk_mcp_servers = "sdkMcpServers": String,
            /// The system prompt, in parts, in place of the CLI's own.
            system_prompt = "systemPrompt": String,
            /// The skills that may be used, by their names; an empty list is none. Not set, all may.
            skills: String,
            /// The kinds of dialogs that the host can show. Others are never asked.
            supported_dialog_kinds = "supportedDialogKinds": String,
            /// Plugins to load. Needs `--await-initialize` (from 2.1.261).
            plugins: PluginConfig,
        }
    }

    /// Settings of an MCP server that lives in the host.
    pub struct SdkMcpServerConfig {
        may {
            /// How long a tool may take, in milliseconds, from 1000 on.
            timeout: u64,
        }
        list {
            /// Policies of its tools.
            tools: Json,
            /// Keys of a call's `_meta` that remote control passes on.
            remote_control_meta_keys = "remoteControlMetaKeys": String,
        }
    }

    /// What an MCP server of the host says of itself: its own results, as they are.
    pub struct SdkMcpServerManifest {
        must {
            /// The result of the MCP request `initialize`.
            initialize_result = "initializeResult": Json,
        }
        may {
        }
        into {
            /// The result of `tools/list`, where it is one page.
            tools_list_result = "toolsListResult": Json,
        }
    }
}

words! {
    /// Where manifests come from.
    pub enum ManifestsOrigin {
        /// The host makes them for every message.
        HostPerSend = "host_per_send",
    }
}

impl Initialize {
    /// Adds a hook for an event. Those of one event are called at the same time.
    ///
    /// A hook of a misspelt event is never called. So a string does not compile:
    ///
    /// ```compile_fail,E0308
    /// # use claude_duplex::request::{HookMatcher, Initialize};
    /// Initialize::new().hook("PreToolUze", HookMatcher::new("guard"));
    /// ```
    ///
    /// An event of a newer CLI is [`HookEvent::Other`]:
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

    /// Adds an agent.
    #[must_use]
    pub fn agent(mut self, name: impl Into<String>, agent: AgentDefinition) -> Self {
        self.agents.get_or_insert_default().insert(name.into(), agent);
        self
    }

    /// Adds an MCP server that the CLI is to start.
    #[must_use]
    pub fn mcp_server(mut self, name: impl Into<String>, server: McpServerConfig) -> Self {
        self.mcp_servers.get_or_insert_default().insert(name.into(), server);
        self
    }

    /// Adds an MCP server that lives in the host.
    #[must_use]
    pub fn sdk_mcp_server(mut self, name: impl Into<String>) -> Self {
        self.sdk_mcp_servers.get_or_insert_default().push(name.into());
        self
    }

    /// Adds another name for a tool.
    #[must_use]
    pub fn tool_alias(mut self, name: impl Into<String>, tool: impl Into<String>) -> Self {
        self.tool_aliases.get_or_insert_default().insert(name.into(), tool.into());
        self
    }
}

bare! { Initialize, SdkMcpServerConfig, }

impl SdkMcpServerManifest {
    /// Of the server's answer to the MCP request `initialize`.
    #[must_use]
    pub fn new(initialize_result: impl Into<Json>) -> Self {
        Self::bare(initialize_result.into())
    }
}
