//! `system` messages about hooks that the CLI runs itself. The CLI sends them with `--include-hook-events`, and for
//! `SessionStart` and `Setup` always.

use crate::wire::view::{view, words};

view! {
    /// `hook_started`: a hook has started.
    pub struct HookStarted {
        may {
            /// Identifier of this run of the hook.
            hook_id: String,
            /// Name of the hook.
            hook_name: String,
            /// Event that the hook is for; see [`event`](HookStarted::event).
            hook_event: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `hook_progress`: the output of a running hook so far.
    pub struct HookProgress {
        may {
            /// Identifier of this run of the hook.
            hook_id: String,
            /// Name of the hook.
            hook_name: String,
            /// Event that the hook is for; see [`event`](HookProgress::event).
            hook_event: String,
            /// Output of the hook on stdout.
            stdout: String,
            /// Output of the hook on stderr.
            stderr: String,
            /// Output of the hook on stdout and stderr.
            output: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `hook_response`: a hook has ended.
    pub struct HookResponse {
        may {
            /// Identifier of this run of the hook.
            hook_id: String,
            /// Name of the hook.
            hook_name: String,
            /// Event that the hook is for; see [`event`](HookResponse::event).
            hook_event: String,
            /// Output of the hook on stdout.
            stdout: String,
            /// Output of the hook on stderr.
            stderr: String,
            /// Output of the hook on stdout and stderr.
            output: String,
            /// Exit code of the hook.
            exit_code: i64,
            /// Outcome of the hook.
            outcome: HookOutcome,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }
}

words! {
    /// Outcome of a hook.
    pub enum HookOutcome {
        /// The hook succeeded.
        Success = "success",
        /// The hook failed.
        Error = "error",
        /// The hook was cancelled.
        Cancelled = "cancelled",
    }
}

macro_rules! event {
    ($($line:ident)+) => {$(
        impl $line {
            /// Returns the event that the hook is for, e.g. `SessionStart`. If the message does not name the event,
            /// returns the name of the hook, like the official SDKs.
            #[must_use]
            pub fn event(&self) -> Option<&str> {
                self.hook_event.as_deref().or(self.hook_name.as_deref())
            }
        }
    )+};
}

event!(HookStarted HookProgress HookResponse);
