//! Agents: those that the host defines, and those that there are.

use crate::base::json::Json;
use crate::options::PermissionMode;
use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

sent! {
    /// An agent that the host defines, for [`Initialize::agent`](super::Initialize::agent).
    pub struct AgentDefinition {
        must {
            /// When it should be used, for the model.
            description: String,
            /// Its system prompt.
            prompt: String,
        }
        may {
            /// How many model calls it may make.
            max_turns = "maxTurns": u64,
            /// At how many tokens its conversation is compacted.
            auto_compact_window = "autoCompactWindow": u64,
            /// Whether it always runs in the background.
            background: bool,
            /// Whether it is not told what is in `CLAUDE.md`.
            omit_claude_md = "omitClaudeMd": bool,
            /// How its tools are permitted.
            permission_mode = "permissionMode": PermissionMode,
        }
        into {
            /// Its model: an alias, a full name, or `inherit`.
            model: String,
            /// What is said to it first when it runs as the session's own agent.
            initial_prompt = "initialPrompt": String,
            /// What it remembers from session to session: `user`, `project` or `local`.
            memory: String,
            /// The agent that watches it.
            observer: String,
            /// What that one is told.
            observer_message = "observerMessage": String,
            /// How hard it thinks: `low`, `medium`, `high`, `xhigh`, `max`, or a number.
            effort: Json,
        }
        list {
            /// The tools that it may use; not set, all.
            tools: String,
            /// The tools that it may not use.
            disallowed_tools = "disallowedTools": String,
            /// Its MCP servers: names, or objects of a name and a configuration.
            mcp_servers = "mcpServers": Json,
            /// The skills that it is told of from the start.
            skills: String,
        }
    }
}

impl AgentDefinition {
    /// An agent with what must be said of it.
    #[must_use]
    pub fn new(description: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self::bare(description.into(), prompt.into())
    }
}

view! {
    /// An agent that the model can use.
    pub struct Agent {
        must {
            /// Its name.
            name: String,
        }
        may {
            /// When it should be used.
            description: String,
            /// Its model, or `inherit`.
            model: String,
        }
    }
}
