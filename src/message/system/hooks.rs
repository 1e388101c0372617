//! Hooks that the CLI runs itself, with `--include-hook-events`; those of the session's start and setup always.

use crate::wire::view::{view, words};

view! {
    /// `hook_started`.
    pub struct HookStarted {
        may {
            /// This run of the hook.
            hook_id: String,
            /// The hook.
            hook_name: String,
            /// The event; see [`event`](HookStarted::event).
            hook_event: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `hook_progress`: what the hook has said so far.
    pub struct HookProgress {
        may {
            /// This run of the hook.
            hook_id: String,
            /// The hook.
            hook_name: String,
            /// The event; see [`event`](HookProgress::event).
            hook_event: String,
            /// What it wrote to stdout.
            stdout: String,
            /// What it wrote to stderr.
            stderr: String,
            /// Both.
            output: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `hook_response`: a hook ended.
    pub struct HookResponse {
        may {
            /// This run of the hook.
            hook_id: String,
            /// The hook.
            hook_name: String,
            /// The event; see [`event`](HookResponse::event).
            hook_event: String,
            /// What it wrote to stdout.
            stdout: String,
            /// What it wrote to stderr.
            stderr: String,
            /// Both.
            output: String,
            /// Its exit code.
            exit_code: i64,
            /// How it ended.
            outcome: HookOutcome,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }
}

words! {
    /// How a hook ended.
    pub enum HookOutcome {
        /// Well.
        Success = "success",
        /// It failed.
        Error = "error",
        /// It was stopped.
        Cancelled = "cancelled",
    }
}

macro_rules! event {
    ($($line:ident)+) => {$(
        impl $line {
            /// The event that the hook is for: `SessionStart`, ...; where the line does not name it, the hook's name, as the
            /// official SDKs have it.
            #[must_use]
            pub fn event(&self) -> Option<&str> {
                self.hook_event.as_deref().or(self.hook_name.as_deref())
            }
        }
    )+};
}

event!(HookStarted HookProgress HookResponse);
