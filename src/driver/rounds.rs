//! One round of the loop: writes to the child, reads from the child, and handles deadlines.
//!
//! Each step returns `true` if it made progress. Otherwise it has registered the waker.

use std::borrow::Cow;
use std::io;
use std::task::{Context, Poll};

use super::{Driver, ROUNDS, Stdin, scratch};
use crate::driver::transport::Transport;
use crate::protocol::end::ChildCommand;
use crate::protocol::input::Input;

impl<T: Transport> Driver<T> {
    pub(super) fn round(&mut self, cx: &mut Context<'_>) -> bool {
        if self.protocol.is_closed() {
            return self.push(cx);
        }
        let mut moved = self.push(cx);
        if !self.is_held() {
            moved |= self.read(cx);
        }
        moved |= self.read_stderr(cx);
        moved |= self.reap(cx);
        moved |= self.watch_stdin(cx);
        moved |= self.expire(cx);
        // All consequences are written before the host gets the action.
        moved |= self.push(cx);
        self.last_round = self.now();
        moved
    }

    /// Writes everything that is queued for the child.
    pub(super) fn push(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.record.may_send() {
            return false;
        }
        self.acknowledge_inputs();
        let mut moved = self.write(cx) | self.close_stdin(cx);
        let mut orders: Vec<ChildCommand> = std::iter::from_fn(|| self.protocol.poll_child_command()).collect();
        // After the end of stdin a CLI ignores guards, so a CLI that is to be killed must not see that end.
        if !self.exited {
            orders.sort_by_key(|order| *order != ChildCommand::Kill);
        }
        for order in orders {
            moved = true;
            self.record.order(order);
            match order {
                ChildCommand::CloseStdin if self.stdin == Stdin::Closed => {}
                ChildCommand::CloseStdin => {
                    self.stdin = Stdin::Closing;
                    self.close_stdin(cx);
                }
                ChildCommand::Terminate => self.transport.terminate(),
                ChildCommand::Kill => self.transport.kill(),
            }
        }
        moved
    }

    /// Reports the bytes of stdin that the other side had received when the session was resumed.
    fn report_taken(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if taken > 0 {
            self.apply(Input::Sent(taken));
        }
    }

    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        self.report_taken();
        let mut moved = false;
        for _ in 0..ROUNDS {
            // The record of the last write may have failed, or wait to be written.
            if !self.record.may_send() {
                return moved;
            }
            let bytes = self.protocol.poll_transmit();
            if self.stdin != Stdin::Open || bytes.is_empty() {
                break;
            }
            let Poll::Ready(written) = self.transport.poll_write(cx, bytes) else { return moved };
            moved = true;
            match written {
                Ok(0) => self.write_failed(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.unflushed = true;
                    self.apply(Input::Sent(count));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.write_failed(error),
            }
        }
        moved | self.flush(cx)
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        if self.stdin != Stdin::Open || !self.unflushed {
            return false;
        }
        let Poll::Ready(flushed) = self.transport.poll_flush(cx) else { return false };
        match flushed {
            Ok(()) => self.unflushed = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.write_failed(error),
        }
        true
    }

    fn write_failed(&mut self, error: io::Error) {
        self.io_error.get_or_insert(error);
        self.stdin = Stdin::Failed;
        self.apply(Input::SendFailed);
    }

    fn close_stdin(&mut self, cx: &mut Context<'_>) -> bool {
        if self.stdin != Stdin::Closing {
            return false;
        }
        let Poll::Ready(closed) = self.transport.poll_close(cx) else { return false };
        if let Err(error) = closed {
            self.io_error.get_or_insert(error);
        }
        self.stdin = Stdin::Closed;
        true
    }

    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.stdout_ended || !self.protocol.wants_read() || self.record.is_suspended() {
            return false;
        }
        scratch::with(|buffer| {
            let Poll::Ready(read) = self.transport.poll_read(cx, buffer) else { return false };
            match self.bytes(read) {
                Some(0) => {
                    self.stdout_ended = true;
                    self.apply(Input::Eof);
                }
                Some(count) => self.apply(Input::Receive(Cow::Borrowed(&buffer[..count.min(buffer.len())]))),
                None => {}
            }
            true
        })
    }

    fn read_stderr(&mut self, cx: &mut Context<'_>) -> bool {
        let is_full = self.protocol.config().stderr_lines && !self.protocol.wants_read();
        if self.stderr_ended || is_full || self.record.is_suspended() {
            return false;
        }
        scratch::with(|buffer| {
            let Poll::Ready(read) = self.transport.poll_read_stderr(cx, buffer) else { return false };
            match self.bytes(read) {
                Some(0) => {
                    self.stderr_ended = true;
                    self.apply(Input::StderrEof);
                }
                Some(count) => self.apply(Input::Stderr(Cow::Borrowed(&buffer[..count.min(buffer.len())]))),
                None => {}
            }
            true
        })
    }

    /// Returns the number of bytes read: 0 at the end or after an error, `None` if the read is to be repeated.
    fn bytes(&mut self, read: io::Result<usize>) -> Option<usize> {
        match read {
            Ok(count) => Some(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
            Err(error) => {
                self.io_error.get_or_insert(error);
                Some(0)
            }
        }
    }

    fn reap(&mut self, cx: &mut Context<'_>) -> bool {
        if self.exited || self.record.is_suspended() {
            return false;
        }
        let Poll::Ready(exit) = self.transport.poll_exit(cx) else { return false };
        self.exited = true;
        self.apply(Input::Exited(exit));
        true
    }

    /// Handles a child that no longer reads stdin. If its output or the child itself has ended, that takes precedence.
    fn watch_stdin(&mut self, cx: &mut Context<'_>) -> bool {
        if self.stdin != Stdin::Open || self.stdout_ended || self.exited || self.record.is_suspended() {
            return false;
        }
        if self.transport.poll_stdin_closed(cx).is_pending() {
            return false;
        }
        self.stdin = Stdin::Failed;
        self.io_error.get_or_insert_with(|| io::ErrorKind::BrokenPipe.into());
        self.apply(Input::SendFailed);
        true
    }

    /// Handles deadlines that are due. Input that has arrived is processed first, because a deadline may wait for it.
    fn expire(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.is_due() {
            return false;
        }
        self.overread = self.held.is_some();
        for _ in 0..ROUNDS {
            if !(self.read(cx) | self.read_stderr(cx)) {
                break;
            }
        }
        self.apply(Input::Timeout);
        true
    }

    fn is_due(&self) -> bool {
        self.protocol.poll_timeout().is_some_and(|(at, _)| at <= self.now())
    }

    /// Ready if it is time to check the clock, which alone decides.
    pub(super) fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let due = self.protocol.poll_timeout().map(|(at, _)| at);
        let held = self.held.filter(|_| self.is_held());
        match [due, held].into_iter().flatten().min() {
            Some(at) => self.transport.poll_timer(cx, self.clock.transport(at)),
            None => Poll::Pending,
        }
    }

    /// Returns `true` if stdout is not to be read. A deadline that is due reads it in any case.
    fn is_held(&self) -> bool {
        self.held.is_some() && !self.protocol.awaits_output()
    }
}
