//! Decoding of JSON strings.

use std::borrow::Cow;

use crate::base::lex::{UNICODE_ESCAPE, code_unit};

/// A JSON string, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t> {
    written: &'t str,
    escaped: bool,
}

impl<'t> Text<'t> {
    pub(crate) fn new(written: &'t str, escaped: bool) -> Self {
        Self { written, escaped }
    }

    /// Returns the string with its escapes.
    pub(crate) fn written(self) -> &'t str {
        self.written
    }

    /// Returns the decoded string, borrowed if it has no escapes. Lone surrogates become U+FFFD.
    #[inline]
    pub(crate) fn cow(self) -> Cow<'t, str> {
        if self.escaped { Cow::Owned(unescaped(self.written)) } else { Cow::Borrowed(self.written) }
    }

    #[inline]
    pub(crate) fn into_string(self) -> String {
        if self.escaped { unescaped(self.written) } else { self.written.to_owned() }
    }
}

fn unescaped(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at..]);
        text.push(character);
        rest = rest.get(at + length..).unwrap_or_default();
    }
    text.push_str(rest);
    // A text of only escapes is six times as long as its decoded form.
    if text.len() < text.capacity() / 2 {
        text.shrink_to_fit();
    }
    text
}

/// Decodes the escape at the start of `text`. Returns its character and its length in bytes.
fn escape(text: &str) -> (char, usize) {
    let simple = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text),
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
        // Only reached in text that is not JSON. The length is 1, so that a character outside ASCII is not split.
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    (simple, 2)
}

fn unicode(text: &str) -> (char, usize) {
    let text = text.as_bytes();
    let Some(unit) = code_unit(text, 0) else { return (char::REPLACEMENT_CHARACTER, 1) };
    let second = || code_unit(text, UNICODE_ESCAPE).filter(|unit| (0xdc00..=0xdfff).contains(unit));
    match (unit, char::from_u32(unit)) {
        (_, Some(character)) => (character, UNICODE_ESCAPE),
        (0xd800..=0xdbff, None) => match second() {
            Some(second) => {
                let pair = 0x1_0000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                (char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), 2 * UNICODE_ESCAPE)
            }
            None => (char::REPLACEMENT_CHARACTER, UNICODE_ESCAPE),
        },
        _ => (char::REPLACEMENT_CHARACTER, UNICODE_ESCAPE),
    }
}

/// Returns the line with invalid UTF-8 and lone surrogate escapes replaced by U+FFFD.
///
/// The CLI writes half of an emoji as such an escape (`unicode_output` of 2.1.329). A parser that builds strings rejects
/// it.
pub(crate) fn readable(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    match first_lone_surrogate(text.as_bytes(), 0) {
        None => text,
        Some(first) => Cow::Owned(without_lone_surrogates(&text, first)),
    }
}

fn without_lone_surrogates(text: &str, first: usize) -> String {
    let mut mended = String::with_capacity(text.len());
    let (mut copied, mut lone) = (0, Some(first));
    while let Some(at) = lone {
        mended.push_str(&text[copied..at]);
        mended.push_str("\\ufffd");
        copied = at + UNICODE_ESCAPE;
        lone = first_lone_surrogate(text.as_bytes(), copied);
    }
    mended.push_str(&text[copied..]);
    mended
}

/// Returns the position of the first `\uD800` to `\uDFFF` escape, starting at `from`, that is not part of a pair.
fn first_lone_surrogate(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = memchr::memchr(b'\\', &text[at..]) {
        at += found;
        match code_unit(text, at) {
            Some(0xd800..=0xdbff) if matches!(code_unit(text, at + UNICODE_ESCAPE), Some(0xdc00..=0xdfff)) => {
                at += 2 * UNICODE_ESCAPE
            }
            Some(0xd800..=0xdfff) => return Some(at),
            Some(_) => at += UNICODE_ESCAPE,
            None => at += 2,
        }
        if at >= text.len() {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_decode_as_in_serde_json() {
        for written in [r#"\"\\\/\b\f\n\r\t"#, r"a\u0041b", r"\ud83e\udd80", r"\u00e9\uffff", "é\\n…", r"\\u0041"] {
            let expected: String = serde_json::from_str(&format!("\"{written}\"")).unwrap();
            assert_eq!(unescaped(written), expected, "{written}");
        }
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        let cases = [
            (r"\ud83d lone", "\u{fffd} lone"),
            (r"\ud83d\ud83e\udd80", "\u{fffd}\u{1f980}"),
            (r"\udd80\\ud83d", "\u{fffd}\\ud83d"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d", "\u{fffd}"),
        ];
        for (written, expected) in cases {
            assert_eq!(unescaped(written), expected, "{written}");
        }
    }

    #[test]
    fn an_invalid_escape_splits_no_character() {
        for written in ["\\é", "\\", "\\u12é4", "\\u1", "\\ud83d\\", "\\ud83d\\u1é"] {
            assert!(unescaped(written).contains(char::REPLACEMENT_CHARACTER), "{written}");
        }
    }

    #[test]
    fn decoding_escapes_allocates_only_the_decoded_length() {
        assert!(unescaped(&"\\u0041".repeat(1000)).capacity() < 2000);
    }

    #[test]
    fn only_lone_surrogates_are_replaced() {
        let cases = [
            (r#""\ud83e\udd80""#, r#""\ud83e\udd80""#),
            (r#""\ud83d lone""#, r#""\ufffd lone""#),
            (r#""\ud83d\ud83e\udd80""#, r#""\ufffd\ud83e\udd80""#),
            (r#""\udd80\\ud83d""#, r#""\ufffd\\ud83d""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ud83"#, r#""\ud83"#),
        ];
        for (line, expected) in cases {
            assert_eq!(readable(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(readable(b"\"a\xffb\""), "\"a\u{fffd}b\"");
    }
}
