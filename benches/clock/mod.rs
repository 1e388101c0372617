//! How long a job takes, in the processor's time: on a busy machine the clock on the wall measures the others.

#![allow(dead_code, reason = "not every bench measures all of it")]

use std::time::Duration;

/// What `job` gives, and the processor time that it took of this thread.
pub(crate) fn timed<T>(job: impl FnOnce() -> T) -> (T, Duration) {
    let started = spent();
    let done = job();
    (done, spent() - started)
}

/// The processor time of this thread so far.
#[cfg(unix)]
pub(crate) fn spent() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Elsewhere the time on the wall has to do.
#[cfg(not(unix))]
pub(crate) fn spent() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The middle one, in seconds; of an even number the later of the two.
pub(crate) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
