//! The kinds of incoming requests, and sets of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of incoming requests ([wire reference, section 1.6](crate::guide::wire#16-subtypes-of-incoming-requests)). [`Config::handle`](crate::Config::handle) takes one as the host's; the others are
/// declined, each in [its safe way](crate::IncomingResponse::Decline).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum IncomingKind {
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

impl IncomingKind {
    /// Every kind that has a name of its own.
    pub const KNOWN: &[IncomingKind] = &[
        IncomingKind::Permission,
        IncomingKind::Hook,
        IncomingKind::Mcp,
        IncomingKind::Elicitation,
        IncomingKind::Dialog,
    ];

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

impl fmt::Display for IncomingKind {
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

/// A set of [`IncomingKind`]s.
///
/// ```
/// use claude_duplex::{IncomingKind, IncomingKinds};
///
/// let mut kinds: IncomingKinds =
///     [IncomingKind::Permission, IncomingKind::Hook].into_iter().collect();
/// assert_eq!(
///     kinds,
///     IncomingKinds::NONE.with(IncomingKind::Permission).with(IncomingKind::Hook)
/// );
/// kinds.extend([IncomingKind::Mcp]);
/// assert!(kinds.contains(IncomingKind::Mcp) && !kinds.contains(IncomingKind::Dialog));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Vec<IncomingKind>", into = "Vec<IncomingKind>")]
pub struct IncomingKinds(u8);

impl IncomingKinds {
    /// No kind.
    pub const NONE: IncomingKinds = IncomingKinds(0);
    /// Every kind.
    pub const ALL: IncomingKinds = IncomingKinds(2 * (1 << IncomingKind::Unknown as u8) - 1);

    /// This set and one kind more.
    #[must_use]
    pub const fn with(self, kind: IncomingKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: IncomingKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Returns the kinds of both sets.
    #[cfg(feature = "session")]
    pub(crate) const fn union(self, other: IncomingKinds) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns `true` if the set has no kind.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns this set without the kinds of another.
    #[must_use]
    pub const fn without(self, other: IncomingKinds) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether some kind is in both sets.
    #[cfg(feature = "session")]
    pub(crate) const fn overlaps(self, other: IncomingKinds) -> bool {
        self.0 & other.0 != 0
    }
}

impl IncomingKinds {
    /// The kinds of the set, the unknown one last.
    fn iter(self) -> impl Iterator<Item = IncomingKind> {
        let kinds = IncomingKind::KNOWN.iter().copied().chain([IncomingKind::Unknown]);
        kinds.filter(move |kind| self.contains(*kind))
    }
}

/// A set is written by the names of its kinds, so that it keeps its meaning if kinds are added.
impl From<IncomingKinds> for Vec<IncomingKind> {
    fn from(kinds: IncomingKinds) -> Self {
        kinds.iter().collect()
    }
}

impl From<Vec<IncomingKind>> for IncomingKinds {
    fn from(kinds: Vec<IncomingKind>) -> Self {
        kinds.into_iter().collect()
    }
}

impl Extend<IncomingKind> for IncomingKinds {
    fn extend<I: IntoIterator<Item = IncomingKind>>(&mut self, kinds: I) {
        *self = kinds.into_iter().fold(*self, Self::with);
    }
}

impl FromIterator<IncomingKind> for IncomingKinds {
    fn from_iter<I: IntoIterator<Item = IncomingKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for IncomingKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
