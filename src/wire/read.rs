//! Reads typed values from JSON in one pass: each byte is looked at once, and copied only into what is returned.
//!
//! The text has been checked before, by [`scan`](crate::wire::scan) or by `serde_json`, so this module only finds the
//! boundaries of values. For a text that is not JSON it returns errors, and it still ends.
//!
//! Every read leaves the reader behind the value, whether the value was as expected or not: what one field holds must not
//! hide what stands beside it. Values that no type asks for are skipped with a counter, so nesting costs no stack.

mod members;

use std::borrow::Cow;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::lex::{is_blank, string_end};
use crate::wire::view::{FromJson, View};

use crate::base::strings::Text;
pub(crate) use members::{Rest, Tags, required, tagged};

/// Memory that the values of one text may take, in bytes for each byte of the text.
const MEMORY_PER_BYTE: usize = 8;
/// Memory that the values of a short text may take, in bytes.
const LEAST_MEMORY: usize = 1 << 20;
/// What an allocation takes beside its content, in bytes.
const ALLOCATION: usize = 16;

/// Reads a value from a JSON text; lone surrogates are read as U+FFFD.
pub(crate) fn read<T: FromJson>(text: &str) -> Result<T, DecodeError> {
    read_with(text, T::read)
}

/// Returns the text that the string in a field of a JSON object means; `None` if there is none.
pub(crate) fn text_within<'t>(text: &'t str, name: &str) -> Option<Cow<'t, str>> {
    let string = |reader: &mut Reader<'t>| {
        reader.string().ok_or_else(|| {
            reader.skip();
            DecodeError::expected("a text")
        })
    };
    read_with(text, |reader| reader.within(name, string)).ok().map(Text::cow)
}

/// Reads a view of a line, without the fields by which the view was chosen; what is not Unicode is read as U+FFFD.
pub(crate) fn view_of<T: View>(line: &[u8], tags: Tags) -> Result<T, DecodeError> {
    read_line(line, |reader| T::read_fields(reader, tags))
}

/// Reads from a line what `read` takes of it; what is not Unicode is read as U+FFFD.
pub(crate) fn read_line<T>(
    line: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    match std::str::from_utf8(line) {
        Ok(text) => read_with(text, read),
        Err(_) => read_with(&String::from_utf8_lossy(line), read),
    }
}

// What is read can be large: it is returned as it was made, without a copy.
fn read_with<'t, T>(
    text: &'t str,
    read: impl FnOnce(&mut Reader<'t>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let memory = text.len().saturating_mul(MEMORY_PER_BYTE).max(LEAST_MEMORY);
    read(&mut Reader { text, at: 0, memory: Some(memory), repeated: 0 })
}

/// A JSON text that is read from its start to its end.
#[derive(Debug)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// What may still be allocated, in bytes; `None` once more was asked for, which ends the text.
    memory: Option<usize>,
    /// The [`Tags`] that the last object had twice, a bit for each.
    repeated: u8,
}

