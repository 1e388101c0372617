//! Bytes that wait to be written to stdin.

use serde::{Deserialize, Serialize};

use crate::protocol::form;

/// Capacity beyond which an empty buffer releases its memory.
const KEPT: usize = 16 * 1024;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Unsent", into = "Unsent")]
pub(crate) struct Output {
    buffer: Vec<u8>,
    sent: usize,
    /// `true` if the last byte that was sent is not a line end.
    mid_line: bool,
}

/// The output without the bytes that were sent: the form of a snapshot.
#[derive(Serialize, Deserialize)]
struct Unsent {
    #[serde(with = "form")]
    pending: Vec<u8>,
    mid_line: bool,
}

impl From<Output> for Unsent {
    fn from(output: Output) -> Self {
        Self { pending: output.pending().to_vec(), mid_line: output.mid_line }
    }
}

impl From<Unsent> for Output {
    fn from(Unsent { pending, mid_line }: Unsent) -> Self {
        Self { buffer: pending, sent: 0, mid_line }
    }
}

impl Output {
    pub(crate) fn push(&mut self, line: &[u8]) {
        self.buffer.extend_from_slice(line);
    }

    pub(crate) fn pending(&self) -> &[u8] {
        &self.buffer[self.sent..]
    }

    /// Removes bytes that were sent. Returns their number.
    pub(crate) fn sent(&mut self, count: usize) -> usize {
        let count = count.min(self.pending().len());
        if count == 0 {
            return 0;
        }
        self.sent += count;
        self.mid_line = self.buffer[self.sent - 1] != b'\n';
        if self.pending().is_empty() {
            self.clear();
        } else if self.sent > self.buffer.len() / 2 {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
        count
    }

    /// Drops the bytes that were not sent. Remembers whether the last line is truncated by that.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        self.sent = 0;
    }

    /// Returns `true` if a part of a line was sent and the rest was not.
    pub(crate) fn is_mid_line(&self) -> bool {
        self.mid_line
    }
}
