//! Words in the picture: labels, the rows in which they have room, and the legend.

use claude_duplex::TurnOrigin;

use crate::story::Turn;
use crate::svg::Svg;

/// A character of the labels, on average, in pixels.
pub(crate) const CHARACTER: f64 = 6.1;
/// The longest label, in characters.
const LABEL: usize = 60;
/// Characters at the end of a label that is shortened: enough for any outcome.
const TAIL: usize = 26;

/// Puts things into rows so that neither bars nor labels cover each other.
pub(crate) fn rows(things: impl Iterator<Item = (f64, f64, usize)>) -> Vec<usize> {
    let mut free: Vec<f64> = Vec::new();
    let mut places = Vec::new();
    for (x, width, label) in things {
        let text = label as f64 * CHARACTER + 6.0;
        let end = x + if width >= text { width } else { width + text } + 6.0;
        let row = free.iter().position(|free| *free <= x).unwrap_or(free.len());
        match free.get_mut(row) {
            Some(free) => *free = end,
            None => free.push(end),
        }
        places.push(row);
    }
    places
}

pub(crate) fn rows_of(places: &[usize]) -> usize {
    places.iter().max().map_or(0, |most| most + 1)
}

/// Draws what the colors mean. Returns where it ends on the right.
pub(crate) fn legend(picture: &mut Svg, (left, y): (f64, f64)) -> f64 {
    let mut x = left;
    for (class, text) in [
        ("turn", "turn of a prompt"),
        ("own", "turn of the CLI's own"),
        ("good", "success, answered"),
        ("bad", "failed, refused, blocked"),
        ("alarm", "interrupt"),
        ("off", "open, cancelled, withdrawn"),
        ("joint", "the turn of a prompt, as the CLI reports it"),
        ("guess", "inferred"),
    ] {
        match class {
            "joint" | "guess" => picture.line((x, y + 11.0), (x + 12.0, y + 11.0), class),
            _ => picture.bar((x, y + 6.0), (12.0, 10.0), class, text),
        }
        picture.text((x + 16.0, y + 15.0), "mark", text);
        x += text.chars().count() as f64 * CHARACTER + 34.0;
    }
    x - 20.0
}

pub(crate) fn label_of(turn: &Turn, is_continued: bool) -> String {
    let origin = match &turn.origin {
        TurnOrigin::Prompt => String::new(),
        origin => format!(" ({origin})"),
    };
    let number = turn.id.number();
    if is_continued {
        return format!("\u{2026} turn {number}{origin}");
    }
    format!("turn {number}{origin}: {} messages, {}", turn.messages, size(turn.bytes))
}

pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LABEL) {
        // The end of it says how it went.
        Some(_) => {
            let tail: Vec<char> = text.chars().rev().take(TAIL).collect();
            text.chars().take(LABEL - TAIL - 2).chain(['\u{2026}']).chain(tail.into_iter().rev()).collect()
        }
        None => text.to_owned(),
    }
}
