//! Inputs: what happened outside of the session.

use crate::base::error::LostReason;
use crate::base::time::SessionTime;
use crate::protocol::action::CancelledReason;
use crate::protocol::config::Config;
use crate::protocol::end::Exit;
use crate::protocol::ledger::Ledger;
use crate::protocol::shutdown::{Shutdown, Step};
use crate::protocol::{Protocol, unread};
use crate::wire::envelope::Place;

impl Protocol {
    /// A session whose child was started at `now`.
    #[must_use]
    pub fn new(config: Config, now: SessionTime) -> Self {
        Self {
            now,
            silence: Default::default(),
            lines: Default::default(),
            output: Default::default(),
            actions: Default::default(),
            offsets: Default::default(),
            ledger: Ledger::new(config.seed),
            asks: Default::default(),
            requests: Default::default(),
            aims: Default::default(),
            time_limits: Default::default(),
            background: Default::default(),
            activity: Default::default(),
            shutdown: Shutdown::new(&config),
            stderr: Default::default(),
            stderr_lines: Default::default(),
            rejected_tail: Default::default(),
            session: None,
            status: Default::default(),
            last_error: None,
            failed: false,
            dialogs: Vec::new(),
            has_hooks: false,
            counts: Default::default(),
            wanted: Default::default(),
            withdrawals: Vec::new(),
            was_busy: false,
            settled: false,
            config,
        }
    }

    /// Bytes of the child's stdout, in any cuts. All of them are taken and parsed at once, also while
    /// [`wants_read`](Self::wants_read) is false. No bytes are no end: that is [`eof`](Self::eof). What comes after the end is
    /// ignored.
    pub fn receive(&mut self, now: SessionTime, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.enter(now, |this| {
            this.offsets.stdout += bytes.len() as u64;
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
    /// [`RejectedLine`](crate::Action::RejectedLine) as cut off. Prompts, turns and requests that are open are [`LostReason`] with it.
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
    /// With [`Config::stderr_lines`] each line is an [action](crate::Action::StderrLine) too. That counts as unread, so a host that
    /// wants the lines reads stderr while [`wants_read`](Self::wants_read).
    pub fn stderr(&mut self, now: SessionTime, bytes: &[u8]) {
        self.enter(now, |this| {
            this.offsets.stderr += bytes.len() as u64;
            this.take_stderr(bytes);
        });
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
        self.enter(now, |this| this.offsets.stdin += this.output.sent(count) as u64);
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
}
