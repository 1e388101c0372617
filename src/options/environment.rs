//! Environment of the child process: removed variables, set variables, and methods for known variables.
//!
//! The SDKs' typings name the known variables, and all of them occur in the binary of 2.1.329. Their effects are not tested
//! here.

use super::{Options, OptionsError, PreviewFormat};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Variables of a session that the host itself runs in. In a child they would describe the wrong parent.
///
/// `CLAUDE_CODE_ENTRYPOINT` is not set to a value of this crate. For SDK sessions, the code of 2.1.329 accepts only
/// `sdk-ts`, `sdk-py` and `sdk-cli`. Without the variable, 1.0.128, 2.0.76 and 2.1.329 set `sdk-cli` themselves. The last
/// two variables name another SDK.
const NOT_INHERITED: &[&str] =
    &["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_AGENT_SDK_VERSION", "CLAUDE_AGENT_SDK_DERIVED_CLIENT_APP"];

/// Further variables that 2.1.329 sets for the programs that it runs.
const OUTER_SESSION: &[&str] = &[
    "AI_AGENT",
    "CLAUDE_CODE_CHILD_NOTES_DIR",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_EXECPATH",
    "CLAUDE_CODE_MESSAGING_SOCKET",
    "CLAUDE_CODE_MESSAGING_TOKEN",
    "CLAUDE_CODE_SESSION_ATTENDED",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_EFFORT",
    "CLAUDE_PID",
];

const SESSION_STATE: &str = "CLAUDE_CODE_SDK_READS_SESSION_STATE";

/// A change to the environment. Changes apply in order: a later one overrides an earlier one.
#[derive(Clone, PartialEq, Eq)]
pub enum EnvChange {
    /// Sets a variable.
    Set(OsString, OsString),
    /// Removes an inherited variable.
    Remove(OsString),
}

impl EnvChange {
    /// Returns the name of the variable.
    pub fn variable(&self) -> &OsStr {
        match self {
            Self::Set(name, _) | Self::Remove(name) => name,
        }
    }
}

/// Shows no values: values can be keys and tokens.
impl fmt::Debug for EnvChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(name, _) => write!(f, "Set({name:?}, ..)"),
            Self::Remove(name) => write!(f, "Remove({name:?})"),
        }
    }
}

/// Changes to the environment that the caller requested.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    pub(super) clear: bool,
    pub(super) changes: Vec<EnvChange>,
}

impl Environment {
    /// Returns all changes: first those of this crate, then those of the caller.
    pub(super) fn resolved(&self, directory: Option<&Path>, windows: bool) -> Result<Vec<EnvChange>, OptionsError> {
        for change in &self.changes {
            let name = change.variable().as_encoded_bytes();
            if name.is_empty() || name.contains(&b'=') || name.contains(&0) {
                return Err(OptionsError::VariableName { name: change.variable().to_owned() });
            }
            if let EnvChange::Set(name, value) = change {
                if value.as_encoded_bytes().contains(&0) {
                    return Err(OptionsError::Nul { option: name.to_string_lossy().into_owned() });
                }
            }
        }
        let named = |ours: &str| self.changes.iter().any(|change| change.variable() == ours);
        let mut all = Vec::new();
        if !self.clear {
            let ours = NOT_INHERITED.iter().filter(|ours| !named(ours));
            all.extend(ours.map(|ours| EnvChange::Remove(ours.into())));
        }
        // This crate reads these messages, so an inherited value does not count. If the caller names the variable, in any
        // letter case, the caller's choice applies.
        if !self.changes.iter().any(|change| change.variable().eq_ignore_ascii_case(SESSION_STATE)) {
            all.push(set(SESSION_STATE, "1"));
        }
        // An inherited `PWD` would be wrong; 1.0.128 reads it to find the link that was used to start it.
        if let (Some(directory), false, false) = (directory, windows, named("PWD")) {
            // The rule of the system that starts the CLI, which may be another system than the host's.
            if directory.as_os_str().as_encoded_bytes().starts_with(b"/") {
                all.push(set("PWD", directory));
            } else if !self.clear {
                all.push(EnvChange::Remove("PWD".into()));
            }
        }
        all.extend(self.changes.iter().cloned());
        Ok(all)
    }
}

fn set(name: &str, value: impl AsRef<OsStr>) -> EnvChange {
    EnvChange::Set(name.into(), value.as_ref().to_owned())
}

