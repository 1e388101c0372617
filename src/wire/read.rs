//! Reading of typed values from JSON in one pass. Each byte is read once, and copied only into the returned value.
//!
//! The text was checked before, by [`scan`](crate::wire::scan) or by `serde_json`, so this module only finds the boundaries
//! of values. For invalid JSON it returns errors, and still terminates.
//!
//! After every read the reader is after the value, whether reading succeeded or not: one bad field must not hide the
//! fields next to it. Values that no type needs are skipped with a counter, so nesting costs no stack.

mod members;

use std::borrow::Cow;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::lex::{is_blank, string_end};
use crate::base::strings::Text;

pub(crate) use members::{Members, Tags, required, tagged};

/// Memory limit for the values of a text, in bytes for each byte of the text.
const MEMORY_PER_BYTE: usize = 8;
/// Minimum of the memory limit, in bytes. Applies to short texts.
const LEAST_MEMORY: usize = 1 << 20;
/// Estimated overhead of an allocation, in bytes.
pub(crate) const ALLOCATION: usize = 16;

/// Returns the string in a field of a JSON object, decoded. Returns `None` if the field is not a string.
pub(crate) fn text_within<'t>(text: &'t str, name: &str) -> Option<Cow<'t, str>> {
    let string = |reader: &mut Reader<'t>| {
        reader.string().ok_or_else(|| {
            reader.skip();
            DecodeError::expected("a string")
        })
    };
    read_with(text, |reader| reader.within(name, string)).ok().map(Text::cow)
}

/// Reads a line with the function `read`. Invalid UTF-8 is read as U+FFFD.
pub(crate) fn read_line<T>(
    line: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    match std::str::from_utf8(line) {
        Ok(text) => read_with(text, read),
        Err(_) => read_with(&String::from_utf8_lossy(line), read),
    }
}

/// Reads a text with the function `read`. Lone surrogates are read as U+FFFD.
// The value can be large. It is returned as it was built, without a copy.
pub(crate) fn read_with<'t, T>(
    text: &'t str,
    read: impl FnOnce(&mut Reader<'t>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let memory = text.len().saturating_mul(MEMORY_PER_BYTE).max(LEAST_MEMORY);
    read(&mut Reader { text, at: 0, memory: Some(memory), repeated: 0 })
}

/// Reader of a JSON text, from its start to its end.
#[derive(Debug)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Remaining memory in bytes. `None` after the limit was exceeded, which ends the text.
    memory: Option<usize>,
    /// Bit set of the [`Tags`] that occurred twice in the last object.
    repeated: u8,
}

impl<'t> Reader<'t> {
    /// Returns the first byte of the next value or bracket, or zero at the end of the text.
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

    /// Returns the position of the next value.
    #[inline]
    pub(crate) fn start(&mut self) -> usize {
        self.first();
        self.at
    }

    /// Returns to a position from [`start`](Reader::start). Has no effect after the memory limit was exceeded.
    #[inline]
    pub(crate) fn back(&mut self, start: usize) {
        if self.memory.is_some() {
            self.at = start;
        }
    }

    /// Returns the text between a position from [`start`](Reader::start) and the current position.
    pub(crate) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Skips the next value. Returns its text, and `true` if it has no whitespace between its tokens.
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

    /// Reads a number or literal. Returns `None`, and reads nothing, if the next value has another type.
    pub(crate) fn scalar(&mut self) -> Option<&'t str> {
        if let b'"' | b'{' | b'[' = self.first() {
            return None;
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b']') || is_blank(byte));
        let scalar = &rest[..end.unwrap_or(rest.len())];
        // Invalid JSON ends here, since no value starts at this position.
        self.at = if scalar.is_empty() { self.text.len() } else { self.at + scalar.len() };
        Some(scalar)
    }

    /// Reads a string. Returns `None`, and reads nothing, if the next value has another type.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> Option<Text<'t>> {
        (self.first() == b'"').then(|| self.opened_string())
    }

    /// Reads a string. The reader must be at its opening quote.
    #[inline(always)]
    fn opened_string(&mut self) -> Text<'t> {
        let start = self.at + 1;
        let (end, escaped) = string_end(self.text.as_bytes(), start);
        self.at = end;
        Text::new(self.text.get(start..end - 1).unwrap_or_default(), escaped)
    }

    /// Reads a value of any type. Returns `true` if it is the string `word`.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        match self.string() {
            Some(text) => text.cow() == word,
            None => {
                self.skip();
                false
            }
        }
    }

    /// Reads a string into a `String`.
    #[inline]
    pub(crate) fn owned(&mut self) -> Option<String> {
        let text = self.string()?;
        self.take(text.written().len() + ALLOCATION);
        Some(text.into_string())
    }

    /// Reads a value of any type, unparsed.
    pub(crate) fn json(&mut self) -> Json {
        let (text, compact) = self.skip();
        self.take(text.len() + ALLOCATION);
        Json::of_checked(text, compact)
    }

    /// Enters a list. Skips a value of another type.
    pub(crate) fn list(&mut self) -> Result<(), DecodeError> {
        if self.first() != b'[' {
            self.skip();
            return Err(DecodeError::expected("a list"));
        }
        self.at += 1;
        Ok(())
    }

    /// Returns `true` if the list has a further item, and moves to it. Otherwise moves past the list.
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

    /// Appends an item to a list, within the memory limit.
    #[inline]
    pub(crate) fn push<T>(&mut self, items: &mut Vec<T>, item: T) {
        if items.len() == items.capacity() {
            // Most lists of content contain one block.
            let more = if size_of::<T>() > 64 { items.len().max(1) } else { items.len().max(4) };
            if !self.take((items.len() + more).saturating_mul(size_of::<T>())) {
                return;
            }
            items.reserve_exact(more);
        }
        items.push(item);
    }

    /// Returns an error if the memory limit was exceeded. Callers check this after every list and object.
    #[inline]
    pub(crate) fn within_memory(&self) -> Result<(), DecodeError> {
        if self.memory.is_some() { Ok(()) } else { Err(too_large()) }
    }

    /// Subtracts memory from the limit. If the limit is exceeded, the text ends here.
    #[inline]
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        self.memory = self.memory.and_then(|memory| memory.checked_sub(bytes));
        if self.memory.is_none() {
            self.at = self.text.len();
        }
        self.memory.is_some()
    }

    /// Reads the field with a name from an object, and skips all others. The last field with the name counts.
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
    DecodeError::other(format!("the decoded value needs more than {MEMORY_PER_BYTE} times the memory of its text"))
}
