//! Settings of the session, and settings in files.

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

use super::Ack;

sent! {
    /// `apply_flag_settings`: changes settings of this session, as `--settings` does. On an error, no setting is changed.
    /// Seen since 2.1.50.
    pub struct ApplyFlagSettings as "apply_flag_settings" -> Ack {
        must {
            /// Settings, as a JSON object.
            settings: Json,
        }
    }

    /// `update_settings`: writes settings to a file. The CLI refuses some keys, e.g. `permissions`. Seen since 2.1.329.
    pub struct UpdateSettings as "update_settings" -> Ack {
        must {
            /// File to write.
            source: SettingsFile,
            /// Settings, as a JSON object.
            settings: Json,
        }
    }

    /// `get_settings`: returns the settings and their sources. Seen since 2.1.143.
    pub struct GetSettings as "get_settings" -> GetSettingsResponse {}
}

bare! { GetSettings, }

impl ApplyFlagSettings {
    /// Creates a request from an object of settings.
    #[must_use]
    pub fn new(settings: impl Into<Json>) -> Self {
        Self::bare(settings.into())
    }
}

impl UpdateSettings {
    /// Creates a request from a file and an object of settings.
    #[must_use]
    pub fn new(source: SettingsFile, settings: impl Into<Json>) -> Self {
        Self::bare(source, settings.into())
    }
}

words! {
    /// A settings file that a host may write.
    pub enum SettingsFile {
        /// Settings of the user for this project, which are not shared.
        Local = "localSettings",
        /// Settings of the user for all projects.
        User = "userSettings",
    }
}

view! {
    /// Settings and their sources.
    pub struct GetSettingsResponse {
        must {
            /// Settings in effect, as an object.
            effective: Json,
        }
        may {
            /// Settings of each source, from the weakest to the strongest.
            sources: Vec<SettingsSource>,
            /// Values that the settings result in.
            applied: AppliedSettings,
            /// State of the settings that Anthropic's servers provide. Since 2.1.329.
            served_settings_state: String,
        }
    }

    /// Settings of one source.
    pub struct SettingsSource {
        must {
            /// Name of the source, e.g. `userSettings` or `flagSettings`.
            source: String,
            /// Settings, as a JSON object.
            settings: Json,
        }
    }

    /// Values that the settings result in for this session.
    pub struct AppliedSettings {
        may {
            /// Full name of the model.
            model: String,
            /// Effort level of the model.
            effort: String,
            /// Model that advises the session's model. Since 2.1.250.
            advisor: Json,
            /// `true` if ultracode is in effect: each task is planned as a workflow. Since 2.1.250.
            ultracode: bool,
            /// `true` if ultracode was requested. Since 2.1.330.
            ultracode_requested = "ultracodeRequested": bool,
            /// `true` if ultracode can be turned on. Since 2.1.330.
            ultracode_available = "ultracodeAvailable": bool,
            /// `true` if a single prompt can request the highest effort. Since 2.1.330.
            ultrathink_available = "ultrathinkAvailable": bool,
            /// `true` if tools cannot read files outside the working directories. Since 2.1.330.
            outside_file_tool_reads_blocked = "outsideFileToolReadsBlocked": bool,
            /// `true` if tools cannot write files outside the working directories. Since 2.1.330.
            outside_file_tool_writes_blocked = "outsideFileToolWritesBlocked": bool,
            /// `true` if these two restrictions count only the directories of the start as working directories. Since
            /// 2.1.330.
            outside_blocks_count_launch_folders_only = "outsideBlocksCountLaunchFoldersOnly": bool,
            /// `true` if the environment at the start did not move the CLI's own files. Since 2.1.330.
            launch_env_left_own_files_in_place = "launchEnvLeftOwnFilesInPlace": bool,
        }
    }
}
