//! A journal in a file with one writer, from which a new host can resume the session.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use thiserror::Error;

use super::record;
use super::{Journal, JournalError};
use crate::protocol::Protocol;

/// Default size in bytes from which a journal is rewritten.
const ROTATES_AT: u64 = 16 * 1024 * 1024;

/// A journal in a file, for `Driver::record_required` (Unix, feature `driver`). The file has one writer at a time. It is
/// rewritten from time to time, so that a session can run for days.
///
/// **One writer.** The file is locked (`flock`) until the value is dropped or the process ends. Another host that opens it
/// meanwhile gets [`Locked`](JournalFileError::Locked).
///
/// **A crash at any byte loses nothing that was acknowledged.** Each record is one line, which has left the process before
/// its input takes effect. [`open`](Self::open) removes an incomplete last line. A rewrite creates the new file as `NAME.new`
/// and then renames it. Records are not synced to the disk: a host that is killed loses none, and a power failure also ends
/// the CLI.
///
/// ```
/// use claude_duplex::testing::{Script, TestRuntime};
/// use claude_duplex::journal::JournalFile;
/// use claude_duplex::{Config, Driver, Seed};
///
/// # let name = format!("claude-duplex-{}.kept", std::process::id());
/// # let path = std::env::temp_dir().join(name);
/// # let _ = std::fs::remove_file(&path);
/// let runtime = TestRuntime::new();
/// let child = runtime.start(Script::default());
/// let config = Config::new(Seed::from_bytes([1; 16]));
/// let mut claude =
///     Driver::new(config, child).record_required(JournalFile::create(&path)?);
/// claude.prompt("hello")?;
/// drop(claude); // the host is killed
///
/// let (journal, session) = JournalFile::open(&path)?;
/// assert_eq!(journal.epoch(), 2);
/// let child = runtime.start(Script::default()); // a transport would find the old one
/// let mut claude = Driver::resume(session, child)?.record_required(journal);
/// let action = runtime.run(claude.next()).unwrap();
/// claude.acknowledge(claude.action_number());
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JournalFile {
    path: PathBuf,
    file: LockedFile,
    epoch: u64,
    is_new: bool,
    rotates_at: u64,
}

/// Error of opening a journal file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalFileError {
    /// Another host has the file open.
    #[error("the journal is in use by another process, or by another session of this one")]
    Locked,
    /// The file cannot be created, read or written.
    #[error("the file of the journal cannot be read or written")]
    Io(#[from] io::Error),
    /// The file is not a journal that this version of the crate reads, or is damaged before its end.
    #[error("the file contains no journal to continue")]
    Journal(#[from] JournalError),
    /// The recording was stopped at its cap, so later inputs are missing.
    #[error("the recording stopped at its size limit; the session continued without it")]
    Stopped,
}

impl JournalFile {
    /// Creates the file, with mode 0600: no other user can read it. The journal begins with `Driver::record_required`.
    ///
    /// # Errors
    /// [`JournalFileError::Io`]: [`AlreadyExists`](io::ErrorKind::AlreadyExists) if the path exists.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, JournalFileError> {
        let file = LockedFile::lock(Journal::create(&path)?)?;
        let path = path.as_ref().to_owned();
        Ok(Self { path, file, epoch: 1, is_new: true, rotates_at: ROTATES_AT })
    }

    /// Opens the journal of a session that another host drove, and returns the session after the last record. An incomplete
    /// last line is removed: its input had no effect.
    ///
    /// # Errors
    /// [`JournalFileError`] if another host has the file open, or if it does not contain a journal to resume from. The file
    /// is not changed in this case.
    pub fn open(path: impl AsRef<Path>) -> Result<(Self, Protocol), JournalFileError> {
        let path = path.as_ref().to_owned();
        let file = LockedFile::open(&path)?;
        let bytes = std::fs::read(&path)?;
        let journal = match Journal::read(&bytes) {
            Ok(journal) if journal.stopped.is_some() => return Err(JournalFileError::Stopped),
            Ok(journal) => journal,
            Err(JournalError::Torn { journal, .. }) => {
                let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                file.0.set_len(whole as u64)?;
                *journal
            }
            Err(error) => return Err(error.into()),
        };
        let session = journal.resume();
        let epoch = journal.epoch + 1;
        let mut this = Self { path, file, epoch, is_new: false, rotates_at: ROTATES_AT };
        // A complete record may only lack its line end.
        let mut line = if ends_in_a_line(&this.file.0, &bytes)? { Vec::new() } else { vec![b'\n'] };
        record::epoch(&mut line, session.now(), epoch).map_err(io::Error::from)?;
        this.file.0.write_all(&line)?;
        Ok((this, session))
    }

    /// Sets the size in bytes that triggers the replacement of the journal by one that starts with a snapshot. Default: 16 MiB.
    /// While the session is idle, one sixteenth of this size is enough. The rewrite waits until the host has acknowledged all
    /// returned actions.
    #[must_use]
    pub fn rotate_at(mut self, bytes: u64) -> Self {
        self.rotates_at = bytes;
        self
    }

    /// Returns the number of this writer: 1 for the host that created the journal, and one more for each that opened it.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn rotates_at(&self) -> u64 {
        self.rotates_at
    }

    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Rewrites the file with that header.
    fn begin(&mut self, header: &[u8]) -> io::Result<()> {
        let beside = successor(&self.path);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&beside)?;
        file.set_len(0)?;
        let mut file = LockedFile::lock(file).map_err(|error| io::Error::other(error.to_string()))?;
        file.0.write_all(header)?;
        std::fs::rename(&beside, &self.path)?;
        self.file = file;
        Ok(())
    }
}

