//! An event that any number of tasks wait for.
//!
//! Wakers are code of the host, so they are woken and dropped without a lock.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll};

use crate::driver::awaited::Awaited;
use crate::driver::sync::{Mutex, MutexGuard};

/// The listeners that were not notified yet. Some of them may have been dropped.
#[derive(Default)]
pub(in crate::session) struct Event(Mutex<Vec<Weak<Notified>>>);

/// Future of the first notification after [`Event::listen`].
pub(in crate::session) struct Listener(Arc<Notified>);

type Notified = Awaited<bool>;

impl Event {
    pub(in crate::session) fn new() -> Self {
        Self::default()
    }

    /// Creates a listener. Check the condition after this call, and wait only if it is not met: a notification
    /// before this call does not count.
    pub(in crate::session) fn listen(&self) -> Listener {
        let listener = Arc::<Notified>::default();
        let mut listeners = self.listeners();
        if listeners.len() == listeners.capacity() {
            listeners.retain(|listener| listener.strong_count() > 0);
            // As many can follow before the list is searched again.
            let live = listeners.len();
            listeners.reserve(live + 1);
        }
        listeners.push(Arc::downgrade(&listener));
        Listener(listener)
    }

    /// Wakes the tasks of all listeners.
    pub(in crate::session) fn notify(&self) {
        let listeners = std::mem::take(&mut *self.listeners());
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            let ((), task) = listener.update(|is_notified| *is_notified = true);
            if let Some(task) = task {
                task.wake();
            }
        }
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Weak<Notified>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for Listener {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx, |is_notified| is_notified.then_some(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::task::Waker;

    use super::*;
    use crate::driver::awaited::count::Count;

    fn poll(listener: &mut Listener, waker: &Waker) -> Poll<()> {
        Pin::new(listener).poll(&mut Context::from_waker(waker))
    }

    #[test]
    fn a_notification_reaches_the_listeners_before_it_and_no_others() {
        let (event, count) = (Event::new(), Arc::<Count>::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut before = [event.listen(), event.listen()];
        assert!(before.iter_mut().all(|listener| poll(listener, &waker).is_pending()));
        drop(event.listen());
        event.notify();
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        let mut after = event.listen();
        assert!(before.iter_mut().all(|listener| poll(listener, &waker).is_ready()));
        assert!(before.iter_mut().all(|listener| poll(listener, &waker).is_ready()), "it stays ready");
        assert!(poll(&mut after, &waker).is_pending());
    }

    #[test]
    fn listeners_that_were_dropped_take_no_room() {
        let event = Event::new();
        let kept: Vec<_> = (0..100).map(|_| event.listen()).collect();
        for _ in 0..10_000 {
            drop(event.listen());
        }
        let listeners = event.listeners();
        assert!(listeners.capacity() <= 4 * kept.len(), "{}", listeners.capacity());
        assert_eq!(listeners.iter().filter(|listener| listener.strong_count() > 0).count(), kept.len());
    }
}
