//! Polls, which return work for the host, and queries, which change nothing.

use crate::base::ids::PromptId;
use crate::base::time::SessionTime;
use crate::incoming::IncomingRequest;
use crate::protocol::action::{Action, CliSession};
use crate::protocol::config::Config;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::ChildCommand;
use crate::protocol::shutdown::Step;
use crate::protocol::{Offsets, Protocol, SessionStatus, Stats};

impl Protocol {
    /// Returns the bytes to write to the child's stdin, or an empty slice if nothing waits. After a write,
    /// report the number of bytes with [`sent`](Self::sent). The bytes are whole lines, except that a part of the
    /// first may have been written.
    #[must_use]
    pub fn poll_transmit(&self) -> &[u8] {
        self.output.pending()
    }

    /// Returns the next action, or `None` if all were read. Actions describe events that have already taken
    /// effect. No deadline and no later action waits for the reader, except through
    /// [`wants_read`](Self::wants_read).
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop()
    }

    /// Returns the number of the action that [`poll_action`](Self::poll_action) returned last. The first action
    /// of the session has the number 1; 0 means that none was returned. The numbers continue after a
    /// [restore](Self::restore). A host that stores the number of the last action that it handled knows after a
    /// restart which actions are left to handle.
    ///
    /// ```
    /// use claude_duplex::{Config, Protocol, Seed, SessionTime};
    ///
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let mut protocol = Protocol::new(config, SessionTime::ZERO);
    /// protocol.receive(SessionTime::ZERO, b"{\"type\":\"active_goal\"}\n");
    /// assert_eq!(protocol.action_number(), 0);
    /// protocol.poll_action().unwrap();
    /// assert_eq!(protocol.action_number(), 1);
    /// ```
    #[must_use]
    pub fn action_number(&self) -> u64 {
        self.actions.handed_out()
    }

    /// Drops the unread actions up to a [number](Self::action_number), which the host handled before it was restarted.
    /// Later actions are returned once. Numbers of actions that were already read, or that were not reached yet, have no
    /// effect.
    ///
    /// ```
    /// use claude_duplex::{Config, Protocol, Seed, SessionTime};
    ///
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let mut protocol = Protocol::new(config, SessionTime::ZERO);
    /// protocol.receive(SessionTime::ZERO, b"noise\n{\"type\":\"active_goal\"}\n");
    /// let mut restored = Protocol::restore(&protocol.snapshot())?;
    /// restored.skip_actions(1);
    /// assert!(restored.poll_action().unwrap().line().unwrap().starts_with(b"{"));
    /// # Ok::<(), claude_duplex::SnapshotError>(())
    /// ```
    pub fn skip_actions(&mut self, number: u64) {
        while self.action_number() < number && self.poll_action().is_some() {}
    }

    /// Returns `true` for each known end, in the order: stdout, stderr, exit.
    #[cfg(feature = "driver")]
    pub(crate) fn known_ends(&self) -> [bool; 3] {
        [self.shutdown.is_eof(), self.shutdown.is_stderr_eof(), self.shutdown.exit().is_some()]
    }

    /// Returns `true` if the session still writes to stdin. If not, it may have dropped bytes that were written.
    #[cfg(feature = "driver")]
    pub(crate) fn writes(&self) -> bool {
        self.can_write() || self.is_stopping()
    }

    /// Repeats the child commands that were already returned.
    #[cfg(feature = "driver")]
    pub(crate) fn repeat_child_commands(&mut self) {
        self.shutdown.repeat_orders();
    }

    /// Returns the position of the session in each stream of the child.
    #[must_use]
    pub fn offsets(&self) -> Offsets {
        self.offsets
    }

    /// Returns the next command for the child. Each command is returned once, in order. Commands do not wait
    /// behind unread actions.
    pub fn poll_child_command(&mut self) -> Option<ChildCommand> {
        self.shutdown.next_order()
    }

    /// Returns the latest time for the next call of [`handle_timeout`](Self::handle_timeout), and the reason.
    /// Returns `None` if no deadline is set. Every input can change the deadline.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(SessionTime, Deadline)> {
        self.next_deadline()
    }

    /// Returns `true` if the host should read the child's stdout. Returns `false` while more than
    /// [`Limits::unread`](crate::Limits::unread) bytes of actions are unread. After the exit of the child the
    /// limit is [`Limits::unread_after_exit`](crate::Limits::unread_after_exit), which is enough for the rest of
    /// a pipe. Output that is not read within the timeout [`pipes`](crate::ShutdownTimeouts::pipes) is lost, and
    /// [`SessionClosed::output_held`](crate::SessionClosed::output_held) is then `true`.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let limits = &self.config.limits;
        let after_exit = if self.shutdown.exit().is_some() { limits.unread_after_exit } else { 0 };
        self.actions.bytes() <= limits.unread.max(after_exit)
    }

    /// Returns `true` if stdout must be read even if the reader is slow. This is the case while a response, the
    /// end of a turn that is being stopped, or the end of the session is expected.
    #[cfg(feature = "driver")]
    pub(crate) fn awaits_output(&self) -> bool {
        !self.shutdown.is_open() || !self.requests.is_empty() || self.ledger.is_stopping()
    }

    /// Returns `true` if the session has ended. [`Closed`](Action::Closed) may still be unread.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shutdown.step() == Step::Closed
    }

    /// Returns `true` if no turn, prompt or request is open in either direction, and no background work is known.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.ledger.is_empty()
            && self.incoming.is_empty()
            && !self.requests.awaits_response()
            && !self.background.is_running()
    }

    /// Returns the prompts that have not ended, oldest first: those that wait in this crate, and those that the CLI has. A
    /// prompt is not included if it has ended and its [`Action::PromptEnded`] is unread.
    ///
    /// ```
    /// use claude_duplex::{Config, Protocol, Seed, SessionTime};
    ///
    /// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
    /// let prompt = protocol.prompt(SessionTime::ZERO, "hello").unwrap();
    /// assert_eq!(protocol.open_prompts().collect::<Vec<_>>(), [prompt]);
    /// ```
    pub fn open_prompts(&self) -> impl Iterator<Item = PromptId> {
        self.ledger.unended()
    }

    /// Returns the incoming requests without a response, oldest first. A request is included even if its
    /// [`Action::IncomingRequest`] is unread.
    ///
    /// ```
    /// use claude_duplex::{IncomingKind, Config, Decision, Protocol, Seed, SessionTime};
    ///
    /// let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    /// let mut protocol = Protocol::new(config, SessionTime::ZERO);
    /// let line = concat!(
    ///     r#"{"type":"control_request","request_id":"r","request":"#,
    ///     r#"{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#,
    ///     "\n",
    /// );
    /// protocol.receive(SessionTime::ZERO, line.as_bytes());
    /// let open: Vec<_> = protocol.open_incoming().map(|request| request.id()).collect();
    /// assert_eq!(open.len(), 1);
    /// protocol.respond(SessionTime::ZERO, open[0], Decision::deny("no")).unwrap();
    /// assert_eq!(protocol.open_incoming().count(), 0);
    /// ```
    pub fn open_incoming(&self) -> impl Iterator<Item = &IncomingRequest> {
        self.incoming.iter()
    }

    /// Returns the settings of the session, which do not change.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the id, version and capabilities of the CLI, or `None` before the first turn, which reports them.
    #[must_use]
    pub fn session(&self) -> Option<&CliSession> {
        self.session.as_ref()
    }

    /// Returns the id, model, permission mode and compaction of the session, as the CLI last reported them.
    #[must_use]
    pub fn status(&self) -> &SessionStatus {
        &self.status
    }

    /// Returns the latest time that was passed to the session.
    #[must_use]
    pub fn now(&self) -> SessionTime {
        self.now
    }

    /// Returns counters of the lines that have no action.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counts
    }

    /// Returns the end of the child's stderr so far, at most [`Limits::stderr_tail`](crate::Limits::stderr_tail)
    /// bytes. Invalid UTF-8 is replaced by U+FFFD.
    #[must_use]
    pub fn stderr_tail(&self) -> String {
        self.stderr.text()
    }
}
