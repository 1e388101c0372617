//! Transfer of bytes between both sides, and passage of time.

use super::TestSession;
use crate::base::time::SessionTime;
use crate::protocol::action::Action;
use crate::protocol::end::ChildCommand;

/// Number of recent actions that a failure shows.
const SHOWN: usize = 20;

impl TestSession {
    pub(super) fn next_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front()?;
        if self.seen.len() == SHOWN {
            self.seen.pop_front();
        }
        self.seen.push_back(format!("{action:?}"));
        Some(action)
    }

    pub(super) fn shown(&self) -> String {
        let seen: Vec<&str> = self.seen.iter().map(String::as_str).collect();
        format!("; at {:?}, the last actions:\n{}", self.now, seen.join("\n"))
    }

    /// Does one thing, or lets time pass until the next event. Returns `false` if there was neither.
    pub(super) fn step(&mut self, until: Option<SessionTime>) -> bool {
        let did = self.carry_input() || self.orders() || self.carry_output() || self.ends() || self.pass_time(until);
        self.actions.extend(std::iter::from_fn(|| self.host.poll_action()));
        did
    }

    fn carry_input(&mut self) -> bool {
        let waiting = self.host.poll_transmit().len();
        if waiting > 0 && self.peer.refuses_input() && !self.input_refused {
            self.input_refused = true;
            self.host.send_failed(self.now);
            return true;
        }
        if waiting == 0 || !self.peer.wants_read() {
            return false;
        }
        let count = self.cut(waiting);
        let bytes = self.host.poll_transmit()[..count].to_vec();
        self.host.sent(self.now, count);
        self.written.extend_from_slice(&bytes);
        self.peer.receive(self.now, &bytes);
        true
    }

    fn orders(&mut self) -> bool {
        let Some(order) = self.host.poll_child_command() else { return false };
        match order {
            ChildCommand::CloseStdin => self.peer.eof(self.now),
            ChildCommand::Terminate => self.peer.terminate(self.now),
            ChildCommand::Kill => self.peer.kill(self.now),
        }
        true
    }

    fn carry_output(&mut self) -> bool {
        let noise = self.peer.poll_stderr();
        if !noise.is_empty() {
            self.host.stderr(self.now, &noise);
            return true;
        }
        let waiting = self.peer.poll_transmit().len();
        if waiting == 0 {
            return false;
        }
        let count = self.cut(waiting);
        let bytes = self.peer.poll_transmit()[..count].to_vec();
        self.peer.sent(self.now, count);
        self.read.extend_from_slice(&bytes);
        self.host.receive(self.now, &bytes);
        true
    }

    fn ends(&mut self) -> bool {
        let Some(exit) = self.peer.poll_exit().filter(|_| !self.is_closed) else { return false };
        self.is_closed = true;
        if !self.peer.leaves_output_open() {
            self.host.stderr_eof(self.now);
            self.host.eof(self.now);
        }
        self.host.exited(self.now, exit);
        true
    }

    fn pass_time(&mut self, until: Option<SessionTime>) -> bool {
        let host = self.host.poll_timeout().map(|(due, _)| due);
        let peer = self.peer.poll_timeout();
        let due = [host, peer].into_iter().flatten().min();
        let Some(due) = due.filter(|due| until.is_none_or(|until| *due <= until)) else { return false };
        self.now = self.now.max(due);
        // The CLI goes first, since a host reads before it checks its clock.
        if peer.is_some_and(|peer| peer <= self.now) {
            self.peer.handle_timeout(self.now);
        } else {
            self.host.handle_timeout(self.now);
        }
        true
    }

    /// Returns the number of bytes in the next chunk.
    fn cut(&mut self, bytes: usize) -> usize {
        let Some(state) = &mut self.cuts else { return bytes };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = if mixed & 7 == 0 { bytes } else { bytes.min(96) };
        // In 64 bits, so that each platform cuts alike.
        1 + usize::try_from((mixed >> 16) % most as u64).unwrap_or(0)
    }
}
