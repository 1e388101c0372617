//! Lines about the session as a whole that are no `system` lines.

use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// A `conversation_reset` line: the conversation begins anew, as after `/clear`. Costs are counted from zero again. From
    /// 2.1.250.
    pub struct ConversationReset {
        must {
            /// The new session.
            new_conversation_id: String,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session that it was.
            session_id: String,
            /// Why. From 2.1.329.
            trigger: ResetTrigger,
            /// The prompt that did it. From 2.1.329.
            user_message_uuid: String,
            /// When, in ISO 8601. From 2.1.329.
            timestamp: String,
        }
    }

    /// An `active_goal` line: what the session works for, or no longer.
    pub struct ActiveGoal {
        may {
            /// The goal; none where there is none any more.
            value: Goal,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// What the session works for.
    pub struct Goal {
        must {
            /// When it is reached, in words.
            condition: String,
        }
        may {
            /// How often it was tried.
            iterations: u64,
            /// Since when.
            set_at: Json,
            /// Tokens used when it was set.
            tokens_at_start: u64,
            /// Why it is not reached yet.
            last_reason: String,
        }
    }

    /// A `command_lifecycle` line: how far the CLI is with a prompt that has a uuid. From 2.1.250.
    pub struct CommandLifecycle {
        must {
            /// The prompt.
            command_uuid: String,
            /// How far it is.
            state: CommandState,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// A `prompt_suggestion` line: what the user might say next. At most one for a turn, after its result.
    pub struct PromptSuggestion {
        must {
            /// The prompt.
            suggestion: String,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// An `auth_status` line: the CLI logs in.
    pub struct AuthStatus {
        may {
            /// Whether it is at it.
            is_authenticating = "isAuthenticating": bool,
            /// What went wrong.
            error: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
        or_default {
            /// What it has to say.
            output: Vec<String>,
        }
    }

    /// A `keep_alive` line: a sign of life. A session counts these and hands none out.
    pub struct KeepAlive {
        may {
            /// How far the start is.
            startup_mark: Json,
        }
    }
}

words! {
    /// Why a conversation begins anew.
    pub enum ResetTrigger {
        /// `/clear`.
        Clear = "clear",
        /// A plan was accepted.
        PlanModeExit = "plan_mode_exit",
        /// A fresh session was asked for.
        FreshSession = "fresh_session",
        /// The first steps are done.
        Onboarding = "onboarding",
    }

    /// How far the CLI is with a prompt.
    pub enum CommandState {
        /// It waits.
        Queued = "queued",
        /// A turn has taken it up.
        Started = "started",
        /// It is done.
        Completed = "completed",
        /// It is withdrawn, or its turn was interrupted or failed.
        Cancelled = "cancelled",
    }
}
