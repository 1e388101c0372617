//! What tells what a line is and whom it concerns.

use crate::base::error::RejectedReason;
use std::borrow::Cow;

use crate::wire::kind::MessageKind;
use crate::wire::scan::raw::Text;

/// What the keys say that tell it; [`scan`](crate::wire::scan::scan) finds them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) kind: MessageKind,
    pub(crate) subtype: Place,
    pub(crate) uuid: Place,
    /// Whether `parent_tool_use_id` is there and not null: the frame is a subagent's.
    pub(crate) subagent: bool,
}

/// Where a string of the line stands, between its quotes. At 0, where none can stand, there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    start: u32,
    length: u32,
}

impl Place {
    /// The longest line in which every place can be named, in bytes.
    pub(crate) const LONGEST_LINE: usize = u32::MAX as usize;

    pub(crate) fn new(start: usize, end: usize) -> Self {
        match (u32::try_from(start), u32::try_from(end - start)) {
            (Ok(start), Ok(length)) => Self { start, length },
            _ => Self::default(),
        }
    }

    /// The text that stands there, if there is one. Bad Unicode is read as U+FFFD.
    pub(crate) fn text(self, line: &[u8]) -> Option<Cow<'_, str>> {
        let (start, end) = (self.start as usize, self.start as usize + self.length as usize);
        if start == 0 {
            return None;
        }
        Some(Text::between_quotes(line.get(start..end)?).decoded())
    }
}

/// Why a line is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAMessage {
    NotJson,
    NotAnObject,
    NoType,
}

impl From<NotAMessage> for RejectedReason {
    fn from(reason: NotAMessage) -> Self {
        match reason {
            NotAMessage::NotJson => Self::NotJson,
            NotAMessage::NotAnObject => Self::NotAnObject,
            NotAMessage::NoType => Self::NoType,
        }
    }
}
