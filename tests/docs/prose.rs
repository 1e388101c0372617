//! How the documentation is written: plain technical English. Each test counts one habit that is being given up.

use crate::files::{File, files, sources};
use crate::limits::{Found, check};

/// One doc comment, without its code.
struct Doc {
    line: usize,
    text: String,
}

/// Code in a doc comment or in Markdown, without its marks: number of the line, and the line.
type Code = Vec<(usize, String)>;

/// Texts between fences and texts outside of them.
fn split(lines: impl Iterator<Item = (usize, String)>) -> (String, Code) {
    let (mut text, mut code, mut fence) = (String::new(), Vec::new(), None::<String>);
    for (number, line) in lines {
        let trimmed = line.trim_start();
        let mark: String = trimmed.chars().take_while(|mark| *mark == '`').collect();
        match &fence {
            Some(open) if mark.len() >= open.len() && trimmed.trim_end() == mark => fence = None,
            Some(_) => code.push((number, line)),
            None if mark.len() >= 3 => fence = Some(mark),
            None => {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
    (text, code)
}

/// The doc comments of a file, and the code in them.
fn docs(file: &File) -> (Vec<Doc>, Code) {
    let (mut docs, mut code, mut block) = (Vec::new(), Vec::new(), Vec::new());
    for (at, line) in file.text.lines().chain([""]).enumerate() {
        let line = line.trim_start();
        if let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) {
            block.push((at + 1, doc.strip_prefix(' ').unwrap_or(doc).to_owned()));
        } else if let Some((line, _)) = block.first() {
            let line = *line;
            let (text, within) = split(std::mem::take(&mut block).into_iter());
            code.extend(within);
            if !text.trim().is_empty() {
                docs.push(Doc { line, text });
            }
        }
    }
    (docs, code)
}

/// What `judge` has to say about each doc comment of the library.
fn of_each_doc(judge: impl Fn(&str) -> Vec<String>) -> Found {
    let mut found = Found::new();
    let mut seen = 0;
    for file in sources() {
        for doc in docs(&file).0 {
            seen += 1;
            for flaw in judge(&doc.text) {
                found.entry(file.name.clone()).or_default().push(format!("{}: {flaw}", doc.line));
            }
        }
    }
    assert!(seen > 2000, "only {seen} doc comments were found");
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .map(|word| word.trim_matches(|mark: char| !mark.is_alphanumeric()))
        .filter(|word| !word.is_empty())
}

/// A function begins with a verb, a type or a field with a noun.
const FIRST: &[&str] = &[
    "What", "Why", "How", "Whether", "Who", "Whose", "It", "Its", "Where", "When", "That", "By", "Of", "To", "Which",
    "They", "Their", "Them", "As", "So", "For",
];

#[test]
fn doc_comments_begin_with_a_verb_or_a_noun() {
    let found = of_each_doc(|text| {
        let first = words(text).next().unwrap_or_default();
        FIRST
            .contains(&first)
            .then(|| format!("begins with {first}: {}", text.lines().next().unwrap_or_default()))
            .into_iter()
            .collect()
    });
    check("first-word", &found);
}

const UNITS: &[&str] = &[
    "second",
    "seconds",
    "millisecond",
    "milliseconds",
    "nanosecond",
    "nanoseconds",
    "byte",
    "bytes",
    "token",
    "tokens",
    "USD",
];

#[test]
fn doc_comments_have_more_than_two_words() {
    let found = of_each_doc(|text| {
        let all: Vec<&str> = words(text).collect();
        let unit = all.iter().any(|word| UNITS.contains(&&*word.to_lowercase()) || UNITS.contains(word));
        (all.len() < 3 && !unit).then(|| text.trim().to_owned()).into_iter().collect()
    });
    check("short", &found);
}

/// Constructions that readers have to decode, and words of other Englishes. A trailing `*` stands for any ending.
const MARKED: &[&str] = &[
    "is no",
    "are no",
    "was no",
    "were no",
    "is none",
    "are none",
    "as no",
    "says",
    "said",
    "tells",
    "told",
    "held to",
    "mend*",
    "whilst",
    "for ever",
    "goes without",
    "nobody",
    "of which",
    "of whose",
    "at which",
    "all that",
    "all else",
];

fn is(word: &str, wanted: &str) -> bool {
    let word = word.to_lowercase();
    wanted.strip_suffix('*').map_or(word == wanted, |stem| word.starts_with(stem))
}

#[test]
fn doc_comments_are_free_of_marked_constructions() {
    let found = of_each_doc(|text| {
        let all: Vec<&str> = words(text).collect();
        let marked = |phrase: &&&str| {
            let wanted: Vec<&str> = phrase.split(' ').collect();
            let fits = |part: &[&str]| part.iter().zip(&wanted).all(|(word, wanted)| is(word, wanted));
            all.windows(wanted.len()).filter(|part| fits(part)).count()
        };
        MARKED.iter().flat_map(|phrase| std::iter::repeat_n(format!("`{phrase}`"), marked(&phrase))).collect()
    });
    check("marked", &found);
}

/// A full stop ends one if a blank follows it, and so do the other marks.
fn sentences(paragraph: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for word in paragraph.split_whitespace() {
        let sentence = sentences.last_mut().expect("there is one");
        sentence.push_str(if sentence.is_empty() { "" } else { " " });
        sentence.push_str(word);
        if word.ends_with(['.', ';', ':', '?', '!']) {
            sentences.push(String::new());
        }
    }
    sentences
}

/// How many words a sentence may have.
const LONGEST: usize = 25;

#[test]
fn sentences_of_doc_comments_are_short() {
    let found = of_each_doc(|text| {
        // A list and a table are read by their rows.
        let prose = text
            .lines()
            .filter(|line| !line.trim_start().starts_with(['|', '*', '-', '#']))
            .collect::<Vec<_>>()
            .join("\n");
        let paragraphs = prose.split("\n\n");
        let sentences = paragraphs.flat_map(sentences);
        let long = sentences.filter(|sentence| words(sentence).count() > LONGEST);
        long.map(|sentence| format!("{} words: {sentence}", words(&sentence).count())).collect()
    });
    check("long-sentence", &found);
}

/// How many columns a line of code in documentation may have: what a page shows without a bar to scroll it.
const WIDEST: usize = 88;

#[test]
fn code_in_documentation_fits_into_88_columns() {
    let mut found = Found::new();
    let mut look = |name: &str, code: Code| {
        for (number, line) in code.into_iter().filter(|(_, line)| line.chars().count() > WIDEST) {
            found.entry(name.to_owned()).or_default().push(format!("{number}: {} columns", line.chars().count()));
        }
    };
    sources().iter().for_each(|file| look(&file.name, docs(file).1));
    for file in files("", "md").iter().filter(|file| !file.name.starts_with("tests/recordings")) {
        look(&file.name, split(file.text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned()))).1);
    }
    check("wide-code", &found);
}
