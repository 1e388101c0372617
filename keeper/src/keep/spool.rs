//! One stream of the CLI's output: in files, with offsets, up to a limit.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::frame::{MAX_DATA, StreamState};
use crate::place::private_file;

/// Files of a stream at its limit.
const SEGMENTS: u64 = 16;

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

/// Bytes of one stream: those that no controller has acknowledged, and at most one file of those that one has.
///
/// What was read last stays in memory, so that a client that keeps up is served without a file. What a full disk does not take
/// stays there too, and a client can still have it.
#[derive(Debug)]
pub(super) struct Spool {
    /// Path of the files, without the number.
    path: PathBuf,
    limit: u64,
    segments: VecDeque<Segment>,
    /// Last bytes of the stream.
    memory: Vec<u8>,
    end: u64,
    /// Bytes before this offset are in files.
    saved: u64,
    acknowledged: u64,
    ended: bool,
    trouble: Option<io::Error>,
}

impl Spool {
    pub(super) fn new(path: PathBuf, limit: u64) -> Self {
        Self {
            path,
            limit,
            segments: VecDeque::new(),
            memory: Vec::with_capacity(MAX_DATA),
            end: 0,
            saved: 0,
            acknowledged: 0,
            ended: false,
            trouble: None,
        }
    }

    /// Returns how many bytes may be pushed.
    pub(super) fn room(&self) -> usize {
        if self.ended {
            return 0;
        }
        let kept = self.limit.saturating_sub(self.end - self.acknowledged);
        let unsaved = usize::try_from(self.end - self.saved).unwrap_or(usize::MAX);
        usize::try_from(kept).unwrap_or(usize::MAX).min(MAX_DATA.saturating_sub(unsaved))
    }

