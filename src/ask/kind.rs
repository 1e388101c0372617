//! The kinds of asks, and sets of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of asks (wire reference, section 1.6). [`Config::own`](crate::Config::own) takes one as the host's; the others are
/// declined, each in [its safe way](crate::Answer::Decline).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AskKind {
    /// `can_use_tool`: may this tool run?
    Permission,
    /// `hook_callback`: a hook that the host registered in `initialize`.
    Hook,
    /// `mcp_message`: a message for an MCP server that lives in the host.
    Mcp,
    /// `elicitation`: an MCP server asks the user for something.
    Elicitation,
    /// `request_user_dialog`: a dialog of a kind that the host declared in `initialize`.
    Dialog,
    /// One that this version of the crate does not know.
    Unknown,
}

impl AskKind {
    /// Every kind that has a name of its own.
    pub const KNOWN: &[AskKind] =
        &[AskKind::Permission, AskKind::Hook, AskKind::Mcp, AskKind::Elicitation, AskKind::Dialog];

    pub(crate) fn of_subtype(subtype: &str) -> Self {
        match subtype {
            "can_use_tool" => Self::Permission,
            "hook_callback" => Self::Hook,
            "mcp_message" => Self::Mcp,
            "elicitation" => Self::Elicitation,
            "request_user_dialog" => Self::Dialog,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for AskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Permission => "can_use_tool",
            Self::Hook => "hook_callback",
            Self::Mcp => "mcp_message",
            Self::Elicitation => "elicitation",
            Self::Dialog => "request_user_dialog",
            Self::Unknown => "unknown",
        })
    }
}

/// A set of [`AskKind`]s.
///
/// ```
/// use claude_duplex::{AskKind, AskKinds};
///
/// let mut kinds: AskKinds = [AskKind::Permission, AskKind::Hook].into_iter().collect();
/// assert_eq!(kinds, AskKinds::NONE.with(AskKind::Permission).with(AskKind::Hook));
/// kinds.extend([AskKind::Mcp]);
/// assert!(kinds.contains(AskKind::Mcp) && !kinds.contains(AskKind::Dialog));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskKinds(u8);

impl AskKinds {
    /// No kind.
    pub const NONE: AskKinds = AskKinds(0);
    /// Every kind.
    pub const ALL: AskKinds = AskKinds(u8::MAX);

    /// This set and one kind more.
    #[must_use]
    pub const fn with(self, kind: AskKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: AskKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Whether some kind is in both sets.
    #[cfg(feature = "session")]
    pub(crate) const fn overlaps(self, other: AskKinds) -> bool {
        self.0 & other.0 != 0
    }
}

impl Extend<AskKind> for AskKinds {
    fn extend<I: IntoIterator<Item = AskKind>>(&mut self, kinds: I) {
        *self = kinds.into_iter().fold(*self, Self::with);
    }
}

impl FromIterator<AskKind> for AskKinds {
    fn from_iter<I: IntoIterator<Item = AskKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for AskKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = AskKind::KNOWN.iter().copied().chain([AskKind::Unknown]);
        f.debug_set().entries(kinds.filter(|kind| self.contains(*kind))).finish()
    }
}
