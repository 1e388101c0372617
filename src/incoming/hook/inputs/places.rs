//! Settings, instructions, directories and files.

use crate::wire::view::view;

view! {
    /// A settings file has changed.
    pub struct ConfigChangeHookInput {
        must {}
        may {
            /// Which: `user_settings`, `project_settings`, `local_settings`, `policy_settings`, `skills`.
            source: String,
            /// The file.
            file_path: String,
        }
    }

    /// A file of instructions was read.
    pub struct InstructionsLoadedHookInput {
        must {
            /// The file.
            file_path: String,
        }
        may {
            /// Whose they are: `User`, `Project`, `Local`, `Managed`.
            memory_type: String,
            /// Why: `session_start`, `nested_traversal`, `path_glob_match`, `include`, `compact`.
            load_reason: String,
            /// For which files they are.
            globs: Vec<String>,
            /// The file that made it be read.
            trigger_file_path: String,
            /// The file that includes it.
            parent_file_path: String,
        }
    }

    /// A worktree is to be made, by the hook.
    pub struct WorktreeCreateHookInput {
        must {
            /// Its name.
            name: String,
        }
        may {}
    }

    /// A worktree is to be taken away.
    pub struct WorktreeRemoveHookInput {
        must {
            /// Where it is.
            worktree_path: String,
        }
        may {}
    }

    /// The working directory has changed.
    pub struct CwdChangedHookInput {
        must {
            /// What it is.
            new_cwd: String,
        }
        may {
            /// What it was.
            old_cwd: String,
        }
    }

    /// A watched file has changed.
    pub struct FileChangedHookInput {
        must {
            /// The file.
            file_path: String,
        }
        may {
            /// How: `change`, `add`, `unlink`.
            event: String,
        }
    }

    /// A working directory was added.
    pub struct DirectoryAddedHookInput {
        must {
            /// Which.
            directory: String,
        }
        may {
            /// By whom: `slash_command`, `register_repo_root`.
            source: String,
        }
    }
}
