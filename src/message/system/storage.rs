//! `system` messages about stored files and transcripts.

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// `files_persisted`: files were stored at the API, or failed to be stored.
    pub struct FilesPersisted {
        may {
            /// Time when the files were processed.
            processed_at: Json,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
        or_default {
            /// Files that were stored.
            files: Vec<PersistedFile>,
            /// Files that could not be stored.
            failed: Vec<UnpersistedFile>,
        }
    }

    /// File that was stored.
    pub struct PersistedFile {
        must {
            /// Name of the file.
            filename: String,
        }
        may {
            /// Identifier of the file at the API.
            file_id: String,
        }
    }

    /// File that could not be stored.
    pub struct UnpersistedFile {
        must {
            /// Name of the file.
            filename: String,
        }
        may {
            /// Description of the error.
            error: String,
        }
    }

    /// `session_writes_lost`: the disk was full. At most once per process, after the last result.
    pub struct SessionWritesLost {
        may {
            /// Name of the system error: `ENOSPC` or `EDQUOT`.
            error_code: String,
            /// Writes that were lost.
            lost: Vec<Json>,
            /// Identifiers of the sessions whose transcripts are incomplete.
            transcript_session_ids: Vec<String>,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `mirror_error`: a store of transcripts failed. The official SDKs create this message; the CLI never sends it.
    pub struct MirrorError {
        may {
            /// Description of the error.
            error: String,
            /// Key of the transcript.
            key: Json,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }
}
