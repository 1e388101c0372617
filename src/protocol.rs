//! The machine: facts and commands in, bytes and actions out.

pub(crate) mod action;
mod action_queue;
mod activity;
pub(crate) mod advice;
mod aims;
mod background;
mod capacity;
mod commands;
pub(crate) mod config;
mod consequences;
pub(crate) mod deadline;
mod deadline_table;
pub(crate) mod end;
pub(crate) mod error;
mod guard;
mod incoming_requests;
pub(crate) mod input;
mod ledger;
mod line;
mod lines;
mod outgoing_requests;
mod output;
pub(crate) mod raw;
mod safe;
mod shutdown;
mod silence;
mod snapshot;
mod tail;
mod time_limits;
mod unread;

pub use snapshot::{Compaction, CompactionState, CompactionTrigger, SessionSnapshot};

use std::fmt;

use crate::base::error::LostReason;
use crate::base::ids::{PromptId, RequestId};
use crate::base::time::SessionTime;
use crate::incoming::IncomingResponse;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::action::{Action, CancelledReason, CliSession};
use crate::protocol::config::Config;
use crate::protocol::deadline::Deadline;
use crate::protocol::end::{ChildCommand, CloseReason, Exit};
use crate::protocol::error::{RefusedError, RefusedReason, RespondError, StaleIdError};
use crate::wire::envelope::Place;

use action_queue::Actions;
use activity::Activity;
use aims::Aims;
use background::Background;
use capacity::Wanted;
use incoming_requests::IncomingRequests;
use ledger::Ledger;
use line::Lines;
use outgoing_requests::Requests;
use output::Output;
use shutdown::{Shutdown, Step};
use silence::Silence;
use tail::Tail;
use time_limits::TimeLimits;

/// One session with the CLI, without any I/O, clock or randomness of its own.
///
/// * *Facts* say what happened outside: [`receive`](Self::receive), [`eof`](Self::eof), [`stderr`](Self::stderr),
///   [`stderr_eof`](Self::stderr_eof), [`exited`](Self::exited), [`sent`](Self::sent),
///   [`send_failed`](Self::send_failed), [`handle_timeout`](Self::handle_timeout).
/// * *Commands* say what the host wants: [`prompt`](Self::prompt), [`cancel`](Self::cancel),
///   [`interrupt`](Self::interrupt), [`request`](Self::request), [`respond`](Self::respond), [`close`](Self::close),
///   [`abort`](Self::abort).
/// * *Polls* say what is to be done: [`poll_transmit`](Self::poll_transmit) (write this),
///   [`poll_action`](Self::poll_action) (this happened), [`poll_child_command`](Self::poll_child_command) (do this to the child),
///   [`poll_timeout`](Self::poll_timeout) (come back then). They may be called in any order and as often as one likes.
///
/// Time does not go back: an input of an earlier time counts as one of the latest. After the end, facts do nothing and commands
/// are refused. What must be called when is in [`guide::embedding`](crate::guide::embedding).
///
/// ```
/// use claude_duplex::{Action, Config, Outcome, Prompt, Protocol, Seed, SessionTime};
///
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// let prompt = protocol.prompt(SessionTime::ZERO, Prompt::text("hello")).unwrap();
/// let line = protocol.poll_transmit();
/// assert!(line.starts_with(b"{\"type\":\"user\""));
/// protocol.sent(SessionTime::ZERO, line.len());
///
/// let output = format!(
///     "{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}}\n\
///      {{\"type\":\"user\",\"uuid\":\"{}\",\"message\":{{\"role\":\"user\",\"content\":\"hello\"}}}}\n\
///      {{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"hi\"}}\n",
///     prompt.uuid(),
/// );
/// protocol.receive(SessionTime::ZERO, output.as_bytes());
///
/// let ended = std::iter::from_fn(|| protocol.poll_action()).any(|action| {
///     matches!(action, Action::PromptEnded { outcome: Outcome::Success, .. })
/// });
/// assert!(ended);
/// ```
#[derive(Clone)]
pub struct Protocol {
    config: Config,
    now: SessionTime,
    silence: Silence,
    lines: Lines,
    output: Output,
    actions: Actions,
    ledger: Ledger,
    asks: IncomingRequests,
    requests: Requests,
    aims: Aims,
    time_limits: TimeLimits,
    background: Background,
    activity: Activity,
    shutdown: Shutdown,
    stderr: Tail,
    stderr_lines: Lines,
    rejected_tail: Tail,
    session: Option<CliSession>,
    snapshot: SessionSnapshot,
    last_error: Option<String>,
    /// The last result is an error without a turn: what is lost with the session is lost by that.
    failed: bool,
    dialogs: Vec<String>,
    /// The host has registered hooks, or the CLI has called one.
    has_hooks: bool,
    counts: Stats,
    /// What was refused for want of room, and no `CapacityAvailable` was told since.
    wanted: Wanted,
    /// Prompts to be withdrawn as soon as there is room for it.
    withdrawals: Vec<PromptId>,
    /// Something was owed since the last `Idle`.
    was_busy: bool,
    /// Everything was settled before the end: what comes now changes nothing.
    settled: bool,
}

