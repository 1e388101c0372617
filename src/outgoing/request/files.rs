//! Files of the session's machine.

use crate::outgoing::request::sent::sent;
use crate::wire::view::view;

use super::Ack;

sent! {
    /// `rewind_files`: puts files back as they were before a prompt. Needs
    /// `CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING`; an error where there is nothing to go back to. Seen from 2.0.76.
    pub struct RewindFiles as "rewind_files" -> RewindFilesResponse {
        must {
            /// The uuid of the prompt.
            user_message_id: String,
        }
        may {
            /// Whether it is only told what would be done.
            dry_run: bool,
        }
    }

    /// `seed_read_state`: the model has read this file, which it must before it may write it. Seen from 2.1.143.
    pub struct SeedReadState as "seed_read_state" -> Ack {
        must {
            /// The file.
            path: String,
            /// When it was last changed, in milliseconds since 1970: a file that was changed since does not count.
            mtime: u64,
        }
    }

    /// `read_file`: what is in a file. Denied where the session may not read it. Seen from 2.1.143.
    pub struct ReadFile as "read_file" -> ReadFileResponse {
        must {
            /// The file.
            path: String,
        }
        may {
            /// How much of it, in bytes.
            max_bytes: u64,
        }
        into {
            /// `utf-8` or `base64`.
            encoding: String,
        }
    }

    /// `file_suggestions`: the files whose names are like a text. None until the CLI has its index. Seen from 2.1.143.
    pub struct FileSuggestions as "file_suggestions" -> FileSuggestionsResponse {
        must {
            /// The text.
            query: String,
        }
    }
}

impl RewindFiles {
    /// To before the prompt of that uuid.
    #[must_use]
    pub fn new(prompt: impl std::fmt::Display) -> Self {
        Self::bare(prompt.to_string())
    }
}

impl SeedReadState {
    /// That file, last changed then, in milliseconds since 1970.
    #[must_use]
    pub fn new(path: impl Into<String>, mtime: u64) -> Self {
        Self::bare(path.into(), mtime)
    }
}

impl ReadFile {
    /// That file.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self::bare(path.into())
    }

    /// Its bytes as base64, whatever they are.
    #[must_use]
    pub fn as_base64(self) -> Self {
        self.encoding("base64")
    }
}

impl FileSuggestions {
    /// For that text.
    #[must_use]
    pub fn new(query: impl Into<String>) -> Self {
        Self::bare(query.into())
    }
}

view! {
    /// What was put back, or would be. 2.0.76 says nothing of it.
    pub struct RewindFilesResponse {
        may {
            /// Whether it can be done.
            can_rewind = "canRewind": bool,
            /// Why not.
            error: String,
            /// Which files, of a dry run.
            files_changed = "filesChanged": Vec<String>,
            /// Lines that come back.
            insertions: u64,
            /// Lines that go.
            deletions: u64,
            /// Links that were left alone. From 2.1.250.
            skipped_links = "skippedLinks": u64,
        }
    }

    /// What is in a file.
    pub struct ReadFileResponse {
        must {
            /// Its text, or its bytes as base64.
            contents: String,
        }
        may {
            /// The file, from the root on.
            abs_path = "absPath": String,
            /// Whether there is more.
            truncated: bool,
            /// `base64`, where it is that.
            encoding: String,
            /// Whether bytes were lost that are no text. From 2.1.329.
            lossy: bool,
            /// The file, as it was asked for. From 2.1.329.
            requested_path: String,
        }
    }

    /// The files whose names are like a text.
    pub struct FileSuggestionsResponse {
        must {
            /// Each.
            suggestions: Vec<FileSuggestion>,
        }
        may {
            /// From where the paths go. From 2.1.329.
            cwd: String,
        }
    }

    /// A file.
    pub struct FileSuggestion {
        must {
            /// Where it is.
            path: String,
        }
    }
}
