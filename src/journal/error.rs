//! Errors of reading a journal.

use thiserror::Error;

use super::Journal;
use crate::protocol::SnapshotError;

/// Error of reading a journal. Lines are numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file is not a journal.
    #[error("the file is not a journal of claude-duplex: its first line is not a journal header")]
    NotAJournal,
    /// The recording ended before the header was written.
    #[error("the journal has no complete header, so nothing was recorded")]
    Empty,
    /// The format of the journal is newer than this version of the crate reads.
    #[error(
        "the journal is of format {found}, written by claude-duplex {version}; this version reads formats up to {known}: \
         use a newer one"
    )]
    #[non_exhaustive]
    NewerVersion {
        /// Format of the journal.
        found: u64,
        /// The newest format that this version of the crate reads.
        known: u64,
        /// Version of the crate that wrote the journal.
        version: String,
    },
    /// A line contains a kind of input that this version of the crate does not know.
    #[error(
        "line {line}: a record of the unknown kind {kind:?}, written by a newer version of claude-duplex: use that"
    )]
    #[non_exhaustive]
    NewerRecord {
        /// Number of the line.
        line: usize,
        /// Name of the record.
        kind: String,
    },
    /// The snapshot with which the journal begins cannot be restored.
    #[error("the journal begins with a snapshot that cannot be restored")]
    Snapshot(#[from] SnapshotError),
    /// The last line was not written to its end: the host crashed, or its disk was full.
    #[error("line {line} of the journal, the last, is incomplete: the {} inputs before it are complete", journal.inputs.len())]
    #[non_exhaustive]
    Torn {
        /// Number of the line.
        line: usize,
        /// The journal without that line.
        journal: Box<Journal>,
    },
    /// A line is not a record.
    #[error("line {line} of the journal is not a record: {reason}")]
    #[non_exhaustive]
    Record {
        /// Number of the line.
        line: usize,
        /// Description of the error.
        reason: String,
    },
}
