//! Agents: definitions sent by the host, and agents reported by the CLI.

use crate::base::json::Json;
use crate::options::PermissionMode;
use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

sent! {
    /// Definition of an agent by the host, for [`Initialize::agent`](super::Initialize::agent).
    pub struct AgentDefinition {
        must {
            /// Description for the model of the cases in which to use the agent.
            description: String,
            /// System prompt of the agent.
            prompt: String,
        }
        may {
            /// Maximum number of model calls of the agent.
            max_turns = "maxTurns": u64,
            /// Size of the conversation, in tokens, that triggers its compaction.
            auto_compact_window = "autoCompactWindow": u64,
            /// `true` if the agent always runs in the background.
            background: bool,
            /// `true` if the content of `CLAUDE.md` is left out of the agent's context.
            omit_claude_md = "omitClaudeMd": bool,
            /// Permission mode of the agent's tools.
            permission_mode = "permissionMode": PermissionMode,
        }
        into {
            /// Model of the agent: an alias, a full name, or `inherit`.
            model: String,
            /// First prompt of a session that runs as this agent.
            initial_prompt = "initialPrompt": String,
            /// Scope of the agent's memory across sessions: `user`, `project` or `local`.
            memory: String,
            /// Name of the agent that observes this one.
            observer: String,
            /// Message to the observing agent.
            observer_message = "observerMessage": String,
            /// Reasoning effort of the agent: `low`, `medium`, `high`, `xhigh`, `max`, or a number.
            effort: Json,
        }
        list {
            /// Names of the tools that the agent may use. The default is all.
            tools: String,
            /// Names of the tools that the agent may not use.
            disallowed_tools = "disallowedTools": String,
            /// MCP servers of the agent: names, or objects of a name and a configuration.
            mcp_servers = "mcpServers": Json,
            /// Names of the skills that the agent has from the start.
            skills: String,
        }
    }
}

impl AgentDefinition {
    /// Creates a definition from the required fields.
    #[must_use]
    pub fn new(description: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self::bare(description.into(), prompt.into())
    }
}

view! {
    /// An agent that the model can use.
    pub struct Agent {
        must {
            /// Name of the agent.
            name: String,
        }
        may {
            /// Description of the cases in which to use the agent.
            description: String,
            /// Model of the agent, or `inherit`.
            model: String,
        }
    }
}
