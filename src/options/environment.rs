//! The child's environment: what it inherits no more, what is set, helpers for known variables.
//!
//! The helpers' names come from the SDKs' typings; all of them occur in 2.1.329, and what they do is
//! not tested here.

use super::{Options, OptionsError, PreviewFormat};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Inherited from a session that the host itself runs in, these would describe the wrong parent.
///
/// `CLAUDE_CODE_ENTRYPOINT` is not replaced by a name of ours: the code of 2.1.329 takes
/// only `sdk-ts`, `sdk-py` and `sdk-cli` for SDK sessions, and without the variable 1.0.128, 2.0.76 and
/// 2.1.329 set `sdk-cli` themselves. The other two name another SDK.
const NOT_INHERITED: &[&str] =
    &["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_AGENT_SDK_VERSION", "CLAUDE_AGENT_SDK_DERIVED_CLIENT_APP"];

/// What else 2.1.329 gives to the programs that it runs.
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

/// One change to the environment, in order: a later one wins.
#[derive(Clone, PartialEq, Eq)]
pub enum EnvChange {
    /// Sets a variable.
    Set(OsString, OsString),
    /// Takes a variable away from what is inherited.
    Remove(OsString),
}

impl EnvChange {
    /// The variable's name.
    pub fn variable(&self) -> &OsStr {
        match self {
            Self::Set(name, _) | Self::Remove(name) => name,
        }
    }
}

/// Prints no value: values are keys and tokens.
impl fmt::Debug for EnvChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(name, _) => write!(f, "Set({name:?}, ..)"),
            Self::Remove(name) => write!(f, "Remove({name:?})"),
        }
    }
}

/// The caller's part of the environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    pub(super) clear: bool,
    pub(super) changes: Vec<EnvChange>,
}

impl Environment {
    /// All changes: ours first, the caller's after them.
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
        // The host reads these lines, whatever its own environment says; a caller who names the
        // variable in any letter case has decided.
        if !self.changes.iter().any(|change| change.variable().eq_ignore_ascii_case(SESSION_STATE)) {
            all.push(set(SESSION_STATE, "1"));
        }
        // The host's own would be stale; 1.0.128 reads it for the link by which it was started.
        if let (Some(directory), false, false) = (directory, windows, named("PWD")) {
            // By the rule of the system that starts the CLI, which may be another than this one.
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
    /// Sets a variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let change = EnvChange::Set(name.into(), value.into());
        self.environment.changes.push(change);
        self
    }

