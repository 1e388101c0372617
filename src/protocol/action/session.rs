//! The CLI as it introduces itself, and the origin of its turns.

use std::fmt;
use std::sync::Arc;

use crate::base::text::{FewTexts, Quoted};

/// Who the CLI is. A name of more than 256 bytes is left out, and of the capabilities all but the first 256.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CliSession {
    /// The session's id, by which it can be resumed; empty where the CLI gives none.
    pub id: Arc<str>,
    /// The CLI's version, as `2.1.329`.
    pub version: Option<Arc<str>>,
    /// What it can do ([wire reference, section 2.6](crate::guide::wire#26-capabilities)), from 2.1.205 on.
    pub capabilities: Arc<[String]>,
}

impl fmt::Debug for CliSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CliSession")
            .field("id", &Quoted(&self.id))
            .field("version", &self.version.as_deref().map(Quoted))
            .field("capabilities", &FewTexts(&self.capabilities))
            .finish()
    }
}

/// What started a turn.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnOrigin {
    /// A prompt of ours.
    Prompt,
    /// The CLI itself, in its own word: `task-notification`, `auto-continuation`, ... Prompts may still be folded into it.
    /// At most 256 bytes of the word are kept.
    Own(Arc<str>),
    /// Not known: not yet, or never.
    Unknown,
}

impl fmt::Debug for TurnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.write_str("Prompt"),
            Self::Own(kind) => f.debug_tuple("Own").field(&Quoted(kind)).finish(),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

impl fmt::Display for TurnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.write_str("prompt"),
            Self::Own(kind) => f.write_str(kind),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
