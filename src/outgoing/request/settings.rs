//! Settings: those of the session, and those in files.

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

use super::Ack;

sent! {
    /// `apply_flag_settings`: sets settings for this session, as `--settings` does. All of them, or on an error none.
    /// Seen from 2.1.50.
    pub struct ApplyFlagSettings as "apply_flag_settings" -> Ack {
        must {
            /// An object of settings.
            settings: Json,
        }
    }

    /// `update_settings`: writes settings to a file. Not every key may be (`permissions` is refused). Seen from 2.1.329.
    pub struct UpdateSettings as "update_settings" -> Ack {
        must {
            /// Which file.
            source: SettingsFile,
            /// An object of settings.
            settings: Json,
        }
    }

    /// `get_settings`: what is set, and where. Seen from 2.1.143.
    pub struct GetSettings as "get_settings" -> GetSettingsResponse {}
}

bare! { GetSettings, }

impl ApplyFlagSettings {
    /// These: an object.
    #[must_use]
    pub fn new(settings: impl Into<Json>) -> Self {
        Self::bare(settings.into())
    }
}

impl UpdateSettings {
    /// These, an object, in that file.
    #[must_use]
    pub fn new(source: SettingsFile, settings: impl Into<Json>) -> Self {
        Self::bare(source, settings.into())
    }
}

words! {
    /// A file of settings that a host may write.
    pub enum SettingsFile {
        /// The project's own, not for others.
        Local = "localSettings",
        /// The user's.
        User = "userSettings",
    }
}

view! {
    /// What is set, and where.
    pub struct GetSettingsResponse {
        must {
            /// What is in force: an object of settings.
            effective: Json,
        }
        may {
            /// What each source says, the strongest last.
            sources: Vec<SettingsSource>,
            /// What follows for the session.
            applied: AppliedSettings,
            /// How it stands with settings that the CLI's maker serves. From 2.1.329.
            served_settings_state: String,
        }
    }

    /// What one source says.
    pub struct SettingsSource {
        must {
            /// The source, as `userSettings`, `flagSettings`.
            source: String,
            /// An object of settings.
            settings: Json,
        }
    }

    /// What follows from the settings for the session.
    pub struct AppliedSettings {
        may {
            /// The model's full name.
            model: String,
            /// How hard it thinks.
            effort: String,
            /// The model that advises it. From 2.1.250.
            advisor: Json,
            /// True if ultracode is in force: each task is planned as a workflow. Since 2.1.250.
            ultracode: bool,
            /// True if ultracode was requested. Since 2.1.330.
            ultracode_requested = "ultracodeRequested": bool,
            /// True if ultracode can be turned on. Since 2.1.330.
            ultracode_available = "ultracodeAvailable": bool,
            /// True if the model can think as hard as possible for one prompt. Since 2.1.330.
            ultrathink_available = "ultrathinkAvailable": bool,
            /// True if tools cannot read files outside the working directories. Since 2.1.330.
            outside_file_tool_reads_blocked = "outsideFileToolReadsBlocked": bool,
            /// True if tools cannot write files outside the working directories. Since 2.1.330.
            outside_file_tool_writes_blocked = "outsideFileToolWritesBlocked": bool,
            /// True if only the directories of the start count as working directories there. Since 2.1.330.
            outside_blocks_count_launch_folders_only = "outsideBlocksCountLaunchFoldersOnly": bool,
            /// True if the environment of the start left the CLI's own files in their place. Since 2.1.330.
            launch_env_left_own_files_in_place = "launchEnvLeftOwnFilesInPlace": bool,
        }
    }
}
