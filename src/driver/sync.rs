//! Primitives for state that threads share: those of the standard library. A build for a model checker
//! (`tests/schedules`) replaces them.

#[cfg(any(loom, shuttle))]
#[path = "../../tests/schedules/sync.rs"]
mod modeled;

#[cfg(any(loom, shuttle))]
pub(crate) use modeled::*;
/// `Counted` is an `Arc` whose number of owners has an effect, so that a model checker has to see its changes.
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::{Arc as Counted, Mutex, MutexGuard, OnceLock, Weak as WeakCounted, atomic};
