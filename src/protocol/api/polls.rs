//! Polls, by which the host learns what to do, and questions, which change nothing.

use crate::base::time::SessionTime;
use crate::incoming::IncomingRequest;
use crate::protocol::action::{Action, CliSession};
use crate::protocol::config::Config;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::ChildCommand;
use crate::protocol::shutdown::Step;
use crate::protocol::{Offsets, Protocol, SessionStatus, Stats};

impl Protocol {
    /// What is to be written to the child's stdin; tell [`sent`](Self::sent) how much of it was. Whole lines, unless a part of
    /// the first was written already. Empty where there is nothing to write.
    #[must_use]
    pub fn poll_transmit(&self) -> &[u8] {
        self.output.pending()
    }

    /// What happened next; `None` where all was read. What it says is over is over, whether it is read or not: no deadline
    /// and no later action waits for the reader, but for [`wants_read`](Self::wants_read).
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop()
    }

    /// Returns the number of the action that [`poll_action`](Self::poll_action) returned last: the first of the session is 1,
    /// and 0 stands for none. The numbers continue after a [restore](Self::restore). A host that stores the number of the
    /// last action that it handled knows after a restart which ones are still to be handled.
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

    /// Returns how far the session is in each stream of the child.
    #[must_use]
    pub fn offsets(&self) -> Offsets {
        self.offsets
    }

    /// What is to be done to the child, in that order; each is given out once. It does not wait behind unread actions.
    pub fn poll_child_command(&mut self) -> Option<ChildCommand> {
        self.shutdown.next_order()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest, and what for; `None` where nothing is due
    /// by itself. Every input may change it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(SessionTime, Deadline)> {
        self.next_deadline()
    }

    /// Whether the child's stdout should be read: not while more actions are unread than
    /// [`Limits::unread`](crate::Limits::unread) allows. Once the child has exited,
    /// [`Limits::unread_after_exit`](crate::Limits::unread_after_exit) counts, which has room for what is left in a pipe. What
    /// is not read when the grace [`pipes`](crate::ShutdownTimeouts::pipes) has passed is lost, and
    /// [`SessionClosed::output_held`](crate::SessionClosed::output_held) says so.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let limits = &self.config.limits;
        let after_exit = if self.shutdown.exit().is_some() { limits.unread_after_exit } else { 0 };
        self.actions.bytes() <= limits.unread.max(after_exit)
    }

    /// Returns whether something comes on stdout that must not wait for a reader: a response, the end of a turn that is being
    /// stopped, or the end of the session.
    #[cfg(feature = "driver")]
    pub(crate) fn awaits_output(&self) -> bool {
        !self.shutdown.is_open() || !self.requests.is_empty() || self.ledger.is_stopping()
    }

    /// Whether the session is over; [`SessionClosed`](Action::Closed) may still be unread.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shutdown.step() == Step::Closed
    }

    /// Whether nothing is owed: no turn, prompt, ask or request is open, and no background work is known.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.ledger.is_empty() && self.asks.is_empty() && !self.requests.owes_host() && !self.background.is_running()
    }

    /// Returns the requests of the CLI that wait for a response of the host, oldest first, whether their
    /// [`Action::IncomingRequest`] was read or not.
    ///
    /// ```
    /// use claude_duplex::{IncomingKind, Config, Decision, Protocol, Seed, SessionTime};
    ///
    /// let mut protocol = Protocol::new(Config::new(Seed::random()).handle(IncomingKind::Permission), SessionTime::ZERO);
    /// let line = br#"{"type":"control_request","request_id":"r","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#;
    /// protocol.receive(SessionTime::ZERO, &[line, &b"\n"[..]].concat());
    /// let open: Vec<_> = protocol.open_incoming().map(|request| request.id()).collect();
    /// assert_eq!(open.len(), 1);
    /// protocol.respond(SessionTime::ZERO, open[0], Decision::deny("no")).unwrap();
    /// assert_eq!(protocol.open_incoming().count(), 0);
    /// ```
    pub fn open_incoming(&self) -> impl Iterator<Item = &IncomingRequest> {
        self.asks.iter()
    }

    /// The settings that it was given. They do not change.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Who the CLI is, once it has said so, which it does with the first turn and not before.
    #[must_use]
    pub fn session(&self) -> Option<&CliSession> {
        self.session.as_ref()
    }

    /// Returns what the session is set to: its id, model, permission mode and compaction, as the CLI reported them last.
    #[must_use]
    pub fn status(&self) -> &SessionStatus {
        &self.status
    }

    /// The latest of the instants that it was told.
    #[must_use]
    pub fn now(&self) -> SessionTime {
        self.now
    }

    /// How many lines were accounted for without an action.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counts
    }

    /// The end of the child's stderr so far, at most [`Limits::stderr_tail`](crate::Limits::stderr_tail) bytes of it; what is
    /// not UTF-8 is read as U+FFFD.
    #[must_use]
    pub fn stderr_tail(&self) -> String {
        self.stderr.text()
    }
}
