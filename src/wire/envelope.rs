//! Envelope of a line: its type, and the prompt or subagent that it concerns.

use crate::base::error::RejectedReason;
use std::borrow::Cow;

use crate::wire::kind::MessageKind;
use crate::wire::text::Text;

/// Values of the envelope's keys, found by [`scan`](crate::wire::scan::scan).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) kind: MessageKind,
    pub(crate) subtype: Place,
    pub(crate) uuid: Place,
    /// `true` if `parent_tool_use_id` is present and not null: the message belongs to a subagent.
    pub(crate) subagent: bool,
}

/// Position of a string in a line, without its quotes. Position 0 means no string, since a string cannot start there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    start: u32,
    length: u32,
}

impl Place {
    /// Maximum length, in bytes, of a line in which every position can be represented.
    pub(crate) const LONGEST_LINE: usize = u32::MAX as usize;

    pub(crate) fn new(start: usize, end: usize) -> Self {
        match (u32::try_from(start), u32::try_from(end - start)) {
            (Ok(start), Ok(length)) => Self { start, length },
            _ => Self::default(),
        }
    }

    /// Returns the string at this position, if any. Invalid Unicode is read as U+FFFD.
    pub(crate) fn text(self, line: &[u8]) -> Option<Cow<'_, str>> {
        let (start, end) = (self.start as usize, self.start as usize + self.length as usize);
        if start == 0 {
            return None;
        }
        Some(Text::between_quotes(line.get(start..end)?).decoded())
    }
}

/// Reason why a line is not a message.
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
