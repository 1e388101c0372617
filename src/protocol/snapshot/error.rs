//! Reasons for which a snapshot is not restored.

use thiserror::Error;

use crate::base::error::DecodeError;

/// Reason for which a session is not restored from a [`Snapshot`](crate::Snapshot). No part of the snapshot is used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The text is something else, or a part of a snapshot.
    #[error("the text is not a snapshot of claude-duplex, or was cut off")]
    NotASnapshot,
    /// The format is not the one of this version of the crate.
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
        /// Version of the crate that wrote it.
        version: String,
    },
    /// The state was changed after it was written: by a fault, or by hand.
    #[error("the snapshot is damaged: {reason}; use an earlier one, or the journal from its start")]
    #[non_exhaustive]
    Damaged {
        /// First difference from what this crate writes.
        reason: String,
    },
}

impl SnapshotError {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { reason: reason.into() }
    }

    /// A state that is not of the form. The parser's words are cut, as they may quote what it read.
    pub(super) fn unreadable(error: serde_json::Error) -> Self {
        Self::damaged(DecodeError::other(error.to_string()).to_string())
    }
}
