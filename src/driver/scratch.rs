//! The buffer that is read into: one for each thread, however many sessions it drives.
//!
//! What was read is taken by the session before the poll is over, so a session need not keep 64 KiB for itself while its
//! child is silent.

use std::cell::Cell;

/// How much is read at a time: what a pipe holds on Linux.
const CHUNK: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<Box<[u8]>> = Cell::default();
}

/// Lends the thread's buffer. Within, another one is lent: a transport may itself drive a session.
pub(super) fn with<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    // While a thread ends its buffer may be gone.
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    if buffer.is_empty() {
        buffer = vec![0; CHUNK].into_boxed_slice();
    }
    let done = read(&mut buffer);
    let _ = BUFFER.try_with(|kept| kept.set(buffer));
    done
}
