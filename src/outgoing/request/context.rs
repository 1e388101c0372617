//! What the model's context is filled with.

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

sent! {
    /// `get_context_usage`: what the context is filled with. Seen from 2.1.143.
    pub struct GetContextUsage as "get_context_usage" -> GetContextUsageResponse {
        may {
            /// How exact it is to be.
            detail: ContextDetail,
        }
    }
}

bare! { GetContextUsage, }

words! {
    /// How exact it is to be.
    pub enum ContextDetail {
        /// From what is known.
        Summary = "summary",
        /// Counted anew, by the API.
        Full = "full",
    }
}

view! {
    /// What the context is filled with. All sizes are in tokens.
    pub struct GetContextUsageResponse {
        must {
            /// Each kind of content, what is free among them.
            categories: Vec<ContextCategory>,
        }
        may {
            /// How much is used.
            total_tokens = "totalTokens": u64,
            /// How much there is.
            max_tokens = "maxTokens": u64,
            /// How much the model has, before any setting.
            raw_max_tokens = "rawMaxTokens": u64,
            /// How much is used, in percent.
            percentage: f64,
            /// The model's full name.
            model: String,
            /// When the conversation is compacted by itself.
            auto_compact_threshold = "autoCompactThreshold": u64,
            /// Whether it is.
            is_auto_compact_enabled = "isAutoCompactEnabled": bool,
            /// Where the threshold comes from.
            autocompact_source = "autocompactSource": String,
            /// The same as squares, in rows.
            grid_rows = "gridRows": Vec<Vec<GridSquare>>,
            /// The memory files.
            memory_files = "memoryFiles": Vec<ContextPart>,
            /// The tools of MCP servers.
            mcp_tools = "mcpTools": Vec<ContextPart>,
            /// The instructions of MCP servers. From 2.1.329.
            mcp_instructions = "mcpInstructions": Vec<ContextPart>,
            /// The CLI's tools that are not loaded.
            deferred_builtin_tools = "deferredBuiltinTools": Vec<ContextPart>,
            /// The CLI's tools.
            system_tools = "systemTools": Vec<ContextPart>,
            /// The parts of the system prompt.
            system_prompt_sections = "systemPromptSections": Vec<ContextPart>,
            /// The agents.
            agents: Vec<ContextPart>,
            /// The slash commands.
            slash_commands = "slashCommands": Json,
            /// The skills.
            skills: Json,
            /// What the messages are made of.
            message_breakdown = "messageBreakdown": Json,
            /// What the API said last.
            api_usage = "apiUsage": Json,
        }
    }

    /// A kind of content.
    pub struct ContextCategory {
        must {
            /// Its name, for people.
            name: String,
            /// How much it is, in tokens.
            tokens: u64,
        }
        may {
            /// Its name, for programs, as `system_prompt`. From 2.1.329.
            id: String,
            /// What it is. From 2.1.329.
            kind: ContextKind,
            /// Its color, by the name in a theme.
            color: String,
            /// Whether it is only loaded when it is needed.
            is_deferred = "isDeferred": bool,
        }
    }

    /// A square of the grid.
    pub struct GridSquare {
        may {
            /// Its color, by the name in a theme.
            color: String,
            /// Whether it is filled.
            is_filled = "isFilled": bool,
            /// The category that it shows.
            category_name = "categoryName": String,
            /// How much that is, in tokens.
            tokens: u64,
            /// The same in percent.
            percentage: f64,
            /// How much of the square is filled, from 0 to 1.
            square_fullness = "squareFullness": f64,
        }
    }

    /// A single tool, agent or file.
    pub struct ContextPart {
        must {
            /// How much it is, in tokens.
            tokens: u64,
        }
        may {
            /// Its name.
            name: String,
            /// Its MCP server.
            server_name = "serverName": String,
            /// The agent's name.
            agent_type = "agentType": String,
            /// Where it is.
            path: String,
            /// Of what kind it is.
            part_type = "type": String,
            /// Where it comes from.
            source: String,
            /// Whether the model has it before it asks for it.
            is_loaded = "isLoaded": bool,
        }
    }
}

words! {
    /// What a kind of content is.
    pub enum ContextKind {
        /// It is used.
        Used = "used",
        /// It is free.
        Free = "free",
        /// It is kept free.
        Buffer = "buffer",
        /// It is loaded when it is needed.
        Deferred = "deferred",
    }
}
