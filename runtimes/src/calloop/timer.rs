//! A timer that is set anew without a trace of the former setting.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use ::calloop::timer::{self, TimeoutAction};
use ::calloop::{LoopHandle, RegistrationToken};

/// The one timer of a transport: a source of the loop while it is set.
pub(super) struct Timer<D: 'static> {
    handle: LoopHandle<'static, D>,
    set: Option<(Instant, RegistrationToken)>,
    bell: Rc<RefCell<Bell>>,
}

#[derive(Default)]
struct Bell {
    has_rung: bool,
    waker: Option<Waker>,
}

impl<D> Timer<D> {
    pub(super) fn new(handle: LoopHandle<'static, D>) -> Self {
        Self { handle, set: None, bell: Rc::default() }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        if self.set.as_ref().is_none_or(|(set, _)| *set != at) {
            self.set(at);
        }
        let mut bell = self.bell.borrow_mut();
        if bell.has_rung {
            self.set = None;
            return Poll::Ready(());
        }
        bell.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn set(&mut self, at: Instant) {
        self.unset();
        let bell = Rc::clone(&self.bell);
        let ring = move |_: Instant, (): &mut (), _: &mut D| {
            let waker = {
                let mut bell = bell.borrow_mut();
                bell.has_rung = true;
                bell.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
            TimeoutAction::Drop
        };
        let token = self.handle.insert_source(timer::Timer::from_deadline(at), ring);
        // It takes no descriptor, so there is nothing to run out of.
        self.set = Some((at, token.expect("a timer is taken")));
    }

    fn unset(&mut self) {
        // The waker may be the last owner of a task, and is not to be dropped within the loop's list of sources.
        drop(self.bell.take());
        if let Some((_, token)) = self.set.take() {
            self.handle.remove(token);
        }
    }
}

impl<D> Drop for Timer<D> {
    fn drop(&mut self) {
        self.unset();
    }
}
