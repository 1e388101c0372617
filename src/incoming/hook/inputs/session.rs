//! Inputs of hooks for prompts, the session, the model and compactions.

use crate::wire::view::{view, words};

view! {
    /// Input of `Notification`: the CLI notifies the user.
    pub struct NotificationHookInput {
        must {
            /// Text of the notification.
            message: String,
        }
        may {
            /// Title of the notification.
            title: String,
            /// Type of the notification, e.g. `permission_prompt`.
            notification_type: String,
        }
    }

    /// Input of `UserPromptSubmit`: a prompt is about to be processed.
    pub struct UserPromptSubmitHookInput {
        must {
            /// Text of the prompt.
            prompt: String,
        }
        may {
            /// Source of the prompt: `user`, `sdk`, `system`, `loop_wakeup`, `schedule_wakeup` or `poll_event`.
            source: String,
            /// Title of the session.
            session_title: String,
        }
    }

    /// Input of `UserPromptExpansion`: a slash command is about to be expanded into a prompt.
    pub struct UserPromptExpansionHookInput {
        must {
            /// Name of the command, without the slash.
            command_name: String,
        }
        may {
            /// Type of the expansion: `slash_command` or `mcp_prompt`.
            expansion_type: String,
            /// Arguments of the command.
            command_args: String,
            /// Source of the command, e.g. `projectSettings`.
            command_source: String,
            /// Prompt as the user wrote it.
            prompt: String,
        }
    }

    /// Input of `SessionStart`: a session starts, or continues under another id.
    pub struct SessionStartHookInput {
        must {}
        may {
            /// Reason for the start.
            source: SessionSource,
            /// Name of the model.
            model: String,
            /// Title of the session.
            session_title: String,
            /// Time since the last answer, in seconds.
            seconds_since_last_response: f64,
            /// Size of the conversation, in tokens.
            context_tokens: u64,
            /// `true` if the prompt cache of the API has probably expired.
            prompt_cache_likely_expired: bool,
            /// Estimated cost of writing the conversation to the prompt cache again, in US dollars.
            estimated_cache_write_usd: f64,
        }
    }

    /// Input of `SessionEnd`: a session ends.
    pub struct SessionEndHookInput {
        must {}
        may {
            /// Reason for the end: `clear`, `resume`, `logout`, `prompt_input_exit` or `other`.
            reason: String,
        }
    }

    /// Input of `PreCompact`: the conversation is about to be compacted.
    pub struct PreCompactHookInput {
        must {}
        may {
            /// Trigger of the compaction: `manual` or `auto`.
            trigger: String,
            /// Instructions of the user for the compaction. Without instructions, 2.1.329 sends null and 2.0.76 an
            /// empty string.
            custom_instructions: String,
        }
    }

    /// Input of `PostCompact`: the conversation was compacted.
    pub struct PostCompactHookInput {
        must {}
        may {
            /// Trigger of the compaction: `manual` or `auto`.
            trigger: String,
            /// Summary that replaces the conversation.
            compact_summary: String,
        }
    }

    /// Input of `PreModelSwitch`: the model is about to change.
    pub struct PreModelSwitchHookInput {
        must {
            /// Name of the new model.
            to_model: String,
        }
        may {
            /// Name of the current model.
            from_model: String,
            /// Model as requested; null for the default model.
            requested_model: String,
            /// Source of the request: `command`, `picker` or `sdk`.
            source: String,
            /// Size of the conversation, in tokens.
            context_tokens: u64,
            /// `true` if the prompt cache of the API contains the conversation.
            prompt_cache_warm: bool,
            /// Lifetime of the prompt cache: `5m` or `1h`.
            cache_ttl: String,
            /// Estimated cost of writing the conversation to the prompt cache of the new model, in US dollars.
            estimated_cache_write_usd: f64,
            /// Source of the prices: `configured`, `catalog` or `default`.
            pricing: String,
        }
    }

    /// Input of `PostModelSwitch`: the model has changed.
    pub struct PostModelSwitchHookInput {
        must {
            /// Name of the new model.
            to_model: String,
        }
        may {
            /// Name of the previous model.
            from_model: String,
            /// Model as requested; null for the default model.
            requested_model: String,
            /// Source of the request: `command`, `picker`, `sdk`, `auto` or `resume`.
            source: String,
            /// Size of the conversation, in tokens.
            context_tokens: u64,
            /// `true` if the prompt cache of the API contains the conversation.
            prompt_cache_warm: bool,
            /// Lifetime of the prompt cache: `5m` or `1h`.
            cache_ttl: String,
            /// Estimated cost of writing the conversation to the prompt cache of the new model, in US dollars.
            estimated_cache_write_usd: f64,
            /// Source of the prices: `configured`, `catalog` or `default`.
            pricing: String,
        }
    }

    /// Input of `Setup`: the CLI was started to set up or maintain a project.
    pub struct SetupHookInput {
        must {}
        may {
            /// Purpose of the start: `init` or `maintenance`.
            trigger: String,
        }
    }

    /// Input of `MessageDisplay`: a part of an answer is about to be displayed.
    pub struct MessageDisplayHookInput {
        must {
            /// Text of the part.
            delta: String,
        }
        may {
            /// Identifier that the CLI assigned to the turn.
            turn_id: String,
            /// Identifier of the message.
            message_id: String,
            /// Index of the part in the message, from 0.
            index: u64,
            /// `true` if the part is the last one of the message.
            is_final = "final": bool,
        }
    }
}

words! {
    /// Reason for the start of a session.
    pub enum SessionSource {
        /// The CLI was started.
        Startup = "startup",
        /// A session was resumed.
        Resume = "resume",
        /// The conversation was cleared.
        Clear = "clear",
        /// The conversation was compacted.
        Compact = "compact",
        /// A session was forked.
        Fork = "fork",
    }
}