impl Options {
    /// Sets an environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let change = EnvChange::Set(name.into(), value.into());
        self.environment.changes.push(change);
        self
    }

    /// Removes an inherited environment variable.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.environment.changes.push(EnvChange::Remove(name.into()));
        self
    }

    /// Clears the inherited environment, including `PATH` and `HOME`. Variables that these options set are kept.
    pub fn env_clear(mut self) -> Self {
        self.environment.clear = true;
        self
    }

    /// Makes the CLI report `session_state_changed`. This is the default, in versions that support it.
    pub fn session_state(self) -> Self {
        self.env(SESSION_STATE, "1")
    }

    /// Prevents the CLI from reporting `session_state_changed`.
    pub fn no_session_state(self) -> Self {
        self.env_remove(SESSION_STATE)
    }

    /// Removes the variables that an outer session of 2.1.329 sets for a host that runs inside it: its id, its message
    /// socket and token, and its effort.
    pub fn without_outer_session(self) -> Self {
        OUTER_SESSION.iter().fold(self, |this, name| this.env_remove(name))
    }

    /// Removes an inherited `NODE_OPTIONS`.
    ///
    /// By default the variable is kept: it often contains settings of the network (certificates, a proxy) or of memory.
    /// Remove it if the host was started with options that the child must not repeat, e.g. `--inspect`.
    pub fn without_node_options(self) -> Self {
        self.env_remove("NODE_OPTIONS")
    }

    /// Sets the directory of the CLI's configuration (`CLAUDE_CONFIG_DIR`).
    pub fn config_dir(self, directory: impl AsRef<Path>) -> Self {
        self.env("CLAUDE_CONFIG_DIR", directory.as_ref())
    }

    /// Makes the CLI keep copies of files, as `rewind_files` requests require.
    pub fn file_checkpointing(self) -> Self {
        self.env("CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING", "true")
    }

    /// Sets the format of previews in questions.
    pub fn question_preview_format(self, format: PreviewFormat) -> Self {
        self.env("CLAUDE_CODE_QUESTION_PREVIEW_FORMAT", format.as_str())
    }

    /// Sets the application name that is sent to the API, e.g. `my-app/1.2` (`CLAUDE_AGENT_SDK_CLIENT_APP`).
    pub fn client_app(self, name: impl Into<String>) -> Self {
        self.env("CLAUDE_AGENT_SDK_CLIENT_APP", name.into())
    }

    /// Sets the trace that the CLI's spans belong to. The inherited state of another trace is removed.
    pub fn trace_context(self, parent: impl Into<String>, state: Option<String>) -> Self {
        let this = self.env("TRACEPARENT", parent.into());
        match state {
            Some(state) => this.env("TRACESTATE", state),
            None => this.env_remove("TRACESTATE"),
        }
    }

    /// Sets the timeout of MCP tools (`MCP_TOOL_TIMEOUT`, in milliseconds).
    pub fn mcp_tool_timeout(self, time: Duration) -> Self {
        self.millis("MCP_TOOL_TIMEOUT", time)
    }

    /// Limits the wait for background work after stdin was closed (`CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS`).
    pub fn background_wait_ceiling(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS", time)
    }

    /// Limits the time that a dialog stays open (`CLAUDE_CODE_USER_DIALOG_TIMEOUT_MS`).
    pub fn user_dialog_timeout(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_USER_DIALOG_TIMEOUT_MS", time)
    }

    /// Sets the period in which stream events are joined (`CLAUDE_CODE_STREAM_EVENT_HOLD_MS`).
    pub fn stream_event_hold(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_STREAM_EVENT_HOLD_MS", time)
    }

    /// Sets the period in which stream events are joined while the stream has no reader
    /// (`CLAUDE_CODE_STREAM_EVENT_NO_SUBSCRIBER_HOLD_MS`). See [`SetHasSubscribers`](crate::request::SetHasSubscribers).
    pub fn stream_event_hold_unwatched(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_STREAM_EVENT_NO_SUBSCRIBER_HOLD_MS", time)
    }

    /// Limits the wait for the first byte of an API response (`CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS`).
    pub fn first_byte_timeout(self, time: Duration) -> Self {
        self.millis("CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS", time)
    }

    /// Makes the CLI report a failed start as an error result, not only on stderr.
    pub fn startup_failure_results(self) -> Self {
        self.env("CLAUDE_CODE_STARTUP_FAILURE_RESULTS", "1")
    }

    /// Makes the CLI report startup marks on `keep_alive` lines.
    pub fn startup_marks(self) -> Self {
        self.env("CLAUDE_CODE_SDK_READS_STARTUP_MARKS", "1")
    }

    /// Makes the CLI install plugins before the session starts, instead of concurrently.
    pub fn sync_plugin_install(self) -> Self {
        self.env("CLAUDE_CODE_SYNC_PLUGIN_INSTALL", "1")
    }

    /// Disables background tasks.
    pub fn disable_background_tasks(self) -> Self {
        self.env("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1")
    }

    /// Makes a resumed session run its interrupted turn again.
    pub fn resume_interrupted_turn(self) -> Self {
        self.env("CLAUDE_CODE_RESUME_INTERRUPTED_TURN", "1")
    }

    /// Sets the reason for resuming the session (`CLAUDE_CODE_RESUME_REASON`).
    pub fn resume_reason(self, reason: impl Into<String>) -> Self {
        self.env("CLAUDE_CODE_RESUME_REASON", reason.into())
    }

    fn millis(self, name: &str, time: Duration) -> Self {
        self.env(name, time.as_millis().to_string())
    }
}
