//! The members of an object: those that a view names, those that chose the view, and the rest.

use std::borrow::Cow;

use super::{ALLOCATION, Reader};
use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::fields::{self, Fields};
use crate::wire::view::FromJson;

/// The fields by which a view was chosen, e.g. `type`. They say nothing more, so they are not kept in the rest.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tags {
    names: [&'static str; 2],
    /// The place behind the last of them if the object begins with it, so that it is not read twice; else zero.
    behind: usize,
}

impl Tags {
    pub(crate) const NONE: Self = Self { names: ["", ""], behind: 0 };

    pub(crate) const fn new(tag: &'static str) -> Self {
        Self { names: [tag, ""], behind: 0 }
    }

    /// Adds one to none or one.
    pub(crate) const fn and(self, tag: &'static str) -> Self {
        let [first, _] = self.names;
        Self { names: if first.is_empty() { [tag, ""] } else { [first, tag] }, behind: 0 }
    }

    /// The bit of a field that is one of them; zero for every other.
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

/// The fields of an object that a view does not name, and those that are not as it wants them.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    fields: Vec<(String, Json)>,
    /// Fields of the view that are among them, with their places.
    odd: Vec<(&'static str, usize)>,
    /// Places of fields that came again, and as the view wants them.
    gone: Vec<usize>,
}

impl<'t> Reader<'t> {
    /// Enters an object. Before a value of another type, skips that.
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

    /// Reads the name of the next member, whose value is to be read next; `None` behind the last one.
    pub(crate) fn member(&mut self, members: &mut Members) -> Option<Cow<'t, str>> {
        let mut first = self.first();
        if first == b',' {
            self.at += 1;
            first = self.first();
        }
        if first != b'"' {
            // The object's end, or that of a text that is not JSON.
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

    /// Reads a field that must be there. The last of several counts.
    pub(crate) fn must<T: FromJson>(&mut self, field: &mut Option<Result<T, DecodeError>>) {
        *field = Some(T::read(self));
    }

    /// Reads a field that may be left out. Null is as good as none, and so is a value of another type than it should be,
    /// which is kept in the rest. The last of several counts.
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

    /// Reads a field that has no name in the view.
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

    /// Reads all fields of an object as they were written, the tags too.
    pub(crate) fn fields(&mut self, tags: Tags) -> Result<Fields, DecodeError> {
        let mut members = self.object(Tags { behind: 0, ..tags })?;
        let mut rest = Rest::default();
        while let Some(name) = self.member(&mut members) {
            self.keep(&name, &mut rest);
        }
        rest.finish(self)
    }

    /// Returns the text in the field of that name of the next object, which is not read by this, and the place behind that
    /// field if the object begins with it; zero if not.
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
    /// Removes a field of the view that came before and was not as it should be.
    #[inline]
    fn forget(&mut self, name: &str) {
        if self.odd.is_empty() {
            return;
        }
        if let Some(at) = self.odd.iter().position(|(own, _)| *own == name) {
            self.gone.push(self.odd.swap_remove(at).1);
        }
    }

    /// Returns the fields, each name once. Fails if the object that was read takes too much memory.
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

/// Returns a field that must be there.
pub(crate) fn required<T>(field: Option<Result<T, DecodeError>>, name: &str) -> Result<T, DecodeError> {
    match field {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(error.within(name)),
        None => Err(DecodeError::missing(name)),
    }
}

/// Reads an object whose view depends on the word in one of its fields; the last of several such fields counts.
///
/// The word is looked for ahead, which costs little where it stands early, as the CLI writes it. That there is another one
/// is only known behind the object, which is then read again.
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
        // The view may have the tag among its fields.
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
