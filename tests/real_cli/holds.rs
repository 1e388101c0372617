//! Named places where an answer waits for the test, and a test for an answer: what tests have instead of sleeping.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Default)]
pub(crate) struct Holds {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    reached: HashSet<String>,
    released: HashSet<String>,
    stopped: bool,
}

/// The API is shutting down: nobody will be released any more.
#[derive(Debug)]
pub(crate) struct Stopped;

impl Holds {
    /// The answer's side: says that the hold is reached, and waits until it is released.
    pub(crate) fn pass(&self, name: &str) -> Result<(), Stopped> {
        self.reach(name);
        self.wait_until(|state| state.released.contains(name))
    }

    /// The answer's side: says that the hold is reached, and goes on.
    pub(crate) fn reach(&self, name: &str) {
        self.change(|state| state.reached.insert(name.to_owned()));
    }

    /// The test's side. A name released early holds nobody.
    pub(crate) fn release(&self, name: &str) {
        self.change(|state| state.released.insert(name.to_owned()));
    }

    /// The test's side.
    pub(crate) fn wait_for(&self, name: &str) -> Result<(), Stopped> {
        self.wait_until(|state| state.reached.contains(name))
    }

    /// A delay that shutting down ends.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Stopped> {
        let end = Instant::now() + time;
        let mut state = self.lock();
        while !state.stopped {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(Stopped)
    }

    /// Waits for the end.
    pub(crate) fn never(&self) -> Stopped {
        let _ = self.wait_until(|_| false);
        Stopped
    }

    pub(crate) fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn wait_until(&self, done: impl Fn(&State) -> bool) -> Result<(), Stopped> {
        let mut state = self.lock();
        loop {
            if done(&state) {
                return Ok(());
            }
            if state.stopped {
                return Err(Stopped);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