/// Lines that are accounted for without an action, and damaged ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Lines of blanks.
    pub blank: u64,
    /// `keep_alive`s.
    pub keep_alive: u64,
    /// Echoes of our own answers (from 2.0.76 on).
    pub echoed_answers: u64,
    /// Incoming requests that were known already from the reply to an `initialize`.
    pub asked_again: u64,
    /// Lines that were [damaged](crate::Action::DamagedLine). Each has that action, and those of the messages in it.
    pub damaged: u64,
}

impl Protocol {
    /// A session whose child was started at `now`.
    #[must_use]
    pub fn new(config: Config, now: SessionTime) -> Self {
        Self {
            now,
            silence: Silence::default(),
            lines: Lines::default(),
            output: Output::default(),
            actions: Actions::default(),
            ledger: Ledger::new(config.seed),
            asks: IncomingRequests::default(),
            requests: Requests::default(),
            aims: Aims::default(),
            time_limits: TimeLimits::default(),
            background: Background::default(),
            activity: Activity::default(),
            shutdown: Shutdown::new(&config),
            stderr: Tail::default(),
            stderr_lines: Lines::default(),
            rejected_tail: Tail::default(),
            session: None,
            snapshot: SessionSnapshot::default(),
            last_error: None,
            failed: false,
            dialogs: Vec::new(),
            has_hooks: false,
            counts: Stats::default(),
            wanted: Wanted::default(),
            withdrawals: Vec::new(),
            was_busy: false,
            settled: false,
            config,
        }
    }

    // Facts.

    /// Bytes of the child's stdout, in any cuts. All of them are taken and parsed at once, also while
    /// [`wants_read`](Self::wants_read) is false. No bytes are no end: that is [`eof`](Self::eof). What comes after the end is
    /// ignored.
    pub fn receive(&mut self, now: SessionTime, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.enter(now, |this| {
            let mut rest = bytes;
            let limits = &this.config.limits;
            let (longest, start) = (limits.line.min(Place::LONGEST_LINE), limits.rejected_head.max(unread::START));
            while !this.settled && !this.shutdown.is_eof() {
                let Some(piece) = this.lines.next(&mut rest, longest, start) else { break };
                let before = this.counts.keep_alive;
                this.piece(piece, false);
                this.silence.line(this.now, this.counts.keep_alive > before);
                this.advance();
            }
            if !bytes.ends_with(b"\n") {
                this.silence.part(this.now);
            }
        });
    }