/// Returns the name of the temporary file that replaces another.
fn successor(path: &Path) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".new");
    name.into()
}

/// Writes whole lines. A header starts a rewrite of the file.
impl Write for JournalFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let header = record::start_of_header();
        let mut rest = lines;
        while let Some(line) = rest.split_inclusive(|byte| *byte == b'\n').next() {
            if line.starts_with(header.as_bytes()) {
                self.begin(line)?;
            } else {
                self.file.0.write_all(line)?;
            }
            rest = &rest[line.len()..];
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.0.flush()
    }
}

impl fmt::Debug for JournalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalFile").field("path", &self.path).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// A file that has one writer.
struct LockedFile(File);

impl LockedFile {
    /// Locks a file, or returns an error if another process has locked it.
    fn lock(file: File) -> Result<Self, JournalFileError> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(JournalFileError::Locked),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }

    /// Opens and locks the file with this name. Tries again if another host has replaced the file before the lock.
    fn open(path: &Path) -> Result<Self, JournalFileError> {
        loop {
            let file = Self::lock(OpenOptions::new().append(true).open(path)?)?;
            let (locked, named) = (file.0.metadata()?, std::fs::metadata(path)?);
            if (locked.dev(), locked.ino()) == (named.dev(), named.ino()) {
                return Ok(file);
            }
        }
    }
}

/// A child that this process is forking has a copy of the descriptor until it executes its program. Closing the file alone would
/// leave the lock to that copy.
impl Drop for LockedFile {
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Returns `true` if the rest of the file ends with a line end.
fn ends_in_a_line(file: &File, bytes: &[u8]) -> io::Result<bool> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    Ok(bytes.get(..length).is_none_or(|bytes| bytes.last().is_none_or(|last| *last == b'\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_journal_unlocks_it_despite_a_copied_descriptor() {
        let path = std::env::temp_dir().join(format!("claude-duplex-lock-{}", std::process::id()));
        let journal = JournalFile::create(&path).expect("the file is new");
        // As in a child between its fork and its program.
        let copy = journal.file.0.try_clone().expect("a descriptor is free");
        assert!(matches!(LockedFile::open(&path), Err(JournalFileError::Locked)));
        drop(journal);
        assert!(LockedFile::open(&path).is_ok());
        drop(copy);
        std::fs::remove_file(&path).expect("it was created");
    }
}
