//! Newest bytes of a stream, in memory.

/// Ring of the newest bytes of a stream, addressed by their offsets in the stream.
#[derive(Debug)]
pub(super) struct Newest {
    ring: Box<[u8]>,
    start: u64,
    end: u64,
}

impl Newest {
    /// Creates an empty ring of `size` bytes. Memory is used only as it fills.
    pub(super) fn new(size: usize) -> Self {
        Self { ring: vec![0; size].into_boxed_slice(), start: 0, end: 0 }
    }

    /// Returns the offset of the first byte in memory.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Returns the offset after the last byte.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Returns the capacity, in bytes.
    pub(super) fn size(&self) -> usize {
        self.ring.len()
    }

    /// Returns the bytes between two offsets that are in memory. The second part is empty unless the ring ends between them.
    pub(super) fn parts(&self, from: u64, to: u64) -> [&[u8]; 2] {
        let (begin, length) = (self.index(from), usize::try_from(to - from).unwrap_or(usize::MAX));
        let first = length.min(self.ring.len() - begin);
        [&self.ring[begin..begin + first], &self.ring[..length - first]]
    }

    /// Returns the memory of the next `length` bytes, at most the size of the ring.
    pub(super) fn space(&mut self, length: usize) -> [&mut [u8]; 2] {
        let begin = self.index(self.end);
        let first = length.min(self.ring.len() - begin);
        let (low, high) = self.ring.split_at_mut(begin);
        [&mut high[..first], &mut low[..length - first]]
    }

    /// Adds the bytes that were written to [`space`](Self::space). They replace the oldest ones.
    pub(super) fn extend(&mut self, count: usize) {
        self.end += count as u64;
        self.start = self.start.max(self.end.saturating_sub(self.ring.len() as u64));
    }

    fn index(&self, offset: u64) -> usize {
        usize::try_from(offset % self.ring.len() as u64).unwrap_or(0)
    }
}
