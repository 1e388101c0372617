//! Errors of snapshots.

use thiserror::Error;

use crate::base::error::DecodeError;

/// Error of reading or restoring a [`Snapshot`](crate::Snapshot). No part of the snapshot is used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The text is not a snapshot, or only a part of one.
    #[error("the text is not a snapshot of claude-duplex, or is truncated")]
    NotASnapshot,
    /// The snapshot has another format than the one that this version of the crate reads.
    #[error(
        "the snapshot is of format {found}, written by claude-duplex {version}; this version reads format {known}: use \
         a version of the crate with that format"
    )]
    #[non_exhaustive]
    OtherFormat {
        /// Format of the snapshot.
        found: u64,
        /// Format that this version of the crate reads.
        known: u64,
        /// Version of the crate that wrote the snapshot.
        version: String,
    },
    /// The state was changed after it was written, e.g. by a disk error or an editor.
    #[error("the snapshot is damaged: {reason}; use an earlier one, or the journal from its start")]
    #[non_exhaustive]
    Damaged {
        /// First flaw that was found.
        reason: String,
    },
}

impl SnapshotError {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { reason: reason.into() }
    }

    /// Creates the error for a state that cannot be parsed. The message of the parser is truncated, because it may quote the
    /// state.
    pub(super) fn unreadable(error: serde_json::Error) -> Self {
        Self::damaged(DecodeError::other(error.to_string()).to_string())
    }
}
