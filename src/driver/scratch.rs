//! The read buffer: one per thread, however many sessions the thread drives.
//!
//! The session takes the bytes before the poll returns, so no session needs 64 KiB of its own while its child is silent.

use std::cell::Cell;

/// Size of one read: the capacity of a pipe on Linux.
const CHUNK: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<Box<[u8]>> = Cell::default();
}

/// Lends the buffer of the thread. A nested call lends another one, because a transport may itself drive a session.
pub(super) fn with<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    // While a thread ends, its buffer may be gone.
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    if buffer.is_empty() {
        buffer = vec![0; CHUNK].into_boxed_slice();
    }
    let done = read(&mut buffer);
    let _ = BUFFER.try_with(|kept| kept.set(buffer));
    done
}
