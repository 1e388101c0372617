//! Bytes for people: cut and marked; and JSON text that a parser which builds strings can read.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// How much of a content a `Debug` shows.
const SHOWN: usize = 120;

/// How many of a list.
const FEW: usize = 4;

/// Number of lines of a text that an error repeats.
const LAST_LINES: usize = 5;

/// Number of characters of each.
const LONGEST_LINE: usize = 300;

/// Shows the start of a content, and how long it is where that is not all. What could disturb a terminal is escaped.
pub(crate) struct Cut<'a>(pub(crate) &'a [u8]);

/// The same, of at most so many bytes.
pub(crate) struct CutAt<'a>(pub(crate) &'a [u8], pub(crate) usize);

/// The same of a text, in quotes.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

/// The end of a text, in quotes: of what matters most at its end.
pub(crate) struct QuotedEnd<'a>(pub(crate) &'a str);

/// The first items of a list, and how many there are where those are not all.
pub(crate) struct Few<'a, T>(pub(crate) &'a [T]);

/// The same of texts.
pub(crate) struct FewTexts<'a>(pub(crate) &'a [String]);

/// The last five lines that are not blank, in one line: separated by ` | `, each cut to 300 characters. What could disturb a
/// terminal is escaped.
pub(crate) struct LastLines<'a>(pub(crate) &'a str);

impl fmt::Debug for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        CutAt(self.0, SHOWN).fmt(f)
    }
}

impl fmt::Debug for CutAt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = start(self.0, self.1);
        for character in String::from_utf8_lossy(shown).chars() {
            match character {
                // JSON is full of these, and they disturb nobody.
                '"' | '\'' | '\\' => f.write_char(character)?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        mark(f, shown, self.0)
    }
}

impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..start(self.0.as_bytes(), SHOWN).len()];
        fmt::Debug::fmt(shown, f)?;
        mark(f, shown.as_bytes(), self.0.as_bytes())
    }
}

impl fmt::Debug for QuotedEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.0.len().saturating_sub(SHOWN);
        let shown = (from..).find_map(|from| self.0.get(from..)).unwrap_or_default();
        if shown.len() < self.0.len() {
            write!(f, "({} bytes) ...", self.0.len())?;
        }
        fmt::Debug::fmt(shown, f)
    }
}

impl fmt::Display for LastLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last: Vec<&str> =
            self.0.lines().rev().map(str::trim).filter(|line| !line.is_empty()).take(LAST_LINES).collect();
        last.reverse();
        for (at, line) in last.into_iter().enumerate() {
            if at > 0 {
                f.write_str(" | ")?;
            }
            for character in line.chars().take(LONGEST_LINE) {
                if character.is_control() {
                    write!(f, "{}", character.escape_debug())?;
                } else {
                    f.write_char(character)?;
                }
            }
            if line.chars().nth(LONGEST_LINE).is_some() {
                f.write_str("...")?;
            }
        }
        Ok(())
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        few(f, self.0.iter())
    }
}

impl fmt::Debug for FewTexts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        few(f, self.0.iter().map(|text| Quoted(text)))
    }
}

/// The first items, and how many there are where those are not all.
pub(crate) fn few<T: fmt::Debug>(
    f: &mut fmt::Formatter<'_>,
    mut items: impl ExactSizeIterator<Item = T>,
) -> fmt::Result {
    let whole = items.len();
    let mut list = f.debug_list();
    list.entries(items.by_ref().take(FEW));
    if items.len() > 0 {
        list.entry(&format_args!("... ({whole} in all)"));
    }
    list.finish()
}

/// As much of a content as is shown; no character is torn.
fn start(content: &[u8], most: usize) -> &[u8] {
    let mut end = content.len().min(most);
    while end > most.saturating_sub(4) && content.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    &content[..end]
}

fn mark(f: &mut fmt::Formatter<'_>, shown: &[u8], whole: &[u8]) -> fmt::Result {
    if shown.len() < whole.len() {
        write!(f, "... ({} bytes)", whole.len())?;
    }
    Ok(())
}

/// The line with every byte sequence that is not UTF-8 and every lone surrogate escape replaced by U+FFFD.
///
/// The CLI writes half an emoji as such an escape (`unicode_output` of 2.1.329), in which a parser that builds strings
/// sees an error.
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
        copied = at + 6;
        lone = first_lone_surrogate(text.as_bytes(), copied);
    }
    mended.push_str(&text[copied..]);
    mended
}

/// Where the first `\uD800` to `\uDFFF` escape from `from` on stands that is no half of a pair.
fn first_lone_surrogate(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = memchr::memchr(b'\\', &text[at..]) {
        at += found;
        match escape(text, at) {
            Some(0xd800..=0xdbff) if matches!(escape(text, at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => return Some(at),
            Some(_) => at += 6,
            None => at += 2,
        }
        if at >= text.len() {
            return None;
        }
    }
    None
}

/// The code unit of the `\uXXXX` at `at`.
fn escape(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

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
