//! Kinds of incoming requests, and sets of kinds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Kind of an incoming request ([wire reference, section 1.6](crate::guide::wire#16-subtypes-of-incoming-requests)).
///
/// The host selects the kinds that it handles with [`Config::handle`](crate::Config::handle). Requests of other kinds
/// are [declined](crate::IncomingResponse::Decline).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum IncomingKind {
    /// Request for the permission to run a tool (`can_use_tool`).
    Permission,
    /// Call of a hook that the host registered in `initialize` (`hook_callback`).
    Hook,
    /// Message for an MCP server in the host (`mcp_message`).
    Mcp,
    /// Request of an MCP server for input of the user (`elicitation`).
    Elicitation,
    /// Dialog of a kind that the host declared in `initialize` (`request_user_dialog`).
    Dialog,
    /// Kind that this version of the crate does not know.
    Unknown,
}

impl IncomingKind {
    /// All kinds except [`Unknown`](Self::Unknown).
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

/// Set of [`IncomingKind`]s.
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
    /// Set without any kind.
    pub const NONE: IncomingKinds = IncomingKinds(0);
    /// Set of all kinds, including [`IncomingKind::Unknown`].
    pub const ALL: IncomingKinds = IncomingKinds(2 * (1 << IncomingKind::Unknown as u8) - 1);

    /// Returns this set with one more kind.
    #[must_use]
    pub const fn with(self, kind: IncomingKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Returns `true` if the set contains the kind.
    #[must_use]
    pub const fn contains(self, kind: IncomingKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Returns the kinds of both sets.
    #[cfg(feature = "session")]
    pub(crate) const fn union(self, other: IncomingKinds) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns `true` if the set contains no kind.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns this set without the kinds of the other set.
    #[must_use]
    pub const fn without(self, other: IncomingKinds) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns `true` if both sets have a kind in common.
    #[cfg(feature = "session")]
    pub(crate) const fn overlaps(self, other: IncomingKinds) -> bool {
        self.0 & other.0 != 0
    }
}

impl IncomingKinds {
    /// Returns the kinds of the set; [`IncomingKind::Unknown`] is last.
    fn iter(self) -> impl Iterator<Item = IncomingKind> {
        let kinds = IncomingKind::KNOWN.iter().copied().chain([IncomingKind::Unknown]);
        kinds.filter(move |kind| self.contains(*kind))
    }
}

/// Converts a set into a list. A set is serialized by the names of its kinds, so that new kinds do not change its
/// meaning.
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
