//! Usage of the model's context window.

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

sent! {
    /// `get_context_usage`: returns the usage of the context window. Seen since 2.1.143.
    pub struct GetContextUsage as "get_context_usage" -> GetContextUsageResponse {
        may {
            /// Accuracy of the reported sizes.
            detail: ContextDetail,
        }
    }
}

bare! { GetContextUsage, }

words! {
    /// Accuracy of the reported context usage.
    pub enum ContextDetail {
        /// Estimates from what the CLI already knows.
        Summary = "summary",
        /// Exact numbers, counted by the API.
        Full = "full",
    }
}

view! {
    /// Usage of the context window. All sizes are in tokens.
    pub struct GetContextUsageResponse {
        must {
            /// Sizes of all kinds of content, including the free space.
            categories: Vec<ContextCategory>,
        }
        may {
            /// Number of tokens in the context window.
            total_tokens = "totalTokens": u64,
            /// Size of the context window, in tokens.
            max_tokens = "maxTokens": u64,
            /// Size of the model's context window before any setting, in tokens.
            raw_max_tokens = "rawMaxTokens": u64,
            /// Percentage of the context window that is used.
            percentage: f64,
            /// Full name of the model.
            model: String,
            /// Size of the conversation, in tokens, that triggers automatic compaction.
            auto_compact_threshold = "autoCompactThreshold": u64,
            /// `true` if automatic compaction is on.
            is_auto_compact_enabled = "isAutoCompactEnabled": bool,
            /// Origin of the threshold for automatic compaction.
            autocompact_source = "autocompactSource": String,
            /// Usage as a grid of squares, row by row.
            grid_rows = "gridRows": Vec<Vec<GridSquare>>,
            /// Memory files in the context.
            memory_files = "memoryFiles": Vec<ContextPart>,
            /// Tools of MCP servers.
            mcp_tools = "mcpTools": Vec<ContextPart>,
            /// Instructions of MCP servers. Since 2.1.329.
            mcp_instructions = "mcpInstructions": Vec<ContextPart>,
            /// Built-in tools that are not loaded.
            deferred_builtin_tools = "deferredBuiltinTools": Vec<ContextPart>,
            /// Built-in tools of the CLI.
            system_tools = "systemTools": Vec<ContextPart>,
            /// Sections of the system prompt.
            system_prompt_sections = "systemPromptSections": Vec<ContextPart>,
            /// Agents in the context.
            agents: Vec<ContextPart>,
            /// Slash commands in the context.
            slash_commands = "slashCommands": Json,
            /// Skills in the context.
            skills: Json,
            /// Sizes of the parts of the messages.
            message_breakdown = "messageBreakdown": Json,
            /// Usage in the last response of the API.
            api_usage = "apiUsage": Json,
        }
    }

    /// A kind of content in the context window.
    pub struct ContextCategory {
        must {
            /// Display name of the kind.
            name: String,
            /// Size in tokens.
            tokens: u64,
        }
        may {
            /// Identifier of the kind, e.g. `system_prompt`. Since 2.1.329.
            id: String,
            /// State of the content. Since 2.1.329.
            kind: ContextKind,
            /// Color of the kind: the name of a color in the theme.
            color: String,
            /// `true` if the content is loaded only when needed.
            is_deferred = "isDeferred": bool,
        }
    }

    /// A square of the usage grid.
    pub struct GridSquare {
        may {
            /// Color of the square: the name of a color in the theme.
            color: String,
            /// `true` if the square is filled.
            is_filled = "isFilled": bool,
            /// Name of the category that the square shows.
            category_name = "categoryName": String,
            /// Size of the category, in tokens.
            tokens: u64,
            /// Size of the category, in percent.
            percentage: f64,
            /// Filled part of the square, from 0 to 1.
            square_fullness = "squareFullness": f64,
        }
    }

    /// A single tool, agent or file in the context.
    pub struct ContextPart {
        must {
            /// Size in tokens.
            tokens: u64,
        }
        may {
            /// Name of the part.
            name: String,
            /// Name of the part's MCP server.
            server_name = "serverName": String,
            /// Type of the agent.
            agent_type = "agentType": String,
            /// Path of the file.
            path: String,
            /// Type of the part.
            part_type = "type": String,
            /// Origin of the part.
            source: String,
            /// `true` if the part is loaded into the context already.
            is_loaded = "isLoaded": bool,
        }
    }
}

words! {
    /// State of a kind of content.
    pub enum ContextKind {
        /// The content is in use.
        Used = "used",
        /// The space is free.
        Free = "free",
        /// The space is reserved.
        Buffer = "buffer",
        /// The content is loaded when needed.
        Deferred = "deferred",
    }
}
