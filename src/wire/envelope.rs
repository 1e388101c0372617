//! What tells what a line is and whom it concerns.

use crate::wire::kind::MessageKind;

/// The keys that tell it; [`scan`](crate::wire::scan::scan) finds them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) kind: MessageKind,
    pub(crate) subtype: Name,
    pub(crate) uuid: Name,
    /// Whether `parent_tool_use_id` is there and not null: the frame is a subagent's.
    pub(crate) subagent: bool,
}

/// A text of the line: where it stands, or a copy where it is written with escapes or is no good UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Name {
    #[default]
    Absent,
    At {
        start: u32,
        len: u32,
    },
    Copied(Box<str>),
}

impl Name {
    pub(crate) fn of<'a>(&'a self, line: &'a [u8]) -> Option<&'a str> {
        match self {
            Self::Absent => None,
            Self::At { start, len } => {
                let start = *start as usize;
                std::str::from_utf8(line.get(start..start + *len as usize)?).ok()
            }
            Self::Copied(text) => Some(text),
        }
    }
}

/// Why a line is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAMessage {
    NotJson,
    NotAnObject,
    NoType,
}
