//! What a line is, found in one pass over it and in any order of keys.
//!
//! The pass checks the whole line as JSON (RFC 8259) and builds no value that nobody asked for. Values may be nested to
//! any depth: that takes a bit for each level and no stack. It makes no UTF-8 pass, and half a surrogate pair is as good as
//! any other escape: what is bad is read as U+FFFD by whoever decodes it.
//!
//! `scan/tests.rs` has the same in a few slow lines on `serde_json`; both agree on every line of the recordings, and on what
//! becomes of them when bytes are lost, doubled and changed.

mod strings;

use std::ops::Range;

use crate::text::readable;
use crate::wire::envelope::{Envelope, Name, NotAMessage};
use crate::wire::kind::MessageKind;

/// Reads a line's envelope. The last of several equal keys counts, as in the CLI's own language.
pub(crate) fn scan(line: &[u8]) -> Result<Envelope, NotAMessage> {
    let mut scanner = Scanner { line, at: 0 };
    let scanned = match scanner.token() {
        Some(b'{') => scanner.envelope(),
        _ => scanner.value().map(|()| Err(NotAMessage::NotAnObject)),
    };
    match scanned {
        Some(scanned) if scanner.token().is_none() => scanned,
        _ => Err(NotAMessage::NotJson),
    }
}

/// A place in the line. Every method moves it behind what it reads, and is `None` where that is not JSON.
struct Scanner<'l> {
    line: &'l [u8],
    at: usize,
}

/// A string, without its quotes.
struct Text {
    place: Range<usize>,
    /// Whether it is written with escapes.
    escaped: bool,
}

impl Scanner<'_> {
    /// The object that the line is. Inside is no envelope where it has no `type`, or one that is no text.
    fn envelope(&mut self) -> Option<Result<Envelope, NotAMessage>> {
        let mut envelope = Envelope::default();
        let mut kind = None;
        self.at += 1;
        if self.token()? == b'}' {
            self.at += 1;
            return Some(Err(NotAMessage::NoType));
        }
        loop {
            match self.key()? {
                Key::Type => kind = self.text()?.map(|text| self.kind(&text)),
                Key::Subtype => envelope.subtype = self.text()?.map_or(Name::Absent, |text| self.name(&text)),
                Key::Uuid => envelope.uuid = self.text()?.map_or(Name::Absent, |text| self.name(&text)),
                Key::Parent => {
                    envelope.subagent = self.token()? != b'n';
                    self.value()?;
                }
                Key::Other => self.value()?,
            }
            match self.next_token()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        Some(kind.map(|kind| Envelope { kind, ..envelope }).ok_or(NotAMessage::NoType))
    }

    /// A key of the line, with its colon.
    fn key(&mut self) -> Option<Key> {
        let text = self.member()?;
        let of = |key: &[u8]| match key {
            b"type" => Key::Type,
            b"subtype" => Key::Subtype,
            b"uuid" => Key::Uuid,
            b"parent_tool_use_id" => Key::Parent,
            _ => Key::Other,
        };
        Some(if text.escaped { of(self.decoded(&text).as_bytes()) } else { of(&self.line[text.place]) })
    }

    /// A value: if it is a string, that.
    fn text(&mut self) -> Option<Option<Text>> {
        if self.token()? != b'"' {
            return self.value().map(|()| None);
        }
        self.at += 1;
        self.string().map(Some)
    }

    fn kind(&self, text: &Text) -> MessageKind {
        match text.escaped {
            true => MessageKind::of(self.decoded(text).as_bytes()),
            false => MessageKind::of(&self.line[text.place.clone()]),
        }
    }

    fn name(&self, text: &Text) -> Name {
        let Range { start, end } = text.place;
        let good = !text.escaped && std::str::from_utf8(&self.line[start..end]).is_ok();
        match (u32::try_from(start), u32::try_from(end - start)) {
            (Ok(start), Ok(len)) if good => Name::At { start, len },
            _ => Name::Copied(self.decoded(text).into()),
        }
    }

    /// What a string means. It was found to be one, so it always means something.
    fn decoded(&self, text: &Text) -> String {
        let quoted = &self.line[text.place.start - 1..text.place.end + 1];
        serde_json::from_str(&readable(quoted)).unwrap_or_default()
    }

    /// Any value, with everything in it.
    fn value(&mut self) -> Option<()> {
        let mut nesting = Nesting::default();
        loop {
            match self.next_token()? {
                b'"' => drop(self.string()?),
                b'{' if self.token()? == b'}' => self.at += 1,
                b'{' => {
                    nesting.enter(Enclosing::Object);
                    self.member()?;
                    continue;
                }
                b'[' if self.token()? == b']' => self.at += 1,
                b'[' => {
                    nesting.enter(Enclosing::Array);
                    continue;
                }
                first @ (b'-' | b'0'..=b'9') => self.number(first)?,
                b'n' => self.literal(b"ull")?,
                b't' => self.literal(b"rue")?,
                b'f' => self.literal(b"alse")?,
                _ => return None,
            }
            // A value is over, and with it perhaps what it stands in.
            loop {
                let Some(enclosing) = nesting.enclosing() else { return Some(()) };
                match (self.next_token()?, enclosing) {
                    (b',', Enclosing::Array) => break,
                    (b',', Enclosing::Object) => {
                        self.member()?;
                        break;
                    }
                    (b']', Enclosing::Array) | (b'}', Enclosing::Object) => nesting.leave(),
                    _ => return None,
                }
            }
        }
    }

    /// A member's name, with its colon.
    fn member(&mut self) -> Option<Text> {
        if self.next_token()? != b'"' {
            return None;
        }
        let text = self.string()?;
        (self.next_token()? == b':').then_some(text)
    }

    /// The rest of a string behind its first quote.
    fn string(&mut self) -> Option<Text> {
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += strings::plain(&self.line[self.at..]);
            let special = *self.line.get(self.at)?;
            self.at += 1;
            match special {
                b'"' => return Some(Text { place: start..self.at - 1, escaped }),
                b'\\' => self.escape()?,
                _ => return None,
            }
            escaped = true;
        }
    }

    /// The rest of an escape behind its backslash.
    fn escape(&mut self) -> Option<()> {
        let kind = *self.line.get(self.at)?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.line.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    /// The rest of a number behind its first byte.
    fn number(&mut self, first: u8) -> Option<()> {
        let leading = if first == b'-' { self.next()? } else { first };
        match leading {
            b'0' => {}
            b'1'..=b'9' => drop(self.digits()),
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn literal(&mut self, rest: &[u8]) -> Option<()> {
        let found = self.line[self.at..].starts_with(rest);
        self.at += rest.len();
        found.then_some(())
    }

    /// The byte behind the blanks that may stand here, and past it.
    fn next_token(&mut self) -> Option<u8> {
        let token = self.token()?;
        self.at += 1;
        Some(token)
    }

    /// The byte behind the blanks that may stand here.
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                token => return Some(token),
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }
}

/// The keys of the envelope.
enum Key {
    Type,
    Subtype,
    Uuid,
    Parent,
    Other,
}

/// What a value stands in.
#[derive(Clone, Copy)]
enum Enclosing {
    Array,
    Object,
}

/// The arrays and objects around a place: a bit for each, the innermost the lowest.
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

#[cfg(test)]
mod tests;
