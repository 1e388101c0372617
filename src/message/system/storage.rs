//! What was stored, and what could not be.

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// `files_persisted`.
    pub struct FilesPersisted {
        may {
            /// When.
            processed_at: Json,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
        or_default {
            /// What was stored.
            files: Vec<PersistedFile>,
            /// What could not be.
            failed: Vec<UnpersistedFile>,
        }
    }

    /// A file that was stored.
    pub struct PersistedFile {
        must {
            /// Its name.
            filename: String,
        }
        may {
            /// Its id at the API.
            file_id: String,
        }
    }

    /// A file that could not be stored.
    pub struct UnpersistedFile {
        must {
            /// Its name.
            filename: String,
        }
        may {
            /// Why.
            error: String,
        }
    }

    /// `session_writes_lost`: the disk was full. At most once, at the end.
    pub struct SessionWritesLost {
        may {
            /// `ENOSPC` or `EDQUOT`.
            error_code: String,
            /// What is lost.
            lost: Vec<Json>,
            /// The sessions whose transcripts have gaps.
            transcript_session_ids: Vec<String>,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `mirror_error`: the official SDKs make it of a store that failed; the CLI does not say it.
    pub struct MirrorError {
        may {
            /// Why.
            error: String,
            /// Which transcript.
            key: Json,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }
}
