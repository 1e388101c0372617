//! `system` messages about the setup and the state of the session.

use crate::base::json::Json;
use crate::message::result::FastMode;
use crate::options::PermissionMode;
use crate::wire::view::{view, words};

view! {
    /// `init`: a turn begins. The values apply from this message on.
    pub struct Init {
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
            /// Version of the CLI. Since 2.0.76.
            claude_code_version: String,
            /// Working directory of the session.
            cwd: String,
            /// Working directory in which the session started. Since 2.1.329.
            original_cwd: String,
            /// Further directories that the tools may access. Since 2.1.329.
            additional_directories: Vec<String>,
            /// Name of the model.
            model: String,
            /// Permission mode, which decides about tool calls.
            permission_mode = "permissionMode": PermissionMode,
            /// Source of the API key, e.g. `ANTHROPIC_API_KEY`, `none`.
            api_key_source = "apiKeySource": String,
            /// Name of the output style.
            output_style: String,
            /// Capabilities that the CLI declares to hosts
            /// ([wire reference, section 2.6](crate::guide::wire#26-capabilities)). Since 2.1.250.
            capabilities: Vec<String>,
            /// Types of subagents that are available.
            agents: Vec<String>,
            /// Enabled beta features of the API.
            betas: Vec<String>,
            /// Slash commands that work only in a terminal. Since 2.1.250.
            terminal_slash_commands: Vec<String>,
            /// Errors of plugins that could not be loaded.
            plugin_errors: Vec<PluginError>,
            /// State of the fast mode. Since 2.1.50.
            fast_mode_state: FastMode,
            /// Reason why the fast mode is not available. Since 2.1.250.
            fast_mode_disabled_reason: String,
            /// Reasoning effort of the model.
            effort: String,
            /// Level of detail in a terminal. Since 2.1.329.
            view_mode: String,
            /// `uuid`s of the prompts that the turn answers. Since 2.1.329.
            user_message_uuids: Vec<String>,
            /// Directories of the memories. Since 2.1.143.
            memory_paths: MemoryPaths,
            /// Path of the socket on which other sessions can send messages. Since 2.1.250.
            messaging_socket_path: String,
            /// `true` if the CLI sends no usage statistics. Since 2.1.143.
            analytics_disabled: bool,
            /// `true` if the CLI does not ask the user for feedback. Since 2.1.250.
            product_feedback_disabled: bool,
            /// `true` if Anthropic runs the process. Since 2.1.329.
            served_by_anthropic: bool,
            /// `true` if a prompt can set the reasoning effort of its turn. Since 2.1.329.
            per_turn_effort_active: bool,
            /// `true` if commands run in a sandbox. Since 2.1.332.
            sandbox_enabled: bool,
            /// Undocumented flag about the keyword `ultrathink`. Since 2.1.329.
            ultrathink_available: bool,
            /// Undocumented flag about the keyword `ultrathink`. Since 2.1.329.
            ultrathink_typed_raises: bool,
        }
        or_default {
            /// Names of the available tools.
            tools: Vec<String>,
            /// Configured MCP servers.
            mcp_servers: Vec<McpServer>,
            /// Names of the slash commands, without the slash.
            slash_commands: Vec<String>,
            /// Names of the available skills. Since 2.0.76.
            skills: Vec<String>,
            /// Loaded plugins. Since 2.0.76.
            plugins: Vec<Plugin>,
        }
    }

    /// MCP server and the state of its connection.
    pub struct McpServer {
        must {
            /// Name of the MCP server.
            name: String,
        }
        may {
            /// State of the connection: `connected`, `failed`, `needs-auth`, `pending` or `disabled`.
            status: String,
            /// Source of the configuration; `sdk` for an MCP server of the host. Since 2.1.329.
            source: String,
        }
    }

    /// Plugin that the CLI loaded.
    pub struct Plugin {
        must {
            /// Name of the plugin.
            name: String,
        }
        may {
            /// Path of the plugin, or `builtin`.
            path: String,
            /// Name of the plugin with the name of its marketplace. Since 2.1.329.
            source: String,
            /// Version of the plugin.
            version: String,
        }
    }

    /// Error of a plugin that could not be loaded.
    pub struct PluginError {
        may {
            /// Name of the plugin.
            plugin: String,
            /// Kind of the error.
            kind = "type": String,
            /// Description of the error.
            message: String,
            /// Path of the file that caused the error.
            path: String,
            /// Details of a policy that locks the plugin.
            managed_lock: Json,
        }
    }

    /// Directories of the memories. Since 2.1.143.
    pub struct MemoryPaths {
        may {
            /// Directory of the memories that the model writes.
            auto: String,
        }
    }

    /// `status`: the current activity of the CLI, or a new permission mode. Since 2.0.76.
    pub struct Status {
        may {
            /// Current activity; `None` if the previous activity has ended.
            status: Activity,
            /// New permission mode; `None` if the mode has not changed.
            permission_mode = "permissionMode": PermissionMode,
            /// Result of a compaction: `success` or `failed`. Since 2.1.143.
            compact_result: String,
            /// Description of the error, if the compaction failed. Since 2.1.329.
            compact_error: String,
            /// Length of the summary so far, in characters, while the conversation is compacted. Since 2.1.329.
            compact_output_chars: u64,
            /// `uuid`s of the prompts that the turn answers. Since 2.1.329.
            user_message_uuids: Vec<String>,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `session_state_changed`: the session became idle or busy. Seen since 2.1.329, with
    /// `CLAUDE_CODE_SDK_READS_SESSION_STATE`.
    pub struct SessionStateChanged {
        must {
            /// New state of the session.
            state: SessionState,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
        or_default {
            /// `true` if the message is meant for the host, not for its users.
            sdk_host_only: bool,
        }
    }

    /// `session_title_changed`: the session has a new title, e.g. after a `rename_session`. Since 2.1.329; the typings
    /// of the official SDKs do not list it.
    pub struct SessionTitleChanged {
        must {
            /// New title of the session.
            title: String,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `commands_changed`: the complete list of slash commands, which replaces the previous list.
    pub struct CommandsChanged {
        must {
            /// All slash commands.
            commands: Vec<SlashCommand>,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// Slash command of the CLI.
    pub struct SlashCommand {
        must {
            /// Name of the command, without the slash.
            name: String,
        }
        may {
            /// Description of the command.
            description: String,
            /// Hint about the arguments, for the user.
            argument_hint = "argumentHint": String,
            /// Other names of the command, without the slash.
            aliases: Vec<String>,
            /// `true` if the command is part of the CLI. Since 2.1.329.
            builtin: bool,
        }
    }

    /// `compact_boundary`: the conversation before this message was replaced with a summary.
    pub struct CompactBoundary {
        may {
            /// Details of the compaction.
            compact_metadata: CompactMetadata,
            /// `uuid` of the last message before the compaction. Since 2.1.250.
            logical_parent_uuid: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// Details of a compaction.
    pub struct CompactMetadata {
        may {
            /// Trigger of the compaction: `manual` or `auto`.
            trigger: String,
            /// Number of tokens in the context before the compaction.
            pre_tokens: u64,
            /// Number of tokens in the context after the compaction. Since 2.1.143.
            post_tokens: u64,
            /// Duration of the compaction, in milliseconds. Since 2.1.143.
            duration_ms: f64,
            /// Number of tokens that all compactions so far removed. Since 2.1.250.
            cumulative_dropped_tokens: u64,
            /// Part of the conversation that was kept unchanged.
            preserved_segment: Json,
            /// Messages that were kept unchanged.
            preserved_messages: Json,
        }
    }

    /// `plugin_install`: the progress of the installation of one plugin or of all.
    pub struct PluginInstall {
        must {
            /// State of the installation: `started`, `installed`, `failed` or `completed`.
            status: String,
        }
        may {
            /// Name of the plugin.
            name: String,
            /// Description of the error.
            error: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `worker_shutting_down`: the process is about to end. Only in remote sessions.
    pub struct WorkerShuttingDown {
        may {
            /// Reason for the end.
            reason: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }
}

words! {
    /// Activity of the CLI.
    pub enum Activity {
        /// Request to the API. Since 2.1.143.
        Requesting = "requesting",
        /// Compaction of the conversation.
        Compacting = "compacting",
    }

    /// State of the session, as reported by the CLI
    /// ([wire reference, section 2.2](crate::guide::wire#22-when-a-session-is-idle)).
    pub enum SessionState {
        /// No turn, background subagent or request is pending.
        Idle = "idle",
        /// A turn or a background subagent is running, or the end of a subagent is about to start a turn.
        Running = "running",
        /// The CLI waits for a response of the host.
        RequiresAction = "requires_action",
    }
}
