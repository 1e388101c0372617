//! Members of an object, and the tags by which its view is selected.

use std::borrow::Cow;

use super::Reader;
use crate::base::error::DecodeError;

/// Fields that selected a view, e.g. `type`. They have no further information, and are not kept as unknown fields.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tags {
    names: [&'static str; 2],
    /// Position after the last tag, if the object starts with it and it need not be read again. Zero otherwise.
    behind: usize,
}

impl Tags {
    pub(crate) const NONE: Self = Self { names: ["", ""], behind: 0 };

    pub(crate) const fn new(tag: &'static str) -> Self {
        Self { names: [tag, ""], behind: 0 }
    }

    /// Returns the tags with one more. There may be at most one before.
    pub(crate) const fn and(self, tag: &'static str) -> Self {
        let [first, _] = self.names;
        Self { names: if first.is_empty() { [tag, ""] } else { [first, tag] }, behind: 0 }
    }

    /// Returns the tags of an object whose members are all read, also those before the last tag.
    pub(crate) const fn read_again(self) -> Self {
        Self { behind: 0, ..self }
    }

    /// Returns the bit of a field that is a tag, and zero for any other field.
    #[inline]
    fn bit(self, name: &str) -> u8 {
        let [first, second] = self.names;
        if name.is_empty() { 0 } else { u8::from(name == first) | u8::from(name == second) << 1 }
    }
}

/// An object that is being read.
#[derive(Debug)]
pub(crate) struct Members {
    tags: Tags,
    seen: u8,
}

impl Members {
    /// Returns `true` if a field selected the view of the object.
    #[inline]
    pub(crate) fn is_tag(&self, name: &str) -> bool {
        self.tags.bit(name) != 0
    }
}

impl<'t> Reader<'t> {
    /// Enters an object. Skips a value of another type.
    #[inline]
    pub(crate) fn object(&mut self, tags: Tags) -> Result<Members, DecodeError> {
        if self.first() != b'{' {
            self.skip();
            return Err(DecodeError::expected("an object"));
        }
        let mut members = Members { tags, seen: 0 };
        if tags.behind == 0 {
            self.at += 1;
        } else {
            self.at = tags.behind;
            members.seen = if tags.names[1].is_empty() { 1 } else { 2 };
        }
        Ok(members)
    }

    /// Reads the name of the next member. The caller must read its value next. Returns `None` after the last member.
    pub(crate) fn member(&mut self, members: &mut Members) -> Option<Cow<'t, str>> {
        let mut first = self.first();
        if first == b',' {
            self.at += 1;
            first = self.first();
        }
        if first != b'"' {
            // The end of the object, or of a text that is not JSON.
            self.at = if first == b'}' { self.at + 1 } else { self.text.len() };
            return None;
        }
        let name = self.opened_string().cow();
        if self.first() == b':' {
            self.at += 1;
        }
        let bit = members.tags.bit(&name);
        self.repeated |= members.seen & bit;
        members.seen |= bit;
        Some(name)
    }

    /// Looks ahead for a tag in the next object, without reading the object.
    ///
    /// Returns the string in the field `name`, and the position after this field. The position is zero if the object does
    /// not start with the field.
    fn ahead(&mut self, name: &str, last: bool) -> (Cow<'t, str>, usize) {
        let start = self.start();
        let (mut found, mut behind) = (Cow::Borrowed(""), 0);
        let Ok(mut members) = self.object(Tags::NONE) else {
            self.back(start);
            return (found, behind);
        };
        let mut is_first = true;
        while let Some(own) = self.member(&mut members) {
            if own == name {
                found = match self.string() {
                    Some(word) => word.cow(),
                    None => {
                        self.skip();
                        Cow::Borrowed("")
                    }
                };
                if !last {
                    behind = if is_first { self.at } else { 0 };
                    break;
                }
            } else {
                self.skip();
            }
            is_first = false;
        }
        self.back(start);
        (found, behind)
    }
}

/// Returns a required field, or an error if it is missing or bad.
pub(crate) fn required<T>(field: Option<Result<T, DecodeError>>, name: &str) -> Result<T, DecodeError> {
    match field {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(error.within(name)),
        None => Err(DecodeError::missing(name)),
    }
}

/// Reads an object whose view is selected by the word in one of its fields. The last of several such fields counts.
///
/// The function looks ahead for the word. This is fast if the word comes early, as in the CLI's lines. A second field with
/// the word is only known at the end of the object, which is then read again.
pub(crate) fn tagged<'t, T>(
    reader: &mut Reader<'t>,
    tag: &'static str,
    tags: Tags,
    read: impl Fn(&str, &mut Reader<'t>, Tags) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let start = reader.start();
    let (tags, outer) = (tags.and(tag), std::mem::take(&mut reader.repeated));
    let (word, behind) = reader.ahead(tag, false);
    let mut value = read(&word, reader, Tags { behind, ..tags });
    if value.is_err() && behind > 0 {
        // The view may name the tag as a field.
        reader.back(start);
        value = read(&word, reader, tags);
    }
    if reader.repeated & tags.bit(tag) != 0 {
        reader.back(start);
        let (word, _) = reader.ahead(tag, true);
        value = read(&word, reader, tags);
    }
    reader.repeated = (reader.repeated & !tags.bit(tag)) | outer;
    value
}
