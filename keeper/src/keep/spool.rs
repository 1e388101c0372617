//! One stream of the CLI's output: in memory and in files, with offsets, up to a limit.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, IoSliceMut, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::newest::Newest;
use crate::frame::StreamState;
use crate::place::private_file;

/// Number of files of a stream at its limit.
const SEGMENTS: u64 = 16;

/// Free memory, in bytes, below which the memory counts as full and is written to a file in one large block. Reads of a few
/// bytes at a time would be slow.
const LEAST_ROOM: usize = 4 * 1024;

/// Time that a host has to acknowledge bytes before they are written to a file.
pub(super) const GRACE: Duration = Duration::from_millis(100);

/// One file of a stream.
#[derive(Debug)]
struct Segment {
    start: u64,
    length: u64,
    file: File,
    path: PathBuf,
}

impl Segment {
    fn end(&self) -> u64 {
        self.start + self.length
    }
}

/// Bytes of one stream: all that no controller has acknowledged, and some that were acknowledged.
///
/// The newest bytes are in memory. A host that reads fast enough gets its bytes from memory, and bytes that it acknowledges
/// within [`GRACE`] are never written to a file. If the disk is full, the bytes stay in memory, and clients can still read
/// them.
#[derive(Debug)]
pub(super) struct Spool {
    /// Path of the files, without the number.
    path: PathBuf,
    limit: u64,
    segments: VecDeque<Segment>,
    newest: Newest,
    /// Offset before which all bytes are in files, or acknowledged.
    saved: u64,
    /// Time since which some bytes are only in memory, or the time of a later acknowledgment.
    unsaved_since: Option<Instant>,
    acknowledged: u64,
    ended: bool,
    trouble: Option<io::Error>,
}

impl Spool {
    /// Creates an empty stream that keeps up to `limit` bytes, and `memory` of them in memory.
    pub(super) fn new(path: PathBuf, limit: u64, memory: usize) -> Self {
        Self {
            path,
            limit,
            segments: VecDeque::new(),
            newest: Newest::new(memory),
            saved: 0,
            unsaved_since: None,
            acknowledged: 0,
            ended: false,
            trouble: None,
        }
    }

    /// Returns how many bytes may be read from the CLI now.
    pub(super) fn room(&self) -> usize {
        let kept = self.limit.saturating_sub(self.newest.end() - self.acknowledged);
        match self.memory_left() {
            _ if self.ended => 0,
            left if left < LEAST_ROOM => 0,
            left => usize::try_from(kept).unwrap_or(usize::MAX).min(left),
        }
    }

    /// Returns the size of the memory that does not hold the only copy of bytes.
    fn memory_left(&self) -> usize {
        let unsaved = usize::try_from(self.newest.end() - self.saved).unwrap_or(usize::MAX);
        self.newest.size().saturating_sub(unsaved)
    }

    /// Reads once from a pipe of the CLI, at most [`room`](Self::room) bytes. Returns 0 at the end of the pipe.
    pub(super) fn fill(&mut self, pipe: &mut impl Read, now: Instant) -> io::Result<usize> {
        let room = self.room();
        if room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let [first, second] = self.newest.space(room);
        let count = pipe.read_vectored(&mut [IoSliceMut::new(first), IoSliceMut::new(second)])?;
        self.newest.extend(count);
        if count > 0 {
            self.unsaved_since = self.unsaved_since.or(Some(now));
        }
        Ok(count)
    }

    /// Writes bytes to files if they were only in memory for [`GRACE`], or if the memory is full. If `is_taken` is `true`, a
    /// host will soon read the bytes, and the memory may stay full.
    pub(super) fn relieve(&mut self, is_taken: bool, now: Instant) {
        let full = self.memory_left() < LEAST_ROOM && !is_taken;
        if full || self.due().is_some_and(|due| due <= now) || self.trouble.is_some() {
            self.save();
        }
    }

