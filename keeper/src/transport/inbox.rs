//! Received bytes of one stream that the driver has not read.

use std::task::Poll;

/// Divisor of the window: when this part of it is free, the keeper is notified.
const PART: u64 = 4;

/// Received bytes of one stream that the driver has not read, at most one window.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// Start of the bytes in `bytes` that were not read.
    start: usize,
    /// Offset after the bytes that were read.
    read: u64,
    /// Size of the window, in bytes.
    window: u64,
    /// Offset up to which the keeper may send.
    granted: u64,
    ended: bool,
    /// Offset before which the keeper may drop bytes.
    pub(super) kept: u64,
    /// Last value of `kept` that was sent to the keeper.
    pub(super) kept_sent: u64,
}

impl Inbox {
    pub(super) fn new(offset: u64, window: u64) -> Self {
        let granted = offset.saturating_add(window);
        let (kept, kept_sent) = (0, 0);
        Self { bytes: Vec::new(), start: 0, read: offset, window, granted, ended: false, kept, kept_sent }
    }

    /// Adds received bytes. Returns `false` if they are not the next bytes of the stream.
    pub(super) fn push(&mut self, offset: u64, bytes: &[u8]) -> bool {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
        let is_next = self.read + (self.bytes.len() - self.start) as u64 == offset;
        if is_next {
            self.bytes.extend_from_slice(bytes);
        }
        is_next
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Returns `true` if a read returns at once.
    pub(super) fn has_any(&self) -> bool {
        self.start < self.bytes.len() || self.ended
    }

    /// Returns `true` if all received bytes were read.
    pub(super) fn is_read(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Returns the offset after the bytes that were read.
    pub(super) fn offset(&self) -> u64 {
        self.read
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Poll<usize> {
        let rest = &self.bytes[self.start..];
        if rest.is_empty() {
            return if self.ended { Poll::Ready(0) } else { Poll::Pending };
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.start += count;
        self.read += count as u64;
        // A slow reader of a flood must not keep what it has read.
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        Poll::Ready(count)
    }

    /// Returns the offset up to which the keeper may send, and `true` if it differs enough from the last one to be reported.
    pub(super) fn grant(&mut self) -> (u64, bool) {
        let room = self.read.saturating_add(self.window);
        (room, room - self.granted.min(room) >= (self.window / PART).max(1))
    }

    /// Records that the current offsets were sent to the keeper.
    pub(super) fn announced(&mut self, room: u64) {
        self.granted = room;
        self.kept_sent = self.kept;
    }
}