    /// Takes a variable away from what is inherited.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.environment.changes.push(EnvChange::Remove(name.into()));
        self
    }

    /// Inherits nothing, `PATH` and `HOME` included; what is set here still holds.
    pub fn env_clear(mut self) -> Self {
        self.environment.clear = true;
        self
    }

    /// Has the CLI report `session_state_changed`, as is the default for the versions that can.
    pub fn session_state(self) -> Self {
        self.env(SESSION_STATE, "1")
    }

    /// Has the CLI report no `session_state_changed`.
    pub fn no_session_state(self) -> Self {
        self.env_remove(SESSION_STATE)
    }

    /// Takes away what an outer session of 2.1.329 leaves to a host that runs inside of it: its id,
    /// its message socket and token, its effort.
    pub fn without_outer_session(self) -> Self {
        OUTER_SESSION.iter().fold(self, |this, name| this.env_remove(name))
    }

    /// Takes away `NODE_OPTIONS`.
    ///
    /// Kept by default: it often holds what a network needs (certificates, a proxy, memory). Take it
    /// away when the host itself is started with options that its child must not repeat, `--inspect`
    /// among them.
    pub fn without_node_options(self) -> Self {
        self.env_remove("NODE_OPTIONS")
    }

    /// Reads and writes the CLI's configuration in this directory (`CLAUDE_CONFIG_DIR`).
    pub fn config_dir(self, directory: impl AsRef<Path>) -> Self {
        self.env("CLAUDE_CONFIG_DIR", directory.as_ref())
    }

    /// Keeps copies of files, so that `rewind_files` requests work.
    pub fn file_checkpointing(self) -> Self {
        self.env("CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING", "true")
    }

    /// Sets the format of previews in questions.
    pub fn question_preview_format(self, format: PreviewFormat) -> Self {
        self.env("CLAUDE_CODE_QUESTION_PREVIEW_FORMAT", format.as_str())
    }

    /// Names the application to the API (`CLAUDE_AGENT_SDK_CLIENT_APP`): `my-app/1.2`.
    pub fn client_app(self, name: impl Into<String>) -> Self {
        self.env("CLAUDE_AGENT_SDK_CLIENT_APP", name.into())
    }

    /// Sets the trace that the CLI's spans belong to; an inherited state of another one is dropped.
    pub fn trace_context(self, parent: impl Into<String>, state: Option<String>) -> Self {
        let this = self.env("TRACEPARENT", parent.into());
        match state {
            Some(state) => this.env("TRACESTATE", state),
            None => this.env_remove("TRACESTATE"),
        }
    }

    /// Gives MCP tools this long (`MCP_TOOL_TIMEOUT`, milliseconds).
    pub fn mcp_tool_timeout(self, time: Duration) -> Self {
        self.millis("MCP_TOOL_TIMEOUT", time)
    }

    /// Limits how long the CLI waits for background work after stdin was closed
    /// (`CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS`).
    pub fn background_wait_ceiling(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS", time)
    }

    /// Limits how long a dialog stays open (`CLAUDE_CODE_USER_DIALOG_TIMEOUT_MS`).
    pub fn user_dialog_timeout(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_USER_DIALOG_TIMEOUT_MS", time)
    }

    /// Joins stream events for this long (`CLAUDE_CODE_STREAM_EVENT_HOLD_MS`).
    pub fn stream_event_hold(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_STREAM_EVENT_HOLD_MS", time)
    }

    /// Joins stream events for this long while nobody watches
    /// (`CLAUDE_CODE_STREAM_EVENT_NO_SUBSCRIBER_HOLD_MS`; see `set_has_subscribers`).
    pub fn stream_event_hold_unwatched(self, time: Duration) -> Self {
        self.millis("CLAUDE_CODE_STREAM_EVENT_NO_SUBSCRIBER_HOLD_MS", time)
    }

    /// Limits the wait for the first byte of an API response (`CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS`).
    pub fn first_byte_timeout(self, time: Duration) -> Self {
        self.millis("CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS", time)
    }

    /// Reports a failed start as an error result, not on stderr alone.
    pub fn startup_failure_results(self) -> Self {
        self.env("CLAUDE_CODE_STARTUP_FAILURE_RESULTS", "1")
    }

    /// Reports marks of the start-up on `keep_alive` lines.
    pub fn startup_marks(self) -> Self {
        self.env("CLAUDE_CODE_SDK_READS_STARTUP_MARKS", "1")
    }

    /// Installs plugins before the session starts, not beside it.
    pub fn sync_plugin_install(self) -> Self {
        self.env("CLAUDE_CODE_SYNC_PLUGIN_INSTALL", "1")
    }

    /// Allows no background tasks.
    pub fn disable_background_tasks(self) -> Self {
        self.env("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1")
    }

    /// Runs a resumed session's interrupted turn again.
    pub fn resume_interrupted_turn(self) -> Self {
        self.env("CLAUDE_CODE_RESUME_INTERRUPTED_TURN", "1")
    }

    /// Says why the session is resumed (`CLAUDE_CODE_RESUME_REASON`).
    pub fn resume_reason(self, reason: impl Into<String>) -> Self {
        self.env("CLAUDE_CODE_RESUME_REASON", reason.into())
    }

    fn millis(self, name: &str, time: Duration) -> Self {
        self.env(name, time.as_millis().to_string())
    }
}