    /// Returns the time at which bytes that are only in memory are to be written to a file. Returns `None` after an error,
    /// because the retry has a time of its own.
    pub(super) fn due(&self) -> Option<Instant> {
        self.unsaved_since.filter(|_| self.trouble.is_none()).map(|since| since + GRACE)
    }

    /// Tries to write the bytes that are only in memory. [`trouble`](Self::trouble) returns the error of a failure.
    fn save(&mut self) {
        while self.saved < self.newest.end() {
            match self.save_some() {
                Ok(()) => self.trouble = None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.trouble = Some(error);
                    return;
                }
            }
        }
        self.unsaved_since = None;
    }

    fn save_some(&mut self) -> io::Result<()> {
        let longest = self.limit / SEGMENTS;
        if self.segments.back().is_none_or(|last| last.length >= longest || last.end() != self.saved) {
            let path = PathBuf::from(format!("{}.{}", self.path.display(), self.saved));
            let file = private_file(&path)?;
            self.segments.push_back(Segment { start: self.saved, length: 0, file, path });
        }
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        let to = self.newest.end().min(self.saved + longest - last.length);
        let [bytes, _] = self.newest.parts(self.saved, to);
        let count = last.file.write_at(bytes, last.length)? as u64;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        last.length += count;
        self.saved += count;
        Ok(())
    }

    /// Removes the files that end before `offset`. Bytes before `offset` that are only in memory need not be written any more.
    pub(super) fn acknowledge(&mut self, offset: u64, now: Instant) {
        let offset = offset.min(self.newest.end());
        if offset <= self.acknowledged {
            return;
        }
        self.acknowledged = offset;
        // Bytes that a host has and no file contains need no file any more.
        if self.acknowledged > self.saved {
            self.saved = self.acknowledged;
            self.trouble = None;
            self.unsaved_since = (self.saved < self.newest.end()).then_some(now);
        }
        let end = self.newest.end();
        while self.segments.front().is_some_and(|first| first.end() <= self.acknowledged && first.end() < end) {
            if let Some(first) = self.segments.pop_front() {
                // A file that cannot be removed goes with the directory.
                let _ = fs::remove_file(&first.path);
            }
        }
    }

    /// Returns the bytes between two offsets, if they are in memory.
    pub(super) fn in_memory(&self, from: u64, to: u64) -> Option<[&[u8]; 2]> {
        (from >= self.newest.start()).then(|| self.newest.parts(from, to))
    }

    /// Reads bytes from a file into `buffer`, starting at `offset`. The offset must be at least
    /// [`oldest`](StreamState::oldest), and not in memory. Returns the number of bytes, at least 1.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let index = self.segments.partition_point(|segment| segment.end() <= offset);
        let segment = self.segments.get(index).filter(|segment| segment.start <= offset);
        let Some(segment) = segment else { return Err(io::ErrorKind::NotFound.into()) };
        let most = usize::try_from(segment.end() - offset).unwrap_or(usize::MAX).min(buffer.len());
        match segment.file.read_at(&mut buffer[..most], offset - segment.start)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }

    pub(super) fn finish(&mut self) {
        self.ended = true;
    }

    pub(super) fn state(&self) -> StreamState {
        StreamState { oldest: self.oldest(), end: self.newest.end(), ended: self.ended }
    }

    /// Returns the first offset from which all bytes are kept.
    fn oldest(&self) -> u64 {
        let mut oldest = self.newest.start();
        // Between files there may be bytes that were acknowledged and never written to one.
        for segment in self.segments.iter().rev() {
            if segment.end() < oldest {
                break;
            }
            oldest = oldest.min(segment.start);
        }
        oldest
    }

    /// Returns the error of the last attempt to save output. Returns `None` if output can be saved.
    pub(super) fn trouble(&self) -> Option<&io::Error> {
        self.trouble.as_ref()
    }
}

#[cfg(test)]
mod tests;
