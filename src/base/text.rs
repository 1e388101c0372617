//! Bytes for people: cut and marked.

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
