//! Frames out of bytes as they come.

use super::{FrameError, MAX_FRAME};

/// Buffer that cuts received bytes into frames. It holds at most one frame and one read beyond it.
#[derive(Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8>,
    /// Begin of what was not read as a frame.
    start: usize,
}

impl FrameReader {
    /// Appends received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next whole frame, without its length.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]. The connection cannot go on.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let Some(length) = self.length()? else { return Ok(None) };
        let begin = self.start + 4;
        self.start = begin + length;
        Ok(Some(&self.bytes[begin..begin + length]))
    }

    /// Returns whether a whole frame is there.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]. The connection cannot go on.
    pub fn has_frame(&self) -> Result<bool, FrameError> {
        Ok(self.length()?.is_some())
    }

    /// Returns the length of the next frame, if it is whole.
    fn length(&self) -> Result<Option<usize>, FrameError> {
        let Some((length, rest)) = self.unread().split_first_chunk() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_FRAME {
            return Err(FrameError::TooLong(length));
        }
        Ok(Some(length).filter(|length| *length <= rest.len()))
    }

    /// Returns the bytes that were not read as a frame.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}
