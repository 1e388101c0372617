//! Hooks: how the host registers its own, and which there are.

use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::{view, words};

sent! {
    /// A hook of the host: for what it is called, and under which ids ([wire reference, section 4.3](crate::guide::wire#43-hooks)).
    ///
    /// ```
    /// use claude_duplex::request::HookMatcher;
    ///
    /// let guard = HookMatcher::new("guard").for_matching("Bash|Write").timeout(10).block();
    /// ```
    pub struct HookMatcher {
        may {
            /// How long an answer may take, in seconds; the CLI's own default is 60. A call that takes longer is withdrawn (up to
            /// 2.0.37 after 60, whatever is said here); its tool runs up to 2.1.159, and is refused from 2.1.160 on.
            timeout: u64,
            /// What an answer means that never comes, or is an error.
            on_failure = "onFailure": OnFailure,
        }
        into {
            /// For which tools, sources or kinds: a name, or a pattern such as `Write|Edit`. Not set, for all.
            matcher: String,
        }
        list {
            /// The ids under which the CLI calls. One call is made for each.
            callback_ids = "hookCallbackIds": String,
        }
    }

    /// `get_hooks_listing`: all hooks of the session.
    pub struct GetHooksListing as "get_hooks_listing" -> GetHooksListingResponse {}
}

words! {
    /// What it means that a hook fails: no answer in time, an error, or one that is not understood.
    pub enum OnFailure {
        /// As if there were no hook.
        Continue = "continue",
        /// What the hook guards is blocked. Needs a CLI that supports it: see [`Initialize::check`](super::Initialize::check).
        Block = "block",
    }
}

view! {
    /// The hooks of a session, not those of the host. Seen from 2.1.329.
    pub struct GetHooksListingResponse {
        may {
            /// The events that have hooks.
            events: Vec<crate::base::json::Json>,
            /// The hooks.
            hooks: Vec<crate::base::json::Json>,
            /// Every event that there is.
            event_catalog = "eventCatalog": Vec<HookCatalogEntry>,
            /// What may be used.
            policy: HookPolicy,
            /// State of `--safe-mode`, if the session runs under it.
            safe_mode = "safeMode": HooksOff,
            /// State of `--bare`, if hooks of files are off because of it.
            bare_mode = "bareMode": HooksOff,
            /// Settings files that were skipped, with the reason.
            errors: Vec<crate::base::json::Json>,
        }
    }

    /// An event that hooks can be for.
    pub struct HookCatalogEntry {
        must {
            /// Its name, as `PreToolUse`.
            name: String,
        }
        may {
            /// What it is, for people.
            summary: String,
            /// Whether a matcher can narrow it.
            supports_matcher = "supportsMatcher": bool,
        }
    }

    /// A mode of the CLI in which hooks of files do not run.
    pub struct HooksOff {
        may {
            /// Way out of the mode, for people.
            exit_hint = "exitHint": String,
            /// True if managed hooks run all the same.
            managed_hooks_still_apply = "managedHooksStillApply": bool,
        }
    }

    /// Which hooks may be used.
    pub struct HookPolicy {
        may {
            /// Whether none may, by a policy.
            disabled_by_policy = "disabledByPolicy": bool,
            /// Whether only managed ones may.
            managed_only = "managedOnly": bool,
            /// Whether only those of plugins may.
            plugin_only = "pluginOnly": bool,
            /// Whether none may.
            all_disabled = "allDisabled": bool,
            /// How many the policy brings.
            policy_hook_count = "policyHookCount": u64,
            /// True if a managed source exists that could not be read.
            policy_unreadable = "policyUnreadable": bool,
        }
    }
}

impl HookMatcher {
    /// A hook that is called under that id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self::bare().callback_ids([id.into()])
    }

    /// Only for these tools, sources or kinds: a name, or a pattern such as `Write|Edit`.
    #[must_use]
    pub fn for_matching(self, matcher: impl Into<String>) -> Self {
        self.matcher(matcher)
    }

    /// A hook that fails blocks what it guards.
    #[must_use]
    pub fn block(self) -> Self {
        self.on_failure(OnFailure::Block)
    }

    /// Whether a failure must not be passed over. A word that is not known is taken for the stricter one, and so is a
    /// value that is no text.
    pub(super) fn blocks(&self) -> bool {
        let unread = self.unknown_fields.get("onFailure").is_some_and(|value| value.as_str() != "null");
        unread || self.on_failure.as_ref().is_some_and(|on_failure| *on_failure != OnFailure::Continue)
    }
}

bare! { GetHooksListing, }
