//! Inputs of hooks for settings, instructions, directories and files.

use crate::wire::view::view;

view! {
    /// Input of `ConfigChange`: a settings file has changed.
    pub struct ConfigChangeHookInput {
        must {}
        may {
            /// Source of the settings: `user_settings`, `project_settings`, `local_settings`, `policy_settings` or
            /// `skills`.
            source: String,
            /// Path of the settings file.
            file_path: String,
        }
    }

    /// Input of `InstructionsLoaded`: an instructions file was loaded.
    pub struct InstructionsLoadedHookInput {
        must {
            /// Path of the instructions file.
            file_path: String,
        }
        may {
            /// Scope of the instructions: `User`, `Project`, `Local` or `Managed`.
            memory_type: String,
            /// Reason for loading: `session_start`, `nested_traversal`, `path_glob_match`, `include` or `compact`.
            load_reason: String,
            /// Glob patterns of the files that the instructions apply to.
            globs: Vec<String>,
            /// Path of the file whose use caused the loading.
            trigger_file_path: String,
            /// Path of the file that includes this file.
            parent_file_path: String,
        }
    }

    /// Input of `WorktreeCreate`: a worktree is requested, which the hook has to create.
    pub struct WorktreeCreateHookInput {
        must {
            /// Name of the worktree.
            name: String,
        }
        may {}
    }

    /// Input of `WorktreeRemove`: a worktree is about to be removed.
    pub struct WorktreeRemoveHookInput {
        must {
            /// Path of the worktree.
            worktree_path: String,
        }
        may {}
    }

    /// Input of `CwdChanged`: the working directory has changed.
    pub struct CwdChangedHookInput {
        must {
            /// New working directory.
            new_cwd: String,
        }
        may {
            /// Previous working directory.
            old_cwd: String,
        }
    }

    /// Input of `FileChanged`: a watched file has changed.
    pub struct FileChangedHookInput {
        must {
            /// Path of the file.
            file_path: String,
        }
        may {
            /// Kind of the change: `change`, `add` or `unlink`.
            event: String,
        }
    }

    /// Input of `DirectoryAdded`: a working directory was added.
    pub struct DirectoryAddedHookInput {
        must {
            /// Path of the directory.
            directory: String,
        }
        may {
            /// Source of the change: `slash_command` or `register_repo_root`.
            source: String,
        }
    }
}
