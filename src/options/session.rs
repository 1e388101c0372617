//! Builder methods for the session: resuming, storage and reporting.

use super::{Options, Worktree};
use std::path::Path;

impl Options {
    /// Resumes a session, given by its id. Newer versions also accept its title.
    ///
    /// The value is bound to the flag, so that it cannot act as a flag itself.
    ///
    /// ```
    /// use claude_duplex::options::Options;
    /// let invocation = Options::new().resume("--version").invocation()?;
    /// assert_eq!(invocation.args[0], "--resume=--version");
    /// # Ok::<(), claude_duplex::options::OptionsError>(())
    /// ```
    pub fn resume(self, session: impl Into<String>) -> Self {
        self.put("--resume", session.into())
    }

    /// Continues the latest session of the directory.
    pub fn continue_latest(self) -> Self {
        self.switch("--continue")
    }

    /// Sets the id of the new session, a UUID.
    ///
    /// When a session is resumed, this requires a fork. 1.0.128 never accepts it with a resumed session.
    pub fn session_id(self, id: impl Into<String>) -> Self {
        self.put("--session-id", id.into())
    }

    /// Forks the resumed session: the new session is a copy, and the original stays unchanged.
    pub fn fork_session(self) -> Self {
        self.switch("--fork-session")
    }

    /// Resumes the session only up to the message with this uuid, inclusive.
    pub fn resume_session_at(self, message: impl Into<String>) -> Self {
        self.put("--resume-session-at", message.into())
    }

    /// Sets the uuid of the prompt whose turn [`resume_session_at`](Self::resume_session_at) drops. The CLI refuses to
    /// resume if more would be dropped. Since 2.1.250.
    ///
    /// An empty uuid is passed on, and means no prompt.
    pub fn resume_drops_turn(self, prompt: impl Into<String>) -> Self {
        self.put("--resume-drops-turn", prompt.into())
    }

    /// Disables storage of the session on disk: the session cannot be resumed. Since 2.0.76.
    pub fn no_session_persistence(self) -> Self {
        self.switch("--no-session-persistence")
    }

    /// Sets a display name of the session, which can also be used to resume it. Since 2.1.143.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.put("--name", name.into())
    }

    /// Makes the CLI send text and thinking of subagents. They arrive as `assistant` and `user` messages with a
    /// `parent_tool_use_id`. Since 2.1.250.
    pub fn forward_subagent_text(self) -> Self {
        self.switch("--forward-subagent-text")
    }

    /// Makes the CLI send a `prompt_suggestion` message after each turn. Since 2.1.250.
    pub fn prompt_suggestions(self) -> Self {
        self.put("--prompt-suggestions", "true")
    }

    /// Prevents `prompt_suggestion` messages, regardless of the settings. Since 2.1.250.
    pub fn no_prompt_suggestions(self) -> Self {
        self.put("--prompt-suggestions", "false")
    }

    /// Makes the CLI also send the transcript, as `transcript_mirror` lines. Since 2.1.143.
    pub fn session_mirror(self) -> Self {
        self.switch("--session-mirror")
    }

    /// Runs the session in a git worktree that the CLI creates. Since 2.1.50.
    pub fn worktree(self, worktree: Worktree) -> Self {
        match worktree {
            Worktree::Unnamed => self.switch("--worktree"),
            Worktree::Named(name) => self.put("--worktree", name),
        }
    }

    /// Makes the CLI also send messages in pieces, as `stream_event`s, before each complete message.
    /// [`Message::delta`](crate::Message::delta) reads them.
    pub fn include_partial_messages(self) -> Self {
        self.switch("--include-partial-messages")
    }

    /// Makes the CLI report the start, progress and end of hooks. Since 2.1.143.
    pub fn include_hook_events(self) -> Self {
        self.switch("--include-hook-events")
    }

    /// Makes the CLI read the `initialize` request before it starts up, so that the request can contain plugins and MCP
    /// servers. Since 2.1.329.
    ///
    /// The request must be the first line; with any other line, the start fails.
    pub fn await_initialize(self) -> Self {
        self.switch("--await-initialize")
    }

    /// Starts a spare process, which has started up and waits to be claimed for a session. Since 2.1.329.
    pub fn await_claim(self) -> Self {
        self.switch("--await-claim")
    }

    /// Turns on debug output.
    pub fn debug(self) -> Self {
        self.switch("--debug")
    }

    /// Turns on debug output of some categories, e.g. `api,hooks`, or `!file` for all but one.
    pub fn debug_filter(self, filter: impl Into<String>) -> Self {
        self.put("--debug", filter.into())
    }

    /// Writes debug output to stderr, which a session reads in any case.
    pub fn debug_to_stderr(self) -> Self {
        self.switch("--debug-to-stderr")
    }

    /// Writes debug output to a file. Since 2.1.50.
    pub fn debug_file(self, file: impl AsRef<Path>) -> Self {
        self.put("--debug-file", file.as_ref())
    }
}
