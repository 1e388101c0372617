//! Members of an object: fields of a view, tags that selected the view, and all other fields.

use std::borrow::Cow;

use super::{ALLOCATION, Reader};
use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::fields::{self, Fields};
use crate::wire::view::FromJson;

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

/// Fields of an object that its view does not name, or whose values have another type.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    fields: Vec<(String, Json)>,
    /// Fields that the view names, but whose values have another type, with their indices.
    odd: Vec<(&'static str, usize)>,
    /// Indices of fields that were followed by another one with the same name and a good value.
    gone: Vec<usize>,
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

    /// Reads a required field. The last field with the name counts.
    pub(crate) fn must<T: FromJson>(&mut self, field: &mut Option<Result<T, DecodeError>>) {
        *field = Some(T::read(self));
    }

    /// Reads an optional field. The last field with the name counts.
    ///
    /// The field becomes `None` if the value is null or has another type. A value of another type is kept in `rest`.
    pub(crate) fn may<T: FromJson>(&mut self, name: &'static str, field: &mut Option<T>, rest: &mut Rest) {
        let start = self.start();
        rest.forget(name);
        *field = Option::read(self).unwrap_or_else(|_| {
            self.back(start);
            rest.odd.push((name, rest.fields.len()));
            self.keep(name, rest);
            None
        });
    }

    /// Reads a field that the view does not name.
    pub(crate) fn other(&mut self, name: &str, members: &Members, rest: &mut Rest) {
        if members.tags.bit(name) == 0 {
            self.keep(name, rest);
        } else {
            self.skip();
        }
    }

    fn keep(&mut self, name: &str, rest: &mut Rest) {
        let value = self.json();
        if self.take(name.len() + ALLOCATION) {
            self.push(&mut rest.fields, (name.to_owned(), value));
        }
    }

    /// Reads all fields of an object unparsed, including the tags.
    pub(crate) fn fields(&mut self, tags: Tags) -> Result<Fields, DecodeError> {
        let mut members = self.object(Tags { behind: 0, ..tags })?;
        let mut rest = Rest::default();
        while let Some(name) = self.member(&mut members) {
            self.keep(&name, &mut rest);
        }
        rest.finish(self)
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

impl Rest {
    /// Removes an earlier field of the view whose value has another type.
    #[inline]
    fn forget(&mut self, name: &str) {
        if self.odd.is_empty() {
            return;
        }
        if let Some(at) = self.odd.iter().position(|(own, _)| *own == name) {
            self.gone.push(self.odd.swap_remove(at).1);
        }
    }

    /// Returns the fields, each name once. Returns an error if the memory limit was exceeded.
    #[inline]
    pub(crate) fn finish(self, reader: &Reader<'_>) -> Result<Fields, DecodeError> {
        reader.within_memory()?;
        if self.fields.is_empty() {
            return Ok(Fields::default());
        }
        Ok(self.unique())
    }

    fn unique(mut self) -> Fields {
        if !self.gone.is_empty() {
            self.gone.sort_unstable();
            let (mut gone, mut place) = (self.gone.iter().peekable(), 0..);
            self.fields.retain(|_| gone.next_if_eq(&&place.next().unwrap_or_default()).is_none());
        }
        fields::unique(&mut self.fields);
        Fields::from_unique(self.fields)
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
