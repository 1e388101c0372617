//! Strings of a line in their JSON form, decoded on demand.

use std::borrow::Cow;
use std::str::Chars;

/// A string in its JSON form, without the quotes. Invalid Unicode is read as U+FFFD.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'l>(&'l [u8]);

impl<'l> Text<'l> {
    /// Creates a string from the text between its quotes.
    pub(crate) fn between_quotes(written: &'l [u8]) -> Self {
        Self(written)
    }

    /// Returns the characters of the decoded string.
    pub(crate) fn chars(self) -> impl Iterator<Item = char> + 'l {
        self.0.utf8_chunks().flat_map(|chunk| {
            let bad = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
            Unescaped(chunk.valid().chars()).chain(bad)
        })
    }

    /// Returns `true` if the decoded string equals `other`.
    pub(crate) fn is(self, other: &str) -> bool {
        if self.0.contains(&b'\\') { self.chars().eq(other.chars()) } else { self.0 == other.as_bytes() }
    }

    /// Returns the decoded string. If a copy is needed, it is allocated once, with the exact size.
    pub(crate) fn decoded(self) -> Cow<'l, str> {
        match std::str::from_utf8(self.0) {
            Ok(text) if !self.0.contains(&b'\\') => Cow::Borrowed(text),
            _ => {
                let mut text = String::with_capacity(self.chars().map(char::len_utf8).sum());
                self.chars().for_each(|character| text.push(character));
                Cow::Owned(text)
            }
        }
    }

    /// Returns the start of the decoded string, at most `most` bytes.
    pub(crate) fn start(self, most: usize) -> String {
        if let Some(text) = self.plain_start(most) {
            return text.to_owned();
        }
        let mut text = String::new();
        for character in self.chars() {
            if text.len() + character.len_utf8() > most {
                break;
            }
            text.push(character);
        }
        text
    }

    /// Returns the decoded string if it has at most `most` bytes.
    pub(crate) fn within(self, most: usize) -> Option<String> {
        if let Some(text) = self.plain_start(most) {
            return (text.len() == self.0.len()).then(|| text.to_owned());
        }
        let text = self.start(most);
        (self.chars().map(char::len_utf8).take(most + 1).sum::<usize>() == text.len()).then_some(text)
    }

    /// Returns the first `most` bytes if they need no decoding, as is the case for names.
    fn plain_start(self, most: usize) -> Option<&'l str> {
        let start = &self.0[..self.0.len().min(most)];
        let is_plain = start.is_ascii() && !start.contains(&b'\\');
        std::str::from_utf8(start).ok().filter(|_| is_plain)
    }
}

/// Decoded characters of a part that is valid UTF-8.
struct Unescaped<'t>(Chars<'t>);

impl Iterator for Unescaped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.0.next()? {
            '\\' => Some(self.escape().unwrap_or(char::REPLACEMENT_CHARACTER)),
            character => Some(character),
        }
    }
}

impl Unescaped<'_> {
    /// Decodes the rest of an escape. Returns `None` for half of a surrogate pair.
    fn escape(&mut self) -> Option<char> {
        match self.0.next()? {
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => {
                let high = unit(self.0.as_str())?;
                self.0.nth(3);
                if !(0xd800..=0xdbff).contains(&high) {
                    return char::from_u32(high);
                }
                let low = self.0.as_str().strip_prefix("\\u").and_then(unit)?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    return None;
                }
                self.0.nth(5);
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            }
            itself => Some(itself),
        }
    }
}

/// Parses four hexadecimal digits.
fn unit(text: &str) -> Option<u32> {
    u32::from_str_radix(text.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_unicode_is_replaced() {
        for (written, expected) in [
            (&br"\ud83d"[..], "\u{fffd}"),
            (br"\udd80x", "\u{fffd}x"),
            (br"\ud83d\ud83e\udd80", "\u{fffd}\u{1f980}"),
            (br"\ud83d\n", "\u{fffd}\n"),
            (b"a\xffb\xe2\x82", "a\u{fffd}b\u{fffd}"),
        ] {
            assert_eq!(Text(written).decoded(), expected);
        }
    }

    #[test]
    fn the_start_of_a_string_ends_at_a_character_boundary() {
        let text = Text("a\u{e9}\\u00e9".as_bytes());
        let starts = [0, 1, 2, 3, 4, 5, 9].map(|most| text.start(most));
        assert_eq!(starts, ["", "a", "a", "a\u{e9}", "a\u{e9}", "a\u{e9}\u{e9}", "a\u{e9}\u{e9}"]);
        assert_eq!(text.within(4), None);
        assert_eq!(text.within(5).as_deref(), Some("a\u{e9}\u{e9}"));
        for (written, most, start, whole) in [
            (&b"abc"[..], 3, "abc", true),
            (b"abc", 2, "ab", false),
            (b"ab\\n", 2, "ab", false),
            (b"ab\\n", 3, "ab\n", true),
            (b"ab\\n", 4, "ab\n", true),
            (b"ab\xff", 2, "ab", false),
            (b"ab\xff", 4, "ab", false),
            (b"", 0, "", true),
        ] {
            assert_eq!(Text(written).start(most), start, "{written:?} in {most}");
            assert_eq!(Text(written).within(most), whole.then(|| start.to_owned()), "{written:?} in {most}");
        }
    }
}