    /// Appends what the CLI has written.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.forget_saved();
        self.memory.extend_from_slice(bytes);
        self.end += bytes.len() as u64;
        self.save();
    }

    /// Tries to write what is in memory alone. A failure is [`trouble`](Self::trouble).
    pub(super) fn save(&mut self) {
        while self.saved < self.end {
            match self.save_some() {
                Ok(()) => self.trouble = None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.trouble = Some(error);
                    return;
                }
            }
        }
    }

    fn save_some(&mut self) -> io::Result<()> {
        let longest = self.limit / SEGMENTS;
        if self.segments.back().is_none_or(|last| last.length >= longest || last.end() != self.saved) {
            let path = PathBuf::from(format!("{}.{}", self.path.display(), self.saved));
            let file = private_file(&path)?;
            self.segments.push_back(Segment { start: self.saved, length: 0, file, path });
        }
        let begin = self.memory.len() - usize::try_from(self.end - self.saved).unwrap_or(0);
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        let count = last.file.write_at(&self.memory[begin..], last.length)? as u64;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        last.length += count;
        self.saved += count;
        Ok(())
    }

    /// Drops what is in the files from memory.
    fn forget_saved(&mut self) {
        let unsaved = usize::try_from(self.end - self.saved).unwrap_or(0);
        self.memory.drain(..self.memory.len() - unsaved);
    }

    /// Drops what lies before `offset`, as far as whole files lie there.
    pub(super) fn acknowledge(&mut self, offset: u64) {
        self.acknowledged = self.acknowledged.max(offset.min(self.end));
        // What a client has and no file took need not be saved any more.
        if self.acknowledged > self.saved {
            self.saved = self.acknowledged;
            self.trouble = None;
        }
        while self.segments.front().is_some_and(|first| first.end() <= self.acknowledged && first.end() < self.end) {
            if let Some(first) = self.segments.pop_front() {
                // What cannot be removed goes with the directory.
                let _ = fs::remove_file(&first.path);
            }
        }
    }

    /// Reads from `offset`, which is at least [`oldest`](StreamState::oldest), into `buffer`. Returns 0 at the end.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let in_memory = self.end - self.memory.len() as u64;
        if offset >= in_memory {
            let begin = usize::try_from(offset - in_memory).unwrap_or(usize::MAX).min(self.memory.len());
            let bytes = &self.memory[begin..];
            let count = bytes.len().min(buffer.len());
            buffer[..count].copy_from_slice(&bytes[..count]);
            return Ok(count);
        }
        let index = self.segments.partition_point(|segment| segment.end() <= offset);
        let segment = self.segments.get(index).filter(|segment| segment.start <= offset);
        let Some(segment) = segment else { return Err(io::ErrorKind::NotFound.into()) };
        let most = usize::try_from(segment.end() - offset).unwrap_or(usize::MAX).min(buffer.len());
        match segment.file.read_at(&mut buffer[..most], offset - segment.start)? {
            0 if most > 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }

    pub(super) fn finish(&mut self) {
        self.ended = true;
    }

    pub(super) fn state(&self) -> StreamState {
        StreamState { oldest: self.oldest(), end: self.end, ended: self.ended }
    }

    /// Returns the first offset from which everything is kept.
    fn oldest(&self) -> u64 {
        let in_memory = self.end - self.memory.len() as u64;
        // After a full disk there may be a gap, which was acknowledged.
        let mut oldest = in_memory;
        for segment in self.segments.iter().rev() {
            if segment.end() < oldest {
                break;
            }
            oldest = oldest.min(segment.start);
        }
        oldest
    }

    /// Returns the reason that output cannot be saved, if that is so.
    pub(super) fn trouble(&self) -> Option<&io::Error> {
        self.trouble.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("keeper-spool-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    /// Byte of a stream at an offset.
    fn byte(offset: u64) -> u8 {
        (offset % 251) as u8
    }

    fn bytes(range: std::ops::Range<u64>) -> Vec<u8> {
        range.map(byte).collect()
    }

    fn read_all(spool: &Spool, from: u64) -> Vec<u8> {
        let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
        loop {
            match spool.read(from + all.len() as u64, &mut buffer).unwrap() {
                0 => return all,
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    }

    #[test]
    fn every_offset_reads_what_was_pushed_there() {
        let folder = folder("reads");
        let mut spool = Spool::new(folder.join("out"), 16_000);
        let mut end = 0;
        for size in [1, 999, 1000, 1001, 2500, 10, 4000] {
            spool.push(&bytes(end..end + size));
            end += size;
        }
        assert_eq!(spool.state(), StreamState { oldest: 0, end, ended: false });
        assert!(fs::read_dir(&folder).unwrap().count() > 3);
        for from in (0..=end).step_by(97) {
            assert_eq!(read_all(&spool, from), bytes(from..end));
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_acknowledged_makes_room_and_its_files_go() {
        let folder = folder("acknowledged");
        let mut spool = Spool::new(folder.join("out"), 16_000);
        let mut end = 0;
        while spool.room() > 0 {
            let size = spool.room().min(700) as u64;
            spool.push(&bytes(end..end + size));
            end += size;
        }
        assert_eq!(end, 16_000);
        spool.acknowledge(8_000);
        assert_eq!(spool.room(), 8_000);
        let oldest = spool.state().oldest;
        assert!((6_000..=8_000).contains(&oldest), "{oldest}");
        assert_eq!(read_all(&spool, oldest), bytes(oldest..end));
        assert!(spool.read(0, &mut [0; 10]).is_err());
        // Neither what goes back nor what is beyond the end counts.
        spool.acknowledge(1);
        spool.acknowledge(u64::MAX);
        assert_eq!(spool.room(), 16_000);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_disk_what_memory_holds_is_served_and_goes_when_acknowledged() {
        let folder = folder("disk");
        let mut spool = Spool::new(folder.join("out"), 1 << 20);
        spool.push(&bytes(0..1000));
        let mut other = Spool::new(folder.join("missing").join("out"), 1 << 20);
        other.push(&bytes(0..1000));
        assert!(spool.trouble().is_none() && other.trouble().is_some());
        let mut end = 1000;
        while other.room() > 0 {
            let size = other.room().min(10_000) as u64;
            other.push(&bytes(end..end + size));
            end += size;
        }
        assert_eq!((end, read_all(&other, 0)), (MAX_DATA as u64, bytes(0..end)));
        other.acknowledge(end - 10);
        assert_eq!(other.room(), MAX_DATA - 10);
        other.push(&bytes(end..end + 5));
        assert_eq!(other.state().oldest, end - 10);
        assert_eq!(read_all(&other, end - 10), bytes(end - 10..end + 5));
        // The disk is there again.
        fs::create_dir(folder.join("missing")).unwrap();
        other.save();
        assert!(other.trouble().is_none());
        other.push(&bytes(end + 5..end + 9));
        assert_eq!(read_all(&other, end - 10), bytes(end - 10..end + 9));
        fs::remove_dir_all(folder).unwrap();
    }
}
