//! Files on the machine of the session.

use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

use super::Ack;

sent! {
    /// `rewind_files`: restores files to their state before a prompt. Seen since 2.0.76.
    ///
    /// Requires `CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING`. Without a checkpoint the CLI returns an error.
    pub struct RewindFiles as "rewind_files" -> RewindFilesResponse {
        must {
            /// Uuid of the prompt.
            user_message_id: String,
        }
        may {
            /// `true` if the CLI only reports the changes, and restores nothing.
            dry_run: bool,
        }
    }

    /// `seed_read_state`: marks a file as read by the model, which is required before the model may write it. Seen since
    /// 2.1.143.
    pub struct SeedReadState as "seed_read_state" -> Ack {
        must {
            /// Path of the file.
            path: String,
            /// Modification time of the file, in milliseconds since 1970. The CLI ignores the request if the file was
            /// modified later.
            mtime: u64,
        }
    }

    /// `read_file`: reads a file. The CLI denies files that the session may not read. Seen since 2.1.143.
    pub struct ReadFile as "read_file" -> ReadFileResponse {
        must {
            /// Path of the file.
            path: String,
        }
        may {
            /// Maximum number of bytes to read.
            max_bytes: u64,
        }
        into {
            /// Encoding of the response: `utf-8` or `base64`.
            encoding: String,
        }
    }

    /// `file_suggestions`: finds files whose names match a text. The list is empty until the CLI has built its index. Seen
    /// since 2.1.143.
    pub struct FileSuggestions as "file_suggestions" -> FileSuggestionsResponse {
        must {
            /// Text to match.
            query: String,
        }
    }
}

impl RewindFiles {
    /// Creates a request that restores files to their state before the prompt with this uuid.
    #[must_use]
    pub fn new(prompt: impl std::fmt::Display) -> Self {
        Self::bare(prompt.to_string())
    }
}

impl SeedReadState {
    /// Creates a request for a file and its modification time, in milliseconds since 1970.
    #[must_use]
    pub fn new(path: impl Into<String>, mtime: u64) -> Self {
        Self::bare(path.into(), mtime)
    }
}

impl ReadFile {
    /// Creates a request for a file.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self::bare(path.into())
    }

    /// Sets the encoding of the response to base64, which fits any content.
    #[must_use]
    pub fn as_base64(self) -> Self {
        self.encoding("base64")
    }
}

impl FileSuggestions {
    /// Creates a request for a text.
    #[must_use]
    pub fn new(query: impl Into<String>) -> Self {
        Self::bare(query.into())
    }
}

view! {
    /// Restored files, or for a dry run the files to restore. 2.0.76 responds without fields.
    pub struct RewindFilesResponse {
        may {
            /// `true` if the files can be restored.
            can_rewind = "canRewind": bool,
            /// Reason why the files cannot be restored.
            error: String,
            /// Paths of the files that would change. Only for a dry run.
            files_changed = "filesChanged": Vec<String>,
            /// Number of lines that are added.
            insertions: u64,
            /// Number of lines that are removed.
            deletions: u64,
            /// Number of links that were skipped. Since 2.1.250.
            skipped_links = "skippedLinks": u64,
        }
    }

    /// Content of a file.
    pub struct ReadFileResponse {
        must {
            /// Content as text, or encoded in base64.
            contents: String,
        }
        may {
            /// Absolute path of the file.
            abs_path = "absPath": String,
            /// `true` if the file is longer than the returned content.
            truncated: bool,
            /// Encoding of the content: `base64`, or absent for text.
            encoding: String,
            /// `true` if bytes that are not valid text were replaced. Since 2.1.329.
            lossy: bool,
            /// Path of the file as in the request. Since 2.1.329.
            requested_path: String,
        }
    }

    /// Files whose names match a text.
    pub struct FileSuggestionsResponse {
        must {
            /// List of the matching files.
            suggestions: Vec<FileSuggestion>,
        }
        may {
            /// Directory that the paths are relative to. Since 2.1.329.
            cwd: String,
        }
    }

    /// File with a matching name.
    pub struct FileSuggestion {
        must {
            /// Path of the file.
            path: String,
        }
    }
}
