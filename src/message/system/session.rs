//! The session: how it is set up, what it is at.

use crate::base::json::Json;
use crate::message::result::FastMode;
use crate::options::PermissionMode;
use crate::wire::view::{view, words};

view! {
    /// `init`: a turn begins. What it says holds from then on.
    pub struct Init {
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
            /// The CLI's version. From 2.0.76.
            claude_code_version: String,
            /// The working directory.
            cwd: String,
            /// The working directory in which the session began. From 2.1.329.
            original_cwd: String,
            /// Further directories that may be used. From 2.1.329.
            additional_directories: Vec<String>,
            /// The model.
            model: String,
            /// How calls of tools are decided.
            permission_mode = "permissionMode": PermissionMode,
            /// Where the key comes from: `ANTHROPIC_API_KEY`, `none`, ...
            api_key_source = "apiKeySource": String,
            /// How the model is to write.
            output_style: String,
            /// What the CLI can do, for what a host may rely on ([wire reference, section 2.6](crate::guide::wire#26-capabilities)). From 2.1.250.
            capabilities: Vec<String>,
            /// The kinds of subagents.
            agents: Vec<String>,
            /// Beta features of the API.
            betas: Vec<String>,
            /// Slash commands for a terminal only. From 2.1.250.
            terminal_slash_commands: Vec<String>,
            /// Plugins that could not be loaded.
            plugin_errors: Vec<PluginError>,
            /// Whether the model is to be fast. From 2.1.50.
            fast_mode_state: FastMode,
            /// Why it cannot be. From 2.1.250.
            fast_mode_disabled_reason: String,
            /// How hard the model is to try.
            effort: String,
            /// How much a terminal shows. From 2.1.329.
            view_mode: String,
            /// The prompts that the turn answers. From 2.1.329.
            user_message_uuids: Vec<String>,
            /// Where memories are kept. From 2.1.143.
            memory_paths: MemoryPaths,
            /// A socket on which other sessions can send messages. From 2.1.250.
            messaging_socket_path: String,
            /// Whether nothing is told about the use. From 2.1.143.
            analytics_disabled: bool,
            /// Whether nobody asks for an opinion. From 2.1.250.
            product_feedback_disabled: bool,
            /// Whether Anthropic runs the process. From 2.1.329.
            served_by_anthropic: bool,
            /// Whether a prompt can say how hard the model is to try. From 2.1.329.
            per_turn_effort_active: bool,
            /// True if commands run in a sandbox. Since 2.1.332.
            sandbox_enabled: bool,
            /// From 2.1.329.
            ultrathink_available: bool,
            /// From 2.1.329.
            ultrathink_typed_raises: bool,
        }
        or_default {
            /// The tools.
            tools: Vec<String>,
            /// The MCP servers.
            mcp_servers: Vec<McpServer>,
            /// The slash commands, without the slash.
            slash_commands: Vec<String>,
            /// The skills. From 2.0.76.
            skills: Vec<String>,
            /// The plugins. From 2.0.76.
            plugins: Vec<Plugin>,
        }
    }

    /// An MCP server, and whether it is there.
    pub struct McpServer {
        must {
            /// Its name.
            name: String,
        }
        may {
            /// Whether it is there: `connected`, `failed`, `needs-auth`, `pending`, `disabled`.
            status: String,
            /// Where it is configured; `sdk` for one of the host's. From 2.1.329.
            source: String,
        }
    }

    /// A plugin.
    pub struct Plugin {
        must {
            /// Its name.
            name: String,
        }
        may {
            /// Where it is, or `builtin`.
            path: String,
            /// Its name with its marketplace's. From 2.1.329.
            source: String,
            /// Its version.
            version: String,
        }
    }

    /// A plugin that could not be loaded.
    pub struct PluginError {
        may {
            /// Which.
            plugin: String,
            /// What kind of error.
            kind = "type": String,
            /// In words.
            message: String,
            /// The file.
            path: String,
            /// Whether it is locked by a policy.
            managed_lock: Json,
        }
    }

    /// Where memories are kept. From 2.1.143.
    pub struct MemoryPaths {
        may {
            /// Those that the model writes.
            auto: String,
        }
    }

    /// `status`: what the CLI is at; a new permission mode. From 2.0.76.
    pub struct Status {
        may {
            /// What it is at; none where that is over.
            status: Activity,
            /// The permission mode from now on, where that is new.
            permission_mode = "permissionMode": PermissionMode,
            /// How compacting ended: `success` or `failed`. From 2.1.143.
            compact_result: String,
            /// Why it failed. From 2.1.329.
            compact_error: String,
            /// The prompts that the turn answers. From 2.1.329.
            user_message_uuids: Vec<String>,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `session_state_changed`: whether anything is owed; seen from 2.1.329 on, with `CLAUDE_CODE_SDK_READS_SESSION_STATE`.
    pub struct SessionStateChanged {
        must {
            /// What holds from now on.
            state: SessionState,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
        or_default {
            /// Meant for the host itself, not for its users.
            sdk_host_only: bool,
        }
    }

    /// `session_title_changed`: seen after a `rename_session`. From 2.1.329; not in the reference.
    pub struct SessionTitleChanged {
        must {
            /// The title.
            title: String,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `commands_changed`: all slash commands; those that were known before are no more.
    pub struct CommandsChanged {
        must {
            /// The commands.
            commands: Vec<SlashCommand>,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// A slash command.
    pub struct SlashCommand {
        must {
            /// Its name, without the slash.
            name: String,
        }
        may {
            /// What it does.
            description: String,
            /// What comes after the name.
            argument_hint = "argumentHint": String,
            /// Its other names.
            aliases: Vec<String>,
            /// Whether the CLI brings it. From 2.1.329.
            builtin: bool,
        }
    }

    /// `compact_boundary`: what was before is summed up.
    pub struct CompactBoundary {
        may {
            /// How that came.
            compact_metadata: CompactMetadata,
            /// Uuid of the last message before the compaction. Since 2.1.250.
            logical_parent_uuid: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// How the context came to be summed up.
    pub struct CompactMetadata {
        may {
            /// `manual` or `auto`.
            trigger: String,
            /// Tokens before.
            pre_tokens: u64,
            /// Tokens after. From 2.1.143.
            post_tokens: u64,
            /// How long it took, in milliseconds. From 2.1.143.
            duration_ms: f64,
            /// Tokens that this compaction and the earlier ones removed. Since 2.1.250.
            cumulative_dropped_tokens: u64,
            /// What was kept as it was.
            preserved_segment: Json,
            /// The messages that were kept as they were.
            preserved_messages: Json,
        }
    }

    /// `plugin_install`: a plugin is being installed, or all of them.
    pub struct PluginInstall {
        must {
            /// How far that is: `started`, `installed`, `failed`, `completed`.
            status: String,
        }
        may {
            /// Which.
            name: String,
            /// Why it failed.
            error: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `worker_shutting_down`: the process will end; only where it runs in the cloud.
    pub struct WorkerShuttingDown {
        may {
            /// Why.
            reason: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }
}

words! {
    /// What the CLI is at.
    pub enum Activity {
        /// It asks the API. From 2.1.143.
        Requesting = "requesting",
        /// It sums up what was said.
        Compacting = "compacting",
    }

    /// Whether anything is owed ([wire reference, section 2.2](crate::guide::wire#22-when-a-session-is-idle)).
    pub enum SessionState {
        /// Nothing is.
        Idle = "idle",
        /// A turn, a subagent in the background, or the turn that its end will cause.
        Running = "running",
        /// An answer of the host is.
        RequiresAction = "requires_action",
    }
}
