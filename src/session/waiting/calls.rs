//! Tasks to wake after all locks are released, because a waker may run any code.

use std::sync::Arc;
use std::task::Waker;

use super::event::Event;
use super::withdrawal::Withdrawal;

#[derive(Default)]
pub(in crate::session) struct Calls {
    wakers: Vec<Waker>,
    withdrawals: Vec<Arc<Withdrawal>>,
    room: bool,
}

impl Calls {
    pub(in crate::session) fn wake(&mut self, waker: Option<Waker>) {
        self.wakers.extend(waker);
    }

    pub(in crate::session) fn notify(&mut self, withdrawal: Arc<Withdrawal>) {
        self.withdrawals.push(withdrawal);
    }

    pub(in crate::session) fn room(&mut self) {
        self.room = true;
    }

    /// Wakes all tasks, including those that wait for free capacity.
    pub(in crate::session) fn make(&mut self, room: &Event) {
        for withdrawal in self.withdrawals.drain(..) {
            withdrawal.notify();
        }
        if std::mem::take(&mut self.room) {
            room.notify();
        }
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}
