//! Inputs of the session: reports of events outside of it.

use crate::base::error::LostReason;
use crate::base::time::SessionTime;
use crate::protocol::action::CancelledReason;
use crate::protocol::config::Config;
use crate::protocol::end::Exit;
use crate::protocol::ledger::Ledger;
use crate::protocol::line::Chunk;
use crate::protocol::shutdown::{Shutdown, Step};
use crate::protocol::{Protocol, unread};
use crate::wire::envelope::Place;

impl Protocol {
    /// Creates the session for a child that was started at `now`.
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
            incoming: Default::default(),
            requests: Default::default(),
            interrupt_targets: Default::default(),
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

    /// Receives bytes of the child's stdout, in chunks of any size. The bytes are parsed at once, even if
    /// [`wants_read`](Self::wants_read) returns `false`. An empty chunk is not the end of stdout: call
    /// [`eof`](Self::eof) instead. Bytes after the end are ignored.
    pub fn receive(&mut self, now: SessionTime, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.enter(now, |this| {
            this.offsets.stdout += bytes.len() as u64;
            let mut chunk = Chunk::new(bytes);
            let limits = &this.config.limits;
            let (longest, start) = (limits.line.min(Place::LONGEST_LINE), limits.rejected_head.max(unread::START));
            while !this.settled && !this.shutdown.is_eof() {
                let Some(piece) = this.lines.next_message(&mut chunk, longest, start) else { break };
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

    /// Reports that the child's stdout has ended, or cannot be read. A last line without a line end counts if it
    /// is a complete message. Otherwise it is a truncated [`RejectedLine`](crate::Action::RejectedLine). Open
    /// prompts, turns and requests are [lost](LostReason::Eof).
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

    /// Receives bytes of the child's stderr. The last [`Limits::stderr_tail`](crate::Limits::stderr_tail) bytes
    /// are kept (default: 16 KiB). With [`Config::stderr_lines`] each line is also an
    /// [action](crate::Action::StderrLine). These actions count as unread, so a host that wants them should read
    /// stderr only while [`wants_read`](Self::wants_read) returns `true`.
    pub fn stderr(&mut self, now: SessionTime, bytes: &[u8]) {
        self.enter(now, |this| {
            this.offsets.stderr += bytes.len() as u64;
            this.take_stderr(bytes);
        });
    }

    /// Reports that the child's stderr has ended, or is not read. Without this call, the session waits for the
    /// end of stderr for the timeout [`pipes`](crate::ShutdownTimeouts::pipes) before it ends.
    pub fn stderr_eof(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            this.end_stderr();
            this.shutdown.stderr_eof();
        });
    }

    /// Reports that the child has exited. Continue to read its stdout: a result that is still in the pipe counts.
    /// Incoming requests are cancelled. The end of stdout must follow within the timeout
    /// [`pipes`](crate::ShutdownTimeouts::pipes). Only the first exit counts.
    pub fn exited(&mut self, now: SessionTime, exit: Exit) {
        self.enter(now, |this| {
            if this.shutdown.exit().is_some() {
                return;
            }
            this.incoming.withdraw_all(CancelledReason::Ended(LostReason::Exited), &mut this.actions);
            this.output.clear();
            this.shutdown.exited(this.now, exit);
        });
    }

    /// Reports that the first `count` bytes of [`poll_transmit`](Self::poll_transmit) were written to the child's
    /// stdin. Any part may be written. A larger `count` means all bytes.
    pub fn sent(&mut self, now: SessionTime, count: usize) {
        self.enter(now, |this| this.offsets.stdin += this.output.sent(count) as u64);
    }

    /// Reports that writing to the child's stdin failed permanently. Continue to read its stdout. Incoming
    /// requests are cancelled, and the child must exit within the timeout
    /// [`exit`](crate::ShutdownTimeouts::exit).
    pub fn send_failed(&mut self, now: SessionTime) {
        self.enter(now, |this| {
            if this.shutdown.step() < Step::Exiting {
                this.incoming.withdraw_all(CancelledReason::Ended(LostReason::Unsent), &mut this.actions);
                this.output.clear();
                this.shutdown.send_failed(this.now);
            }
        });
    }

    /// Handles the deadlines that have passed at `now`. Does nothing before the time that
    /// [`poll_timeout`](Self::poll_timeout) returns.
    pub fn handle_timeout(&mut self, now: SessionTime) {
        self.enter(now, Self::expire);
    }
}
