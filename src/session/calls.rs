//! Who is to be told of something once no lock is held: a waker may run anything.

use std::sync::Arc;
use std::task::Waker;

use super::asks::owners::Withdrawal;
use super::shared::Shared;

#[derive(Default)]
pub(super) struct Calls {
    wakers: Vec<Waker>,
    withdrawals: Vec<Arc<Withdrawal>>,
    room: bool,
}

impl Calls {
    pub(super) fn wake(&mut self, waker: Option<Waker>) {
        self.wakers.extend(waker);
    }

    pub(super) fn tell(&mut self, withdrawal: Arc<Withdrawal>) {
        self.withdrawals.push(withdrawal);
    }

    pub(super) fn room(&mut self) {
        self.room = true;
    }

    /// Tells them all.
    pub(super) fn make(&mut self, shared: &Shared) {
        for withdrawal in self.withdrawals.drain(..) {
            withdrawal.notify();
        }
        if std::mem::take(&mut self.room) {
            shared.room.notify(usize::MAX);
        }
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}
