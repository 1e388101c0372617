//! Reading of a line's envelope in one pass, for any order of keys.
//!
//! The pass checks the whole line as JSON (RFC 8259) and builds no unneeded values. Values can be nested to any depth: each
//! level costs one bit, and no stack. UTF-8 and surrogate pairs are not checked here. Decoding replaces invalid ones with
//! U+FFFD.
//!
//! `tests/pure/scan.rs` contains a short and slow implementation on `serde_json`. Both agree on every line of the
//! recordings, and on lines with lost, repeated and changed bytes.

pub(crate) mod damage;
pub(crate) mod raw;

use crate::base::lex::plain;
use crate::wire::envelope::{Envelope, NotAMessage, Place};
use crate::wire::kind::MessageKind;

/// Reads the envelope of a line. The last of several equal keys counts, as in JavaScript, the CLI's language.
pub(crate) fn scan(line: &[u8]) -> Result<Envelope, NotAMessage> {
    let line = Scanner { line };
    let Some((end, scanned)) = line.whole() else { return Err(NotAMessage::NotJson) };
    match line.token(end) {
        None => scanned,
        Some(_) => Err(NotAMessage::NotJson),
    }
}

/// Reads the envelope of the line at the start of `bytes`, and finds the line's end in the same pass. Returns the position
/// of the line end, after a `\r` if there is one. Returns `None` if the line is not complete, not a message, or continues
/// with blanks after the message: the line end must then be searched for.
pub(crate) fn scan_line(bytes: &[u8]) -> Option<(usize, Envelope)> {
    let (end, scanned) = Scanner { line: bytes }.whole()?;
    let end = end + usize::from(bytes.get(end) == Some(&b'\r'));
    (bytes.get(end) == Some(&b'\n')).then_some((end, scanned.ok()?))
}

/// A line with read functions. Each takes a start position and returns the position after the value, or `None` if the text
/// is not JSON.
///
/// Positions are passed by value, so that the compiler keeps them in a register.
#[derive(Clone, Copy)]
struct Scanner<'l> {
    line: &'l [u8],
}

/// A string, without its quotes.
#[derive(Clone, Copy)]
struct Text {
    start: usize,
    end: usize,
    /// `true` if the string contains escapes.
    escaped: bool,
}

