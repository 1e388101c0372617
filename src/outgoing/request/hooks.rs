//! Hooks: registration of the host's hooks, and a listing of the session's hooks.

use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

sent! {
    /// Registration of a hook of the host: its ids, and the calls that it matches
    /// ([wire reference, section 4.3](crate::guide::wire#43-hooks)).
    ///
    /// ```
    /// use claude_duplex::request::HookMatcher;
    ///
    /// let guard = HookMatcher::new("guard").for_matching("Bash|Write").timeout(10).block();
    /// ```
    pub struct HookMatcher {
        may {
            /// Timeout of the host's response, in seconds. The default of the CLI is 60. The CLI cancels a call that takes
            /// longer.
            ///
            /// The tool then runs before 2.1.160, and is refused since 2.1.160. Before 2.0.38 the CLI ignores this field
            /// and cancels after 60 s.
            timeout: u64,
            /// Handling of a response that is missing or an error.
            on_failure = "onFailure": OnFailure,
        }
        into {
            /// Tool, source or kind that the hook matches: a name, or a pattern such as `Write|Edit`. The default is all.
            matcher: String,
        }
        list {
            /// Ids under which the CLI calls the hook, one call for each id.
            callback_ids = "hookCallbackIds": String,
        }
    }

    /// `get_hooks_listing`: returns all hooks of the session. Seen since 2.1.329.
    pub struct GetHooksListing as "get_hooks_listing" -> GetHooksListingResponse {}
}

words! {
    /// Handling of a hook that fails: no response in time, an error, or a response that the CLI cannot read.
    pub enum OnFailure {
        /// Continues as if the hook did not exist.
        Continue = "continue",
        /// Blocks the action that the hook guards. Requires a CLI that supports it: see
        /// [`Initialize::check`](super::Initialize::check).
        Block = "block",
    }
}

view! {
    /// Hooks of a session, except for those of the host. Seen since 2.1.329.
    pub struct GetHooksListingResponse {
        may {
            /// Events that have hooks.
            events: Vec<crate::base::json::Json>,
            /// Hooks of the session.
            hooks: Vec<crate::base::json::Json>,
            /// All events of this CLI.
            event_catalog = "eventCatalog": Vec<HookCatalogEntry>,
            /// Restrictions on hooks.
            policy: HookPolicy,
            /// State of `--safe-mode`, if the session runs under it.
            safe_mode = "safeMode": HooksOff,
            /// State of `--bare`, if hooks of files are off because of it.
            bare_mode = "bareMode": HooksOff,
            /// Settings files that were skipped, with the reason.
            errors: Vec<crate::base::json::Json>,
        }
    }

    /// An event that hooks can be registered for.
    pub struct HookCatalogEntry {
        must {
            /// Name of the event, e.g. `PreToolUse`.
            name: String,
        }
        may {
            /// Description of the event, for people.
            summary: String,
            /// `true` if a matcher can restrict the hook.
            supports_matcher = "supportsMatcher": bool,
        }
    }

    /// A mode of the CLI in which hooks of files do not run.
    pub struct HooksOff {
        may {
            /// Instructions for leaving the mode, written for people.
            exit_hint = "exitHint": String,
            /// `true` if managed hooks run nevertheless.
            managed_hooks_still_apply = "managedHooksStillApply": bool,
        }
    }

    /// Restrictions on the hooks of a session.
    pub struct HookPolicy {
        may {
            /// `true` if a policy disables all hooks.
            disabled_by_policy = "disabledByPolicy": bool,
            /// `true` if only managed hooks may run.
            managed_only = "managedOnly": bool,
            /// `true` if only hooks of plugins may run.
            plugin_only = "pluginOnly": bool,
            /// `true` if all hooks are disabled.
            all_disabled = "allDisabled": bool,
            /// Number of hooks that the policy defines.
            policy_hook_count = "policyHookCount": u64,
            /// `true` if a managed source exists that could not be read.
            policy_unreadable = "policyUnreadable": bool,
        }
    }
}

impl HookMatcher {
    /// Creates a hook with one id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self::bare().callback_ids([id.into()])
    }

    /// Sets the tool, source or kind that the hook matches: a name, or a pattern such as `Write|Edit`.
    #[must_use]
    pub fn for_matching(self, matcher: impl Into<String>) -> Self {
        self.matcher(matcher)
    }

    /// Blocks the guarded action if the hook fails.
    #[must_use]
    pub fn block(self) -> Self {
        self.on_failure(OnFailure::Block)
    }

    /// Returns `true` if a failure of the hook blocks the action. An unknown word, or a value that is not a string, counts
    /// as blocking.
    pub(super) fn blocks(&self) -> bool {
        let unread = self.unknown_fields.get("onFailure").is_some_and(|value| value.as_str() != "null");
        unread || self.on_failure.as_ref().is_some_and(|on_failure| *on_failure != OnFailure::Continue)
    }
}

bare! { GetHooksListing, }
