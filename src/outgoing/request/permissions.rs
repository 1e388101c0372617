//! Permissions: the mode, and the rules.

use crate::base::json::Json;
pub use crate::options::PermissionMode;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::view;

sent! {
    /// `set_permission_mode`: how tools are permitted from now on.
    ///
    /// Up to 2.1.212 any word is accepted; later an unknown one is refused (`invalid_mode`). Up to 2.1.40 the CLI answers
    /// twice; the second is a [`UnmatchedResponse`](crate::Action::UnmatchedResponse).
    pub struct SetPermissionMode as "set_permission_mode" -> SetPermissionModeResponse {
        must {
            /// The mode.
            mode: PermissionMode,
        }
    }

    /// `list_permission_rules`: the rules that are in force. Seen from 2.1.329.
    pub struct ListPermissionRules as "list_permission_rules" -> ListPermissionRulesResponse {}
}

bare! { ListPermissionRules, }

impl SetPermissionMode {
    /// That mode.
    #[must_use]
    pub fn new(mode: impl Into<PermissionMode>) -> Self {
        Self::bare(mode.into())
    }
}

view! {
    /// The mode that is in force.
    pub struct SetPermissionModeResponse {
        may {
            /// The mode.
            mode: PermissionMode,
        }
    }

    /// The rules that are in force.
    pub struct ListPermissionRulesResponse {
        must {
            /// All of it.
            state: PermissionRules,
        }
    }

    /// The rules that are in force.
    pub struct PermissionRules {
        may {
            /// Each, as the CLI holds it.
            rules: Vec<Json>,
            /// The directories that may be worked in.
            workspace_directories = "workspaceDirectories": Vec<Json>,
            /// Where the session was started.
            original_cwd = "originalCwd": String,
            /// Whether only managed rules count.
            managed_only = "managedOnly": bool,
            /// Settings files that were skipped, with the reason.
            errors: Vec<Json>,
            /// True if rules were left out, because the connection stores its answers.
            withheld: bool,
        }
    }
}
