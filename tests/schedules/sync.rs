//! Primitives that a model checker can see. loom has no `OnceLock` and no weak reference; shuttle gets the same ones.

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};

use std::ops::Deref;
use std::sync::{Arc, Weak};

use atomic::{AtomicBool, AtomicUsize, Ordering};

/// A cell that is set once. The flag is what the checker sees; the value is behind it.
pub(crate) struct OnceLock<T> {
    is_set: AtomicBool,
    value: std::sync::OnceLock<T>,
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self { is_set: AtomicBool::new(false), value: std::sync::OnceLock::new() }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.is_set.load(Ordering::Acquire) { self.value.get() } else { None }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }

    #[allow(dead_code, reason = "not every build takes a value out")]
    pub(crate) fn take(&mut self) -> Option<T> {
        self.is_set = AtomicBool::new(false);
        self.value.take()
    }
}

/// An `Arc` whose changes of the number of owners are steps of the schedule.
pub(crate) struct Counted<T> {
    value: Arc<T>,
    steps: Steps,
}

/// The weak reference to a [`Counted`].
pub(crate) struct WeakCounted<T> {
    value: Weak<T>,
    steps: Steps,
}

/// What the checker sees of the counts.
#[derive(Clone)]
struct Steps(Arc<AtomicUsize>);

impl Steps {
    fn step(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl<T> Counted<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Arc::new(value), steps: Steps(Arc::new(AtomicUsize::new(0))) }
    }

    pub(crate) fn downgrade(this: &Self) -> WeakCounted<T> {
        WeakCounted { value: Arc::downgrade(&this.value), steps: this.steps.clone() }
    }
}

impl<T> WeakCounted<T> {
    pub(crate) fn upgrade(&self) -> Option<Counted<T>> {
        self.steps.step();
        Some(Counted { value: self.value.upgrade()?, steps: self.steps.clone() })
    }
}

impl<T> Clone for Counted<T> {
    fn clone(&self) -> Self {
        self.steps.step();
        Self { value: Arc::clone(&self.value), steps: self.steps.clone() }
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        // The owner goes with the fields, right after this step.
        self.steps.step();
    }
}

impl<T> Deref for Counted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Returns `true` if the change of the code with this name is on (`BROKEN=NAME`). The files in `broken` call this.
#[allow(dead_code, reason = "without these files nothing calls it")]
pub(crate) fn is_broken(change: &str) -> bool {
    static NAME: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var("BROKEN").ok());
    NAME.as_deref() == Some(change)
}
