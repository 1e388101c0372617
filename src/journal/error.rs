//! Why a file cannot be read as a journal.

use thiserror::Error;

use super::Journal;
use crate::protocol::SnapshotError;

/// Why a journal cannot be read. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// It is another kind of file.
    #[error("the file is not a journal of claude-duplex: its first line is not the header of one")]
    NotAJournal,
    /// The recording was cut off before the header was written.
    #[error("the journal ends before its header does: nothing was recorded")]
    Empty,
    /// It is of a format that came later.
    #[error(
        "the journal is of format {found}, written by claude-duplex {version}; this version reads formats up to {known}: \
         use a newer one"
    )]
    NewerVersion {
        /// Its format.
        found: u64,
        /// The newest format that this version of the crate reads.
        known: u64,
        /// The version of the crate that wrote it.
        version: String,
    },
    /// A line holds what this version of the crate cannot tell a session.
    #[error(
        "line {line}: a record of the unknown kind {kind:?}, written by a newer version of claude-duplex: use that"
    )]
    NewerRecord {
        /// Where.
        line: usize,
        /// The record's name.
        kind: String,
    },
    /// The snapshot with which the journal begins cannot be restored.
    #[error("the journal begins with a snapshot that cannot be restored")]
    Snapshot(#[from] SnapshotError),
    /// The last line was not written to its end: the host crashed, or its disk was full.
    #[error("line {line} of the journal, the last, is torn: the {} inputs before it are whole", journal.inputs.len())]
    Torn {
        /// Where.
        line: usize,
        /// All that comes before.
        journal: Box<Journal>,
    },
    /// A line is no record.
    #[error("line {line} of the journal is not a record: {reason}")]
    Record {
        /// Where.
        line: usize,
        /// Why.
        reason: String,
    },
}
