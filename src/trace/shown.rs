//! Names and content in the form in which events show them.

use std::borrow::Cow;

use tracing::Span;

use super::{LONGEST_CONTENT, emit};
use crate::base::text::{Cut, CutAt};
use crate::message::Message;

/// Emits the only event with content.
pub(super) fn content(parent: &Span, of: &'static str, bytes: &[u8]) {
    emit!(TRACE, parent, of, length = bytes.len(), content = ?CutAt(bytes, LONGEST_CONTENT), "content");
}

/// Returns a name from the CLI, truncated, with characters escaped that could disturb a terminal.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    let shown = format!("{:?}", Cut(text.as_bytes()));
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// Returns the subtype of a `result`.
pub(super) fn subtype(result: &Message) -> String {
    name(&result.subtype().unwrap_or_default()).into_owned()
}
