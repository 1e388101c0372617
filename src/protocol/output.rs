//! What waits to be written to stdin.

/// Beyond this, a drained buffer gives its memory back.
const KEPT: usize = 16 * 1024;

#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    buffer: Vec<u8>,
    sent: usize,
    /// Whether the last byte that was sent is no line end.
    mid_line: bool,
}

impl Output {
    pub(crate) fn push(&mut self, line: &[u8]) {
        self.buffer.extend_from_slice(line);
    }

    pub(crate) fn pending(&self) -> &[u8] {
        &self.buffer[self.sent..]
    }

    pub(crate) fn sent(&mut self, count: usize) {
        let count = count.min(self.pending().len());
        if count == 0 {
            return;
        }
        self.sent += count;
        self.mid_line = self.buffer[self.sent - 1] != b'\n';
        if self.pending().is_empty() {
            self.clear();
        } else if self.sent > self.buffer.len() / 2 {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Gives up what was not sent. Whether the last line is cut by it is remembered.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        self.sent = 0;
    }

    /// Whether a part of a line was sent and the rest was not.
    pub(crate) fn is_mid_line(&self) -> bool {
        self.mid_line
    }
}
