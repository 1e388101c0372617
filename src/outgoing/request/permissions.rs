//! Permissions: the mode and the rules.

use crate::base::json::Json;
use crate::options::PermissionMode;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::view;

sent! {
    /// `set_permission_mode`: sets the permission mode.
    ///
    /// Before 2.1.213 the CLI accepts any word. Later versions refuse an unknown one (`invalid_mode`). Before 2.1.41 the
    /// CLI answers twice; the second response is reported as [`UnmatchedResponse`](crate::Action::UnmatchedResponse).
    pub struct SetPermissionMode as "set_permission_mode" -> SetPermissionModeResponse {
        must {
            /// New permission mode.
            mode: PermissionMode,
        }
    }

    /// `list_permission_rules`: returns the permission rules in effect. Seen since 2.1.329.
    pub struct ListPermissionRules as "list_permission_rules" -> ListPermissionRulesResponse {}
}

bare! { ListPermissionRules, }

impl SetPermissionMode {
    /// Creates a request for a permission mode.
    #[must_use]
    pub fn new(mode: impl Into<PermissionMode>) -> Self {
        Self::bare(mode.into())
    }
}

view! {
    /// Response to `set_permission_mode`.
    pub struct SetPermissionModeResponse {
        may {
            /// Permission mode in effect.
            mode: PermissionMode,
        }
    }

    /// Response to `list_permission_rules`.
    pub struct ListPermissionRulesResponse {
        must {
            /// State of the permission rules.
            state: PermissionRules,
        }
    }

    /// Permission rules in effect.
    pub struct PermissionRules {
        may {
            /// List of the rules, as the CLI stores them.
            rules: Vec<Json>,
            /// Working directories of the session.
            workspace_directories = "workspaceDirectories": Vec<Json>,
            /// Directory in which the session was started.
            original_cwd = "originalCwd": String,
            /// `true` if only managed rules apply.
            managed_only = "managedOnly": bool,
            /// Settings files that were skipped, with the reason.
            errors: Vec<Json>,
            /// `true` if rules were left out, because the connection stores its responses.
            withheld: bool,
        }
    }
}
