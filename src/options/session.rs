//! Builder methods: which session, what of it is kept, what is reported.

use super::{Options, Worktree};
use std::path::Path;

impl Options {
    /// Resumes a session by its id; newer versions also take its title.
    ///
    /// The value is bound to the flag: an id from outside cannot become one.
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

    /// Continues the directory's latest session.
    pub fn continue_latest(self) -> Self {
        self.switch("--continue")
    }

    /// Gives the new session this id, a UUID.
    ///
    /// Together with a resumed one only for a fork, and not at all on 1.0.128.
    pub fn session_id(self, id: impl Into<String>) -> Self {
        self.put("--session-id", id.into())
    }

    /// Leaves the resumed session as it is and goes on in a copy.
    pub fn fork_session(self) -> Self {
        self.switch("--fork-session")
    }

    /// Resumes only up to the message with this uuid, it included.
    pub fn resume_session_at(self, message: impl Into<String>) -> Self {
        self.put("--resume-session-at", message.into())
    }

    /// Names the prompt whose turn a cut resume drops: if the cut drops more, the CLI refuses it.
    ///
    /// An empty uuid is passed on: it names none. From 2.1.250.
    pub fn resume_drops_turn(self, prompt: impl Into<String>) -> Self {
        self.put("--resume-drops-turn", prompt.into())
    }

    /// Keeps nothing of the session on disk: it cannot be resumed. From 2.0.76.
    pub fn no_session_persistence(self) -> Self {
        self.switch("--no-session-persistence")
    }

    /// Gives the session a name for people, by which it can also be resumed. From 2.1.143.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.put("--name", name.into())
    }

    /// Forwards texts and thinking of subagents as `assistant` and `user` messages with a `parent_tool_use_id`. From 2.1.250.
    pub fn forward_subagent_text(self) -> Self {
        self.switch("--forward-subagent-text")
    }

    /// Sends a `prompt_suggestion` message after each turn. From 2.1.250.
    pub fn prompt_suggestions(self) -> Self {
        self.put("--prompt-suggestions", "true")
    }

    /// Sends no `prompt_suggestion` message, whatever the settings say. From 2.1.250.
    pub fn no_prompt_suggestions(self) -> Self {
        self.put("--prompt-suggestions", "false")
    }

    /// Sends the transcript along as `transcript_mirror` lines. From 2.1.143.
    pub fn session_mirror(self) -> Self {
        self.switch("--session-mirror")
    }

    /// Runs in a git worktree that the CLI makes. From 2.1.50.
    pub fn worktree(self, worktree: Worktree) -> Self {
        match worktree {
            Worktree::Unnamed => self.switch("--worktree"),
            Worktree::Named(name) => self.put("--worktree", name),
        }
    }

    /// Sends messages in pieces too, as `stream_event`s, before each is sent whole: what [`Message::delta`](crate::Message::delta)
    /// reads.
    pub fn include_partial_messages(self) -> Self {
        self.switch("--include-partial-messages")
    }

    /// Reports the course of hooks. From 2.1.143.
    pub fn include_hook_events(self) -> Self {
        self.switch("--include-hook-events")
    }

    /// Makes the CLI read the `initialize` request before it starts up, so that plugins and MCP
    /// servers can come in it.
    ///
    /// It then has to be the first line; anything else fails the start. From 2.1.329.
    pub fn await_initialize(self) -> Self {
        self.switch("--await-initialize")
    }

    /// Starts a warmed-up spare that waits to be claimed for a session. From 2.1.329.
    pub fn await_claim(self) -> Self {
        self.switch("--await-claim")
    }

    /// Turns on debug output.
    pub fn debug(self) -> Self {
        self.switch("--debug")
    }

    /// Turns on debug output of some categories: `api,hooks`, or `!file` for all but one.
    pub fn debug_filter(self, filter: impl Into<String>) -> Self {
        self.put("--debug", filter.into())
    }

    /// Writes debug output to stderr, which a session reads anyway.
    pub fn debug_to_stderr(self) -> Self {
        self.switch("--debug-to-stderr")
    }

    /// Writes debug output to a file. From 2.1.50.
    pub fn debug_file(self, file: impl AsRef<Path>) -> Self {
        self.put("--debug-file", file.as_ref())
    }
}
