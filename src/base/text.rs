//! Wrappers that show content to people, truncated and escaped.

use std::fmt::{self, Write};

/// Maximum size of content that `Debug` shows, in bytes.
const SHOWN: usize = 120;

/// Maximum number of list items that `Debug` shows.
const FEW: usize = 4;

/// Number of lines that an error repeats of a text.
const LAST_LINES: usize = 5;

/// Maximum length of each repeated line, in characters.
const LONGEST_LINE: usize = 300;

/// Wrapper that shows the start of content. If it is truncated, shows its size too. Characters that affect a terminal are
/// escaped.
pub(crate) struct Cut<'a>(pub(crate) &'a [u8]);

/// Wrapper like [`Cut`], with another maximum size in bytes.
pub(crate) struct CutAt<'a>(pub(crate) &'a [u8], pub(crate) usize);

/// Wrapper like [`Cut`] that shows a text in quotes.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

/// Wrapper that shows the end of a text in quotes, for text whose end matters most.
pub(crate) struct QuotedEnd<'a>(pub(crate) &'a str);

/// Wrapper that shows the first items of a list. If others are left out, shows the number of items too.
pub(crate) struct TruncatedList<'a, T>(pub(crate) &'a [T]);

/// Wrapper like [`TruncatedList`] for a list of strings.
pub(crate) struct TruncatedTexts<'a>(pub(crate) &'a [String]);

/// Wrapper that shows the last five lines that are not blank, separated by ` | `. Each line is truncated to 300 characters,
/// and characters that affect a terminal are escaped.
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
                // JSON contains many of these, and they do not affect a terminal.
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

impl<T: fmt::Debug> fmt::Debug for TruncatedList<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated_list(f, self.0.iter())
    }
}

impl fmt::Debug for TruncatedTexts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated_list(f, self.0.iter().map(|text| Quoted(text)))
    }
}

/// Writes the first items of a list. If others are left out, writes the number of items too.
pub(crate) fn truncated_list<T: fmt::Debug>(
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

/// Returns the start of content, at most `most` bytes, without splitting a character.
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