impl<'t> Reader<'t> {
    /// Returns the byte with which the next value or bracket begins; zero at the end of the text.
    #[inline(always)]
    pub(crate) fn first(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(byte) if is_blank(*byte) => self.at += 1,
                Some(first) => return *first,
                None => return 0,
            }
        }
    }

    /// Returns the place of the next value.
    #[inline]
    pub(crate) fn start(&mut self) -> usize {
        self.first();
        self.at
    }

    /// Goes back to a place that [`start`](Reader::start) gave. A text that has ended early stays ended.
    #[inline]
    pub(crate) fn back(&mut self, start: usize) {
        if self.memory.is_some() {
            self.at = start;
        }
    }

    /// Returns the text from a place on that [`start`](Reader::start) gave.
    pub(crate) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Skips the next value and returns its text, and whether that has no blanks between its tokens.
    pub(crate) fn skip(&mut self) -> (&'t str, bool) {
        let start = self.start();
        let bytes = self.text.as_bytes();
        let mut compact = true;
        match self.first() {
            b'"' => drop(self.string()),
            b'{' | b'[' => {
                let (mut at, mut depth) = (start, 0_usize);
                while let Some(byte) = bytes.get(at) {
                    at += 1;
                    match byte {
                        b'"' => at = string_end(bytes, at).0,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => {
                            depth -= 1;
                            if depth == 0 {
                                break;
                            }
                        }
                        byte if is_blank(*byte) => compact = false,
                        _ => {}
                    }
                }
                self.at = at;
            }
            _ => drop(self.scalar()),
        }
        (self.since(start), compact)
    }

    /// Reads a number or literal; `None`, and nothing is read, before a value of another type.
    pub(crate) fn scalar(&mut self) -> Option<&'t str> {
        if let b'"' | b'{' | b'[' = self.first() {
            return None;
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b']') || is_blank(byte));
        let scalar = &rest[..end.unwrap_or(rest.len())];
        // A text that is not JSON ends where no value begins.
        self.at = if scalar.is_empty() { self.text.len() } else { self.at + scalar.len() };
        Some(scalar)
    }

    /// Reads a string; `None`, and nothing is read, before a value of another type.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> Option<Text<'t>> {
        (self.first() == b'"').then(|| self.opened_string())
    }

    /// Reads a string at whose first quote the reader is.
    #[inline(always)]
    fn opened_string(&mut self) -> Text<'t> {
        let start = self.at + 1;
        let (end, escaped) = string_end(self.text.as_bytes(), start);
        self.at = end;
        Text::new(self.text.get(start..end - 1).unwrap_or_default(), escaped)
    }

    /// Reads any value, and whether it is that word.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        match self.string() {
            Some(text) => text.cow() == word,
            None => {
                self.skip();
                false
            }
        }
    }

    /// Reads a string into one that is owned.
    #[inline]
    pub(crate) fn owned(&mut self) -> Option<String> {
        let text = self.string()?;
        self.take(text.written().len() + ALLOCATION);
        Some(text.into_string())
    }

    /// Reads any value as it was written.
    pub(crate) fn json(&mut self) -> Json {
        let (text, compact) = self.skip();
        self.take(text.len() + ALLOCATION);
        Json::of_checked(text, compact)
    }

    /// Enters a list. Before a value of another type, skips that.
    pub(crate) fn list(&mut self) -> Result<(), DecodeError> {
        if self.first() != b'[' {
            self.skip();
            return Err(DecodeError::expected("a list"));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another item of a list follows; the reader is before it, or behind the list.
    #[inline]
    pub(crate) fn item(&mut self) -> bool {
        let mut first = self.first();
        if first == b',' {
            self.at += 1;
            first = self.first();
        }
        if first == b']' {
            self.at += 1;
        }
        !matches!(first, b']' | 0)
    }

    /// Adds an item to a list that grows.
    #[inline]
    pub(crate) fn push<T>(&mut self, items: &mut Vec<T>, item: T) {
        if items.len() == items.capacity() {
            // Most lists of content have one block.
            let more = if size_of::<T>() > 64 { items.len().max(1) } else { items.len().max(4) };
            if !self.take((items.len() + more).saturating_mul(size_of::<T>())) {
                return;
            }
            items.reserve_exact(more);
        }
        items.push(item);
    }

    /// Fails if what was read takes too much memory; to be asked behind every list and object.
    #[inline]
    pub(crate) fn within_memory(&self) -> Result<(), DecodeError> {
        if self.memory.is_some() { Ok(()) } else { Err(too_large()) }
    }

    /// Counts memory that a value takes. Where that is too much, the text ends here.
    #[inline]
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        self.memory = self.memory.and_then(|memory| memory.checked_sub(bytes));
        if self.memory.is_none() {
            self.at = self.text.len();
        }
        self.memory.is_some()
    }

    /// Reads the field of that name of an object, and nothing else of it. The last of several counts.
    pub(crate) fn within<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut found = None;
        let mut members = self.object(Tags::NONE)?;
        while let Some(own) = self.member(&mut members) {
            if own == name {
                found = Some(read(self));
            } else {
                self.skip();
            }
        }
        self.within_memory()?;
        required(found, name)
    }
}

#[cold]
fn too_large() -> DecodeError {
    DecodeError::other(format!("the value takes more than {MEMORY_PER_BYTE} times the memory of its text as values"))
}
