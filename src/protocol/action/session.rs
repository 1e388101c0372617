//! The CLI's description of itself, and the origin of turns.

use std::fmt;
use std::sync::Arc;

use crate::base::text::{Quoted, TruncatedTexts};

/// Id, version and capabilities of the CLI. A name of more than 256 bytes is left out. Of the capabilities, the
/// first 256 are kept.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CliSession {
    /// Id of the session, by which it can be resumed. Empty if the CLI reports none.
    pub id: Arc<str>,
    /// Version of the CLI, e.g. `2.1.329`.
    pub version: Option<Arc<str>>,
    /// Capabilities of the CLI ([wire reference, section 2.6](crate::guide::wire#26-capabilities)). Since
    /// 2.1.205.
    pub capabilities: Arc<[String]>,
}

impl fmt::Debug for CliSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CliSession")
            .field("id", &Quoted(&self.id))
            .field("version", &self.version.as_deref().map(Quoted))
            .field("capabilities", &TruncatedTexts(&self.capabilities))
            .finish()
    }
}

/// Cause of a turn.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnOrigin {
    /// A prompt of the host.
    Prompt,
    /// The CLI itself. The value is the CLI's own name for the cause, e.g. `task-notification` or
    /// `auto-continuation`, of at most 256 bytes. The turn can still take up prompts.
    Own(Arc<str>),
    /// The cause is not known yet, or will never be known.
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
