//! An allocator that counts, while it is told to.

#![allow(unsafe_code, reason = "an allocator is unsafe to write; this one hands everything on to the system's")]
#![allow(dead_code, reason = "not every bench looks at all of it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, Ordering::Relaxed};

pub(crate) struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// What was allocated while a job ran.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// Allocations, those that grow or shrink an older one included.
    pub(crate) count: u64,
    /// The most bytes that were held at once.
    pub(crate) peak: usize,
    /// The bytes that are still held; below zero where more was given back than taken.
    pub(crate) held: isize,
}

/// Counts what `job` allocates. One at a time: the counters are everybody's.
pub(crate) fn counted<T>(job: impl FnOnce() -> T) -> (T, Counted) {
    COUNT.store(0, Relaxed);
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    ON.store(true, Relaxed);
    let done = job();
    ON.store(false, Relaxed);
    let peak = PEAK.load(Relaxed).unsigned_abs();
    (done, Counted { count: COUNT.load(Relaxed), peak, held: LIVE.load(Relaxed) })
}

fn taken(size: usize) {
    if ON.load(Relaxed) {
        COUNT.fetch_add(1, Relaxed);
        let live = LIVE.fetch_add(size as isize, Relaxed) + size as isize;
        PEAK.fetch_max(live, Relaxed);
    }
}

fn given_back(size: usize) {
    if ON.load(Relaxed) {
        LIVE.fetch_sub(size as isize, Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        given_back(layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    /// Counted as if both were held at once, as they are where it has to move.
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        taken(size);
        given_back(layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
}
