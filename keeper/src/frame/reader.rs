//! Separation of received bytes into frames.

use super::{FrameError, MAX_FRAME};

/// Buffer that separates received bytes into frames. It holds at most one frame and one read.
#[derive(Default)]
pub struct FrameReader {
    /// Memory for received bytes.
    bytes: Vec<u8>,
    /// Start of the bytes that were not returned as a frame yet.
    start: usize,
    /// End of the received bytes.
    end: usize,
}

impl FrameReader {
    /// Returns memory for a read of at least `least` bytes. [`filled`](Self::filled) adds the bytes that were read.
    pub fn space(&mut self, least: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < least {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            let needed = self.end + least;
            if self.bytes.len() < needed {
                self.bytes.resize(needed, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// Adds the first `count` bytes of [`space`](Self::space).
    ///
    /// # Panics
    /// If the space is shorter than `count`.
    pub fn filled(&mut self, count: usize) {
        assert!(count <= self.bytes.len() - self.end, "{count} bytes were not read");
        self.end += count;
    }

    /// Appends received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Returns the next complete frame, without its length field.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]. The connection cannot continue.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let Some(length) = self.length()? else { return Ok(None) };
        let begin = self.start + 4;
        self.start = begin + length;
        if self.start == self.end {
            // The next read begins at the front again.
            (self.start, self.end) = (0, 0);
        }
        Ok(Some(&self.bytes[begin..begin + length]))
    }

    /// Returns `true` if a complete frame was received.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]. The connection cannot continue.
    pub fn has_frame(&self) -> Result<bool, FrameError> {
        Ok(self.length()?.is_some())
    }

    /// Returns the length of the next frame, if the frame is complete.
    fn length(&self) -> Result<Option<usize>, FrameError> {
        let Some((length, rest)) = self.unread().split_first_chunk() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_FRAME {
            return Err(FrameError::TooLong(length));
        }
        Ok(Some(length).filter(|length| *length <= rest.len()))
    }

    /// Returns the bytes that were not returned as a frame yet.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}

impl std::fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameReader").field("unread", &self.unread().len()).finish_non_exhaustive()
    }
}
