//! Messages about the session as a whole, except `system` messages.

use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// `conversation_reset` message: a new conversation starts in the same process, e.g. after `/clear`. Cumulative
    /// costs restart at zero. Since 2.1.250.
    pub struct ConversationReset {
        must {
            /// Identifier of the new session.
            new_conversation_id: String,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session that ends.
            session_id: String,
            /// Reason for the reset. Since 2.1.329.
            trigger: ResetTrigger,
            /// `uuid` of the prompt that caused the reset. Since 2.1.329.
            user_message_uuid: String,
            /// Time of the reset, in ISO 8601. Since 2.1.329.
            timestamp: String,
        }
    }

    /// `active_goal` message: the goal of the session was set, changed or removed.
    pub struct ActiveGoal {
        may {
            /// Current goal; `None` if the session has no goal any more.
            value: Goal,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// Goal that the session works towards.
    pub struct Goal {
        must {
            /// Condition under which the goal is reached, as text.
            condition: String,
        }
        may {
            /// Number of attempts so far.
            iterations: u64,
            /// Time when the goal was set.
            set_at: Json,
            /// Number of tokens used before the goal was set.
            tokens_at_start: u64,
            /// Reason why the goal is not reached yet.
            last_reason: String,
        }
    }

    /// `command_lifecycle` message: the state of a prompt with a `uuid` changed. Since 2.1.250.
    pub struct CommandLifecycle {
        must {
            /// `uuid` of the prompt.
            command_uuid: String,
            /// New state of the prompt.
            state: CommandState,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `prompt_suggestion` message: a suggestion for the next prompt. At most one per turn, after its result.
    pub struct PromptSuggestion {
        must {
            /// Text of the suggested prompt.
            suggestion: String,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `auth_status` message: the state of a login of the CLI.
    pub struct AuthStatus {
        may {
            /// `true` if the login is in progress.
            is_authenticating = "isAuthenticating": bool,
            /// Description of the error, if the login failed.
            error: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
        or_default {
            /// Lines of output for the user.
            output: Vec<String>,
        }
    }

    /// `keep_alive` message: a sign that the CLI is alive. A session counts these messages and emits no action for
    /// them.
    pub struct KeepAlive {
        may {
            /// Progress of the start of the CLI.
            startup_mark: Json,
        }
    }
}

words! {
    /// Reason for a new conversation in the same process.
    pub enum ResetTrigger {
        /// The user ran `/clear`.
        Clear = "clear",
        /// The user accepted a plan and left plan mode.
        PlanModeExit = "plan_mode_exit",
        /// A new session was requested.
        FreshSession = "fresh_session",
        /// The introduction for new users ended.
        Onboarding = "onboarding",
    }

    /// State of a prompt in the CLI.
    pub enum CommandState {
        /// The prompt is in the queue of the CLI.
        Queued = "queued",
        /// A turn has started to process the prompt.
        Started = "started",
        /// The CLI has finished with the prompt.
        Completed = "completed",
        /// The prompt was withdrawn, or its turn was interrupted or failed.
        Cancelled = "cancelled",
    }
}
