//! Prompts, the session, its model and its memory.

use crate::wire::view::{view, words};

view! {
    /// The CLI has something to tell the user.
    pub struct NotificationHookInput {
        must {
            /// What.
            message: String,
        }
        may {
            /// A heading.
            title: String,
            /// What it is about, as `permission_prompt`.
            notification_type: String,
        }
    }

    /// A prompt is about to be run.
    pub struct UserPromptSubmitHookInput {
        must {
            /// Its text.
            prompt: String,
        }
        may {
            /// Where it is from: `user`, `sdk`, `system`, `loop_wakeup`, `schedule_wakeup`, `poll_event`.
            source: String,
            /// The session's title.
            session_title: String,
        }
    }

    /// A slash command is about to become a prompt.
    pub struct UserPromptExpansionHookInput {
        must {
            /// The command, without its slash.
            command_name: String,
        }
        may {
            /// `slash_command` or `mcp_prompt`.
            expansion_type: String,
            /// What stands behind the command.
            command_args: String,
            /// Where the command is from, as `projectSettings`.
            command_source: String,
            /// The prompt as it was written.
            prompt: String,
        }
    }

    /// A session begins, or goes on under another id.
    pub struct SessionStartHookInput {
        must {}
        may {
            /// Why.
            source: SessionSource,
            /// The model.
            model: String,
            /// The session's title.
            session_title: String,
            /// How long ago the last answer was, in seconds.
            seconds_since_last_response: f64,
            /// How much the conversation holds, in tokens.
            context_tokens: u64,
            /// Whether the API has probably forgotten it.
            prompt_cache_likely_expired: bool,
            /// What it would cost to have the API remember it again, in US dollars.
            estimated_cache_write_usd: f64,
        }
    }

    /// A session ends.
    pub struct SessionEndHookInput {
        must {}
        may {
            /// Why: `clear`, `resume`, `logout`, `prompt_input_exit`, `other`.
            reason: String,
        }
    }

    /// The conversation is about to be compacted.
    pub struct PreCompactHookInput {
        must {}
        may {
            /// `manual` or `auto`.
            trigger: String,
            /// What the user said of it; null on 2.1.329 and empty on 2.0.76 where nothing was.
            custom_instructions: String,
        }
    }

    /// The conversation was compacted.
    pub struct PostCompactHookInput {
        must {}
        may {
            /// `manual` or `auto`.
            trigger: String,
            /// What is left of it.
            compact_summary: String,
        }
    }

    /// The model is about to change.
    pub struct PreModelSwitchHookInput {
        must {
            /// The model that it is to be.
            to_model: String,
        }
        may {
            /// The model that it is.
            from_model: String,
            /// The model as it was asked for; null for the default.
            requested_model: String,
            /// Who asked: `command`, `picker`, `sdk`.
            source: String,
            /// How much the conversation holds, in tokens.
            context_tokens: u64,
            /// Whether the API remembers the conversation.
            prompt_cache_warm: bool,
            /// How long it remembers: `5m` or `1h`.
            cache_ttl: String,
            /// What it would cost to have the other model remember it, in US dollars.
            estimated_cache_write_usd: f64,
            /// Where the prices are from: `configured`, `catalog`, `default`.
            pricing: String,
        }
    }

    /// The model has changed.
    pub struct PostModelSwitchHookInput {
        must {
            /// The model that it is.
            to_model: String,
        }
        may {
            /// The model that it was.
            from_model: String,
            /// The model as it was asked for; null for the default.
            requested_model: String,
            /// Who asked: `command`, `picker`, `sdk`, `auto`, `resume`.
            source: String,
            /// How much the conversation holds, in tokens.
            context_tokens: u64,
            /// Whether the API remembers the conversation.
            prompt_cache_warm: bool,
            /// How long it remembers: `5m` or `1h`.
            cache_ttl: String,
            /// What it costs to have the other model remember it, in US dollars.
            estimated_cache_write_usd: f64,
            /// Where the prices are from: `configured`, `catalog`, `default`.
            pricing: String,
        }
    }

    /// The CLI was started to set up or to maintain a project.
    pub struct SetupHookInput {
        must {}
        may {
            /// `init` or `maintenance`.
            trigger: String,
        }
    }

    /// A part of an answer is about to be shown.
    pub struct MessageDisplayHookInput {
        must {
            /// The text.
            delta: String,
        }
        may {
            /// The turn, by an id of the CLI's own.
            turn_id: String,
            /// The message.
            message_id: String,
            /// Which part of it, from 0.
            index: u64,
            /// Whether it is the last.
            is_final = "final": bool,
        }
    }
}

words! {
    /// Why a session begins.
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