    /// The child's stdout has ended, or cannot be read. A last line without a line end counts, if it is whole; else it is
    /// [`RejectedLine`](Action::RejectedLine) as cut off. Prompts, turns and requests that are open are [`LostReason`] with it.
    pub fn eof(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            if this.shutdown.is_eof() {
                return;
            }
            match this.lines.last() {
                Some(piece) if !this.settled => this.piece(piece, true),
                _ => {}
            }
            this.settle(LostReason::Eof);
            this.output.clear();
            this.shutdown.eof(this.now);
        });
    }

    /// Bytes of the child's stderr, of which the last [`Limits::stderr_tail`](crate::Limits::stderr_tail) are kept (16 KiB).
    /// With [`Config::stderr_lines`] each line is an [action](Action::StderrLine) too. That counts as unread, so a host that
    /// wants the lines reads stderr while [`wants_read`](Self::wants_read).
    pub fn stderr(&mut self, now: SessionTime, bytes: &[u8]) {
        self.enter(now, |this| this.take_stderr(bytes));
    }

    /// The child's stderr has ended, or nobody reads it. Untold, the end waits for it, for the grace
    /// [`pipes`](crate::ShutdownTimeouts::pipes).
    pub fn stderr_eof(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.end_stderr();
            this.shutdown.stderr_eof();
        });
    }

    /// The child has exited. What is left in its stdout is still to be read: a result there counts. Incoming requests are withdrawn, and
    /// stdout's end has the grace [`pipes`](crate::ShutdownTimeouts::pipes) to follow. Only the first exit counts.
    pub fn exited(&mut self, now: SessionTime, exit: Exit) {
        self.enter(now, |this| {
            if this.shutdown.exit().is_some() {
                return;
            }
            this.asks.withdraw_all(CancelledReason::Ended(LostReason::Exited), &mut this.actions);
            this.output.clear();
            this.shutdown.exited(this.now, exit);
        });
    }

    /// The first `count` bytes of [`poll_transmit`](Self::poll_transmit) were written to the child's stdin; any number of them
    /// may be. More than there are counts as all.
    pub fn sent(&mut self, now: SessionTime, count: usize) {
        self.enter(now, |this| this.output.sent(count));
    }

    /// Nothing more can be written to the child's stdin. What is left in its stdout is still to be read. Incoming requests are withdrawn, and
    /// the child has the grace [`exit`](crate::ShutdownTimeouts::exit) to end by itself.
    pub fn send_failed(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            if this.shutdown.step() < Step::Exiting {
                this.asks.withdraw_all(CancelledReason::Ended(LostReason::Unsent), &mut this.actions);
                this.output.clear();
                this.shutdown.send_failed(this.now);
            }
        });
    }

    /// It is `now`. Before the instant that [`poll_timeout`](Self::poll_timeout) names, this does nothing; afterwards it
    /// does what is due.
    pub fn handle_timeout(&mut self, now: SessionTime) {
        self.enter(now, Self::expire);
    }

    // Commands.

    /// Gives the model something to do. Its end is told by one [`PromptEnded`](Action::PromptEnded), whatever happens; nothing
    /// need be awaited before the first.
    ///
    /// # Errors
    /// The prompt comes back, with the reason: [`SessionClosed`](RefusedReason::Closed) where the session is closing;
    /// [`WhenBusy`](RefusedReason::Busy) where something runs or waits and [`WhenBusy::Reject`](crate::WhenBusy::Reject) holds;
    /// [`Reused`](RefusedReason::Reused) where its uuid was used; [`Full`](RefusedReason::Full) where
    /// [`Limits::open_prompts`](crate::Limits::open_prompts) or [`Limits::unsent`](crate::Limits::unsent) is reached, and
    /// [`CapacityAvailable`](Action::CapacityAvailable) then tells when there is room; [`TooLong`](RefusedReason::TooLong) where there never will be.
    pub fn prompt(&mut self, now: SessionTime, prompt: impl Into<Prompt>) -> Result<PromptId, RefusedError<Prompt>> {
        let prompt = prompt.into();
        let taken = self.enter(now, |this| this.take_prompt(&prompt));
        taken.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(prompt, reason))
    }

    /// Withdraws a prompt that waits: at once while it is held back here; else the CLI is asked to, and the prompt ends as
    /// [`Cancelled`](crate::Outcome::Cancelled) when the CLI says so. One that a turn has taken runs on: interrupt it.
    ///
    /// # Errors
    /// [`StaleIdError`] if the prompt has ended, or belongs to another session.
    pub fn cancel(&mut self, now: SessionTime, prompt: PromptId) -> Result<(), StaleIdError> {
        self.enter(now, |this| this.cancel_prompt(prompt)).unwrap_or_else(|| Err(self.stale()))
    }

    /// Stops what runs. The reply is [`ResponseReceived`](Action::ResponseReceived); the prompt that it stopped ends as
    /// [`Interrupted`](crate::Outcome::Interrupted), or otherwise if its turn was over first.
    ///
    /// Nothing need run: an idle CLI acknowledges it, and no result follows. The CLI has
    /// [`Timeouts::interrupt`](crate::Timeouts::interrupt) to acknowledge (10 s); until then no queued prompt is written.
    ///
    /// # Errors
    /// The interrupt comes back: the session is closing ([`SessionClosed`](RefusedReason::Closed)), its prompt is not with the CLI
    /// ([`NotRunning`](RefusedReason::NotRunning)), its id cannot be used ([`Reused`](RefusedReason::Reused)), or there is no room:
    /// only where more would wait to be written than [`Limits::unsent_hard`](crate::Limits::unsent_hard), or where
    /// [`Limits::open_requests`](crate::Limits::open_requests) interrupts and cancellations have no reply.
    pub fn interrupt(&mut self, now: SessionTime, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        let sent = self.enter(now, |this| this.send_interrupt(&interrupt));
        sent.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(interrupt, reason))
    }

    /// Asks something of the CLI itself: a [`Request`], or a [typed one](crate::request). The reply is
    /// [`ResponseReceived`](Action::ResponseReceived).
    ///
    /// # Errors
    /// The request comes back: the session is closing, its id cannot be used ([`Reused`](RefusedReason::Reused)), or there is no
    /// room, or never will be ([`TooLong`](RefusedReason::TooLong)). There is room for an `interrupt` and a
    /// `cancel_async_message` as for [`interrupt`](Self::interrupt).
    pub fn request(
        &mut self,
        now: SessionTime,
        request: impl Into<Request>,
    ) -> Result<RequestId, RefusedError<Request>> {
        let request = request.into();
        let sent = self.enter(now, |this| this.send_request(&request));
        sent.unwrap_or(Err(RefusedReason::Closed)).map_err(|reason| self.refused(request, reason))
    }

    /// Answers what the CLI asked. `Ok` says that the answer is among that which [`poll_transmit`](Self::poll_transmit)
    /// gives; [`IncomingAnswered`](Action::IncomingAnswered) tells it to whoever else watches.
    ///
    /// # Errors
    /// [`RespondError::Stale`] where the incoming request is over, or another session's; [`RespondError::Closed`] if the session
    /// has ended or is about to; [`RespondError::Mismatch`] where the answer is of
    /// another kind, or an allow's input is no object; [`RespondError::Full`] where more would wait to be written than
    /// [`Limits::unsent_hard`](crate::Limits::unsent_hard). Nothing is changed then.
    pub fn respond(
        &mut self,
        now: SessionTime,
        ask: crate::base::ids::IncomingId,
        answer: impl Into<IncomingResponse>,
    ) -> Result<(), RespondError> {
        let answer = answer.into();
        let taken = self.enter(now, |this| this.take_answer(ask, &answer)).unwrap_or(Err(RespondError::Stale));
        match taken {
            Err(RespondError::Stale) => Err(self.unanswerable()),
            taken => taken,
        }
    }

    /// Ends the session in order: prompts that wait here are cancelled, what the CLI has runs to its end (and may still
    /// ask, and is answered), then stdin is closed. The [graces](crate::ShutdownTimeouts) pass one after the other, with a signal
    /// after each.
    ///
    /// At the end of stdin the CLI up to 2.1.206 runs what hooks guard. So if the turn outlasts its grace while a request of
    /// the CLI is open or hooks are registered, the turn is interrupted. Every open request is refused in the way that is
    /// safe for its kind, and [withdrawn](Action::IncomingCancelled). Stdin is closed when the turn has ended, after the grace
    /// [`pipes`](crate::ShutdownTimeouts::pipes) at the latest. A child that has not read all of that by then is killed instead.
    /// [`SessionClosed`](Action::Closed) comes last.
    pub fn close(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.ledger.cancel_queued(&mut this.actions);
            this.shutdown.begin(this.now, CloseReason::Closed);
        });
    }

    /// Ends the session in order without waiting for the running turn: it is interrupted. Prompts that wait here are cancelled.
    /// Every open request of the CLI is refused in the way that is safe for its kind.
    ///
    /// Stdin is closed when the turn has ended, after the grace [`pipes`](crate::ShutdownTimeouts::pipes) at the latest. What
    /// follows is as after [`close`](Self::close). With the default graces [`SessionClosed`](Action::Closed) comes within 19
    /// seconds, even if the child ignores everything. After `close` it shortens the wait for the turn.
    pub fn close_now(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.ledger.cancel_queued(&mut this.actions);
            this.shutdown.begin(this.now, CloseReason::Closed);
            if this.shutdown.step() == shutdown::Step::Finishing && this.is_finishing() {
                this.stop_guarded();
            }
        });
    }

    /// Ends the session now: everything is settled as [`LostReason::Aborted`], and the child is killed, which
    /// [`poll_child_command`](Self::poll_child_command) says. [`SessionClosed`](Action::Closed) follows when the child is gone, after the grace
    /// [`pipes`](crate::ShutdownTimeouts::pipes) at the latest.
    pub fn abort(&mut self, now: SessionTime) {
        self.enter(now, |this| this.abandon(CloseReason::Aborted));
    }

    // Polls.

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

    // Queries.

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
    pub fn open_incoming(&self) -> impl Iterator<Item = &crate::incoming::IncomingRequest> {
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
    pub fn snapshot(&self) -> &SessionSnapshot {
        &self.snapshot
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

    // Within.

    /// The one way in: nothing happens after the end, time does not go back, and what follows from an input follows at
    /// once. `None` where the session is over.
    fn enter<R>(&mut self, now: SessionTime, step: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if self.is_closed() {
            return None;
        }
        self.now = self.now.max(now);
        let done = step(self);
        self.advance();
        Some(done)
    }
}

/// How it stands, without what was said.
impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol")
            .field("session", &self.session)
            .field("now", &self.now)
            .field("step", &self.shutdown.step())
            .field("idle", &self.is_idle())
            .field("unsent", &self.unsent())
            .field("unread", &self.actions.bytes())
            .field("deadline", &self.poll_timeout())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