impl Scanner<'_> {
    /// Reads the envelope of a line that starts with a JSON value. Returns it with the end of the value. Returns
    /// `None` if the value is not valid JSON.
    fn whole(self) -> Option<(usize, Result<Envelope, NotAMessage>)> {
        let (mut at, first) = self.token(0)?;
        if first != b'{' {
            return Some((self.value(at)?, Err(NotAMessage::NotAnObject)));
        }
        if let (end, b'}') = self.token(at + 1)? {
            return Some((end + 1, Err(NotAMessage::NoType)));
        }
        let mut envelope = Envelope::default();
        let mut typed = false;
        loop {
            let (value, key) = self.member(at + 1)?;
            let (start, first) = self.token(value)?;
            let key = self.key(key);
            // A value that is not a string has no position.
            let place;
            (at, place) = if first == b'"' {
                let (end, text) = self.string(start + 1)?;
                if let Key::Type = key {
                    envelope.kind = self.kind(text);
                }
                (end, Place::new(text.start, text.end))
            } else {
                (self.value(start)?, Place::default())
            };
            match key {
                Key::Type => typed = first == b'"',
                Key::Subtype => envelope.subtype = place,
                Key::Uuid => envelope.uuid = place,
                Key::Parent => envelope.subagent = first != b'n',
                Key::Other => {}
            }
            match self.token(at)? {
                (next, b',') => at = next,
                (end, b'}') => return Some((end + 1, if typed { Ok(envelope) } else { Err(NotAMessage::NoType) })),
                _ => return None,
            }
        }
    }

    #[inline]
    fn key(self, text: Text) -> Key {
        let of = |key: &[u8]| match key {
            b"type" => Key::Type,
            b"subtype" => Key::Subtype,
            b"uuid" => Key::Uuid,
            b"parent_tool_use_id" => Key::Parent,
            _ => Key::Other,
        };
        if text.escaped { of(self.decoded(text).as_bytes()) } else { of(&self.line[text.start..text.end]) }
    }

    fn kind(self, text: Text) -> MessageKind {
        match text.escaped {
            true => MessageKind::of(self.decoded(text).as_bytes()),
            false => MessageKind::of(&self.line[text.start..text.end]),
        }
    }

    #[cold]
    fn decoded(self, text: Text) -> String {
        Place::new(text.start, text.end).text(self.line).unwrap_or_default().into_owned()
    }

    /// Skips a value, including nested ones.
    fn value(self, mut at: usize) -> Option<usize> {
        let mut nesting = Nesting::default();
        loop {
            let (start, first) = self.token(at)?;
            at = start + 1;
            match first {
                b'"' => at = self.string(at)?.0,
                b'{' => match self.token(at)? {
                    (end, b'}') => at = end + 1,
                    (name, _) => {
                        nesting.enter(Enclosing::Object);
                        at = self.member(name)?.0;
                        continue;
                    }
                },
                b'[' => match self.token(at)? {
                    (end, b']') => at = end + 1,
                    (item, _) => {
                        nesting.enter(Enclosing::Array);
                        at = item;
                        continue;
                    }
                },
                b'-' | b'0'..=b'9' => at = self.number(start)?,
                b'n' => at = self.literal(at, b"ull")?,
                b't' => at = self.literal(at, b"rue")?,
                b'f' => at = self.literal(at, b"alse")?,
                _ => return None,
            }
            // The end of a value, and possibly of the values that contain it.
            loop {
                let Some(enclosing) = nesting.enclosing() else { return Some(at) };
                let (next, token) = self.token(at)?;
                at = next + 1;
                match (token, enclosing) {
                    (b',', Enclosing::Array) => break,
                    (b',', Enclosing::Object) => {
                        at = self.member(at)?.0;
                        break;
                    }
                    (b']', Enclosing::Array) | (b'}', Enclosing::Object) => nesting.leave(),
                    _ => return None,
                }
            }
        }
    }

    /// Reads the name of a member, and its colon.
    #[inline(always)]
    fn member(self, at: usize) -> Option<(usize, Text)> {
        let (quote, b'"') = self.token(at)? else { return None };
        let (end, text) = self.string(quote + 1)?;
        let (colon, b':') = self.token(end)? else { return None };
        Some((colon + 1, text))
    }

    /// Reads the rest of a string, from the byte after its opening quote.
    #[inline(always)]
    fn string(self, start: usize) -> Option<(usize, Text)> {
        let at = start + plain(&self.line[start..]);
        if *self.line.get(at)? == b'"' {
            return Some((at + 1, Text { start, end: at, escaped: false }));
        }
        let end = self.escaped_string(at)?;
        Some((end, Text { start, end: end - 1, escaped: true }))
    }

    /// Reads the rest of a string, from its first escape.
    #[inline(never)]
    fn escaped_string(self, mut at: usize) -> Option<usize> {
        loop {
            match *self.line.get(at)? {
                b'"' => return Some(at + 1),
                b'\\' => at = self.escape(at + 1)?,
                _ => return None,
            }
            at += plain(&self.line[at..]);
        }
    }

    /// Reads the rest of an escape, from the byte after its backslash.
    #[inline]
    fn escape(self, at: usize) -> Option<usize> {
        match *self.line.get(at)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
            b'u' => self.line.get(at + 1..at + 5)?.iter().all(u8::is_ascii_hexdigit).then_some(at + 5),
            _ => None,
        }
    }

    fn number(self, mut at: usize) -> Option<usize> {
        let next = |at: usize| self.line.get(at).copied();
        if next(at) == Some(b'-') {
            at += 1;
        }
        at = if next(at) == Some(b'0') { at + 1 } else { self.digits(at)? };
        if next(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if matches!(next(at), Some(b'e' | b'E')) {
            at += 1;
            if matches!(next(at), Some(b'+' | b'-')) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        Some(at)
    }

    /// Reads one or more digits.
    #[inline]
    fn digits(self, at: usize) -> Option<usize> {
        let count = self.line.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(at + count)
    }

    #[inline]
    fn literal(self, at: usize, rest: &[u8]) -> Option<usize> {
        self.line[at..].starts_with(rest).then_some(at + rest.len())
    }

    /// Skips blanks. Returns the next byte and its position. A line end is not a blank: it is outside the line.
    #[inline(always)]
    fn token(self, mut at: usize) -> Option<(usize, u8)> {
        loop {
            match *self.line.get(at)? {
                b' ' | b'\t' | b'\r' => at += 1,
                token => return Some((at, token)),
            }
        }
    }
}

/// Keys of the envelope.
#[derive(Clone, Copy)]
enum Key {
    Type,
    Subtype,
    Uuid,
    Parent,
    Other,
}

/// Kind of the value that contains another value.
#[derive(Clone, Copy)]
enum Enclosing {
    Array,
    Object,
}

/// Arrays and objects around a position: one bit each. The lowest bit is the innermost one.
#[derive(Default)]
struct Nesting {
    depth: usize,
    inner: u64,
    outer: Vec<u64>,
}

impl Nesting {
    fn enter(&mut self, enclosing: Enclosing) {
        if self.depth > 0 && self.depth % 64 == 0 {
            self.outer.push(self.inner);
        }
        self.depth += 1;
        self.inner = self.inner << 1 | u64::from(matches!(enclosing, Enclosing::Object));
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth > 0 && self.depth % 64 == 0 {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    fn enclosing(&self) -> Option<Enclosing> {
        match (self.depth, self.inner & 1) {
            (0, _) => None,
            (_, 0) => Some(Enclosing::Array),
            _ => Some(Enclosing::Object),
        }
    }
}
