//! Lexical rules of JSON: ends of strings, whitespace between tokens, and `\uXXXX` escapes.
//!
//! All other modules use these rules: [`scan`](crate::wire::scan) to check lines, and [`read`](crate::wire::read) and
//! [`Json`](crate::Json) to find boundaries in checked text. For invalid JSON every function still terminates, and may
//! return positions after the text.

mod plain;

use std::borrow::Cow;

pub(crate) use plain::plain;

/// Length of a `\uXXXX` escape, in bytes.
pub(crate) const UNICODE_ESCAPE: usize = 6;

/// Length of strings, in bytes, that are searched directly: keys, words and ids. Longer ones use `memchr`.
const SHORT: usize = 64;

/// Returns the position after the string that contains `at`, and `true` if the string contains escapes.
#[inline(always)]
pub(crate) fn string_end(bytes: &[u8], at: usize) -> (usize, bool) {
    let rest = bytes.get(at..).unwrap_or_default();
    let short = &rest[..rest.len().min(SHORT)];
    let end = plain(short);
    match short.get(end) {
        Some(b'"') => (at + end + 1, false),
        _ => long_end(bytes, at + end),
    }
}

/// Does the same as [`string_end`] for a string that is long, or continues with an escape.
#[inline(never)]
fn long_end(bytes: &[u8], mut at: usize) -> (usize, bool) {
    let mut escaped = false;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(end) if rest[end] == b'"' => return (at + end + 1, escaped),
            Some(escape) => (at, escaped) = (at + escape + 2, true),
            // Only reached in text that is not JSON.
            None => return (bytes.len() + 1, escaped),
        }
    }
}

/// Returns `true` if a byte is whitespace that JSON allows between tokens.
#[inline(always)]
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Returns the position of the first whitespace outside strings, starting at `at`.
pub(crate) fn next_blank(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            b'"' => at = string_end(bytes, at + 1).0,
            byte if is_blank(byte) => return Some(at),
            _ => at += 1,
        }
    }
}

/// Returns the text without whitespace between its tokens.
pub(crate) fn compact(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(blank) = next_blank(text.as_bytes(), from) {
        kept.push_str(&text[from..blank]);
        from = blank + 1;
    }
    kept.push_str(&text[from..]);
    kept
}

/// Returns the text as one line: line ends between tokens are replaced with spaces, so that positions stay the same.
pub(crate) fn one_line(text: &[u8]) -> Cow<'_, [u8]> {
    let mut line = Cow::Borrowed(text);
    if memchr::memchr(b'\n', text).is_some() {
        let mut from = 0;
        while let Some(blank) = next_blank(text, from) {
            if text[blank] == b'\n' {
                line.to_mut()[blank] = b' ';
            }
            from = blank + 1;
        }
    }
    line
}

/// Returns the UTF-16 code unit of the `\uXXXX` escape at `at`.
pub(crate) fn code_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + UNICODE_ESCAPE)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_unescaped_quote() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 1000] {
            let plain = format!("{}\" behind", "x".repeat(length));
            assert_eq!(string_end(plain.as_bytes(), 0), (length + 1, false), "{length}");
            let escaped = format!("{}\\\"\\\\\" behind", "x".repeat(length));
            assert_eq!(string_end(escaped.as_bytes(), 0), (length + 5, true), "{length}");
        }
    }

    #[test]
    fn an_unterminated_string_ends_at_the_end_of_the_text() {
        for text in ["", "a", "a\\", "a\\\"", &"x".repeat(200)] {
            assert_eq!(string_end(text.as_bytes(), 0).0, text.len() + 1, "{text}");
        }
    }

    #[test]
    fn only_blanks_between_tokens_are_removed() {
        let cases = [
            ("", ""),
            (" 1 ", "1"),
            ("[ \"a \\\" b\\\\\" ,\r\n\t{ \"k\" : 1 } ]", "[\"a \\\" b\\\\\",{\"k\":1}]"),
            // Unicode whitespace and other control characters are not whitespace in JSON.
            ("[\u{a0}\u{c}1]", "[\u{a0}\u{c}1]"),
            ("[ \"no end ", "[\"no end "),
        ];
        for (text, expected) in cases {
            assert_eq!(compact(text), expected);
            assert_eq!(next_blank(text.as_bytes(), 0).is_none(), text == expected, "{text}");
        }
    }

    #[test]
    fn line_ends_between_tokens_become_spaces() {
        assert_eq!(&*one_line(b"{\r\n \"a\":\n1}"), b"{\r  \"a\": 1}");
        assert_eq!(&*one_line(b"{\"a\\\"\nb\":\n1}"), b"{\"a\\\"\nb\": 1}");
        assert!(matches!(one_line(b"{\"a\": 1}"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_code_unit_has_four_digits() {
        assert_eq!(code_unit(br"a\u00e9", 1), Some(0xe9));
        for text in [r"\u00e", r"\u00e\", r"\n0000", r"\u+123", "\\u00é"] {
            assert_eq!(code_unit(text.as_bytes(), 0), None, "{text}");
        }
    }
}
