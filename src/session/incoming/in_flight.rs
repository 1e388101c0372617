//! Concurrent futures, each polled only after it was woken.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::driver::awaited::Awaited;
use crate::driver::sync::atomic::{AtomicBool, Ordering};

/// Any number of futures whose outputs are ignored.
pub(in crate::session) struct InFlight<F> {
    calls: Vec<Option<Call<F>>>,
    free: Vec<usize>,
    woken: Arc<Woken>,
}

struct Call<F> {
    future: Pin<Box<F>>,
    alarm: Arc<Alarm>,
}

/// Indices of the futures that were woken, and the waker of the task that polls them.
type Woken = Awaited<VecDeque<usize>>;

/// Waker of one future.
struct Alarm {
    call: usize,
    is_queued: AtomicBool,
    woken: Arc<Woken>,
}

impl<F: Future<Output = ()>> InFlight<F> {
    pub(in crate::session) fn new() -> Self {
        Self { calls: Vec::new(), free: Vec::new(), woken: Arc::default() }
    }

    /// Adds a future, which is polled with the next [`poll`](Self::poll).
    pub(in crate::session) fn push(&mut self, future: F) {
        let call = self.free.pop().unwrap_or_else(|| {
            self.calls.push(None);
            self.calls.len() - 1
        });
        let alarm = Arc::new(Alarm { call, is_queued: AtomicBool::new(true), woken: Arc::clone(&self.woken) });
        self.calls[call] = Some(Call { future: Box::pin(future), alarm });
        self.woken.with(|woken| woken.push_back(call));
    }

    /// Polls the futures that were woken. Ready when none is left.
    pub(in crate::session) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        // Futures that are woken meanwhile are polled with the next call, so that other tasks can run.
        let mut due = VecDeque::new();
        let _ = self.woken.poll(cx, |woken| {
            due.append(woken);
            None::<()>
        });
        for index in due.drain(..) {
            // A waker may outlive its future, and wake it after the end.
            let Some(Some(call)) = self.calls.get_mut(index) else { continue };
            call.alarm.is_queued.store(false, Ordering::Release);
            let waker = Waker::from(Arc::clone(&call.alarm));
            if call.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                self.calls[index] = None;
                self.free.push(index);
            }
        }
        if self.free.len() == self.calls.len() {
            (self.calls, self.free) = (Vec::new(), Vec::new());
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let ((), task) = self.woken.update(|woken| woken.push_back(self.call));
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::driver::awaited::count::Count;

    #[test]
    fn only_woken_futures_are_polled() {
        let (polls, wakers) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let mut in_flight = InFlight::new();
        for _ in 0..10 {
            in_flight.push(poll_fn(|cx| {
                wakers.lock().unwrap().push(cx.waker().clone());
                // Each future is done after its second poll.
                if polls.fetch_add(1, Ordering::Relaxed) < 10 { Poll::Pending } else { Poll::Ready(()) }
            }));
        }
        let task = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&task));
        let cx = Context::from_waker(&waker);
        assert!(in_flight.poll(&cx).is_pending());
        assert!(in_flight.poll(&cx).is_pending());
        assert_eq!(polls.load(Ordering::Relaxed), 10);
        let woken = wakers.lock().unwrap()[3].clone();
        woken.wake_by_ref();
        woken.wake_by_ref();
        assert!(in_flight.poll(&cx).is_pending());
        assert_eq!((polls.load(Ordering::Relaxed), task.0.load(Ordering::Relaxed)), (11, 1));
        let all = std::mem::take(&mut *wakers.lock().unwrap());
        all.iter().for_each(Waker::wake_by_ref);
        assert!(in_flight.poll(&cx).is_ready());
        // A future that is done is not polled again, even if it is woken.
        all.iter().for_each(Waker::wake_by_ref);
        assert!(in_flight.poll(&cx).is_ready());
        assert_eq!(polls.load(Ordering::Relaxed), 20);
    }

    #[test]
    fn a_future_that_always_wakes_itself_does_not_block_the_poll() {
        let mut in_flight = InFlight::new();
        in_flight.push(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        let task = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&task));
        for polled in 1..4 {
            assert!(in_flight.poll(&Context::from_waker(&waker)).is_pending());
            assert_eq!(task.0.load(Ordering::Relaxed), polled);
        }
    }
}
