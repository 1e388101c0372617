//! Damaged lines, which contain messages together with other bytes.
//!
//! Other programs that share stdout can write into the CLI's lines. A login shell, or the CLI's own screen code, writes
//! control sequences; a library writes log text without a line end. A message is taken out of such a line only if the
//! result is unambiguous: it must be a whole object at the top level of the line, and never a part of other text.

use super::Scanner;
use crate::wire::envelope::{Envelope, NotAMessage};
use crate::wire::kind::MessageKind;

/// Maximum number of objects in a line. A line with more was not damaged by accident.
const OBJECTS: usize = 64;

/// Required start of an object after log text, unless the object is a `result`. In all recorded lines but these, `type` is
/// the first key. A `result` has other first keys since 2.1.218.
const BEGIN: &[u8] = b"{\"type\":";

/// Content of a damaged line.
#[derive(Debug, Default)]
pub(crate) struct Damage<'l> {
    pub(crate) objects: Vec<Object<'l>>,
    /// Bytes before, between and after the objects, without empty parts.
    pub(crate) dropped: Vec<&'l [u8]>,
    /// `true` if the dropped bytes contain more than control sequences, other control characters and whitespace.
    pub(crate) text: bool,
}

/// An object at a position where a line of its own could be.
#[derive(Debug)]
pub(crate) struct Object<'l> {
    pub(crate) line: &'l [u8],
    pub(crate) envelope: Result<Envelope, NotAMessage>,
}

/// Finds the messages in a line that is not JSON. The line must have one of two forms:
///
/// * objects with only control characters and whitespace around them
/// * text without quotes or braces, followed by one object that starts like a message and extends to the end of the line
///
/// Returns `None` for any other line.
pub(crate) fn damage(line: &[u8]) -> Option<Damage<'_>> {
    let mut reader = Reader { line, at: 0, unterminated: false };
    let mut damage = Damage::default();
    reader.skip_noise();
    while line.get(reader.at).is_some_and(|byte| *byte != b'{') {
        damage.text = true;
        if matches!(line[reader.at], b'}' | b'"' | b'\'' | b'`') {
            return None;
        }
        reader.at += 1;
        reader.skip_noise();
    }
    let only = if damage.text { 1 } else { OBJECTS };
    let mut end = 0;
    loop {
        if reader.at > end {
            damage.dropped.push(&line[end..reader.at]);
        }
        let rest = &line[reader.at..];
        if rest.is_empty() {
            // A line with only text contains no damaged message.
            return (!damage.text || !damage.objects.is_empty()).then_some(damage);
        }
        if damage.objects.len() == only || rest[0] != b'{' {
            return None;
        }
        let (length, envelope) = Scanner { line: rest }.whole()?;
        if damage.text
            && !rest.starts_with(BEGIN)
            && !envelope.is_ok_and(|envelope| envelope.kind == MessageKind::Result)
        {
            return None;
        }
        end = reader.at + length;
        damage.objects.push(Object { line: &line[reader.at..end], envelope });
        reader.at = end;
        reader.skip_noise();
    }
}

/// Reader of bytes that a terminal does not show.
struct Reader<'l> {
    line: &'l [u8],
    at: usize,
    /// `true` if no control string ends after `at`. The end is then not searched for again.
    unterminated: bool,
}

impl Reader<'_> {
    /// Skips a byte order mark, control sequences, other control characters, and whitespace.
    fn skip_noise(&mut self) {
        while let Some(byte) = self.line.get(self.at) {
            let rest = &self.line[self.at..];
            match byte {
                0x1b => {
                    self.at += 1;
                    self.skip_escape();
                }
                0x00..=b' ' | 0x7f => self.at += 1,
                0xef if rest.starts_with(b"\xef\xbb\xbf") => self.at += 3,
                // The same controls, encoded as single characters in UTF-8.
                0xc2 => match rest.get(1) {
                    Some(0x9b) => {
                        self.at += 2;
                        self.skip_sequence();
                    }
                    Some(0x90 | 0x98 | 0x9d..=0x9f) => {
                        self.at += 2;
                        self.skip_string();
                    }
                    Some(0x80..=0x9f) => self.at += 2,
                    _ => return,
                },
                _ => return,
            }
        }
    }

    /// Skips the rest of an escape sequence (ECMA-48). A brace never ends a sequence, since it may start an object.
    fn skip_escape(&mut self) {
        match self.line.get(self.at) {
            Some(b'[') => {
                self.at += 1;
                self.skip_sequence();
            }
            Some(b']' | b'P' | b'X' | b'^' | b'_') => {
                self.at += 1;
                self.skip_string();
            }
            // Charset selection and similar sequences.
            Some(b' '..=b'/') => {
                self.skip_while(|byte| matches!(byte, b' '..=b'/'));
                self.skip_end(b'0');
            }
            _ => self.skip_end(b'0'),
        }
    }

    /// Skips the parameters of a control sequence, and its final byte.
    fn skip_sequence(&mut self) {
        self.skip_while(|byte| matches!(byte, b'0'..=b'?'));
        self.skip_while(|byte| matches!(byte, b' '..=b'/'));
        self.skip_end(b'@');
    }

    /// Skips a control string, e.g. a window title, if it has an end.
    fn skip_string(&mut self) {
        if self.unterminated {
            return;
        }
        let rest = &self.line[self.at..];
        let is_end = |at: &usize| match rest[*at] {
            0x07 => true,
            0x1b => rest.get(at + 1) == Some(&b'\\'),
            0xc2 => rest.get(at + 1) == Some(&0x9c),
            _ => false,
        };
        match memchr::memchr3_iter(0x07, 0x1b, 0xc2, rest).find(is_end) {
            Some(end) => self.at += end + if rest[end] == 0x07 { 1 } else { 2 },
            None => self.unterminated = true,
        }
    }

    fn skip_while(&mut self, is_part: impl Fn(&u8) -> bool) {
        while self.line.get(self.at).is_some_and(&is_part) {
            self.at += 1;
        }
    }

    fn skip_end(&mut self, least: u8) {
        if self.line.get(self.at).is_some_and(|byte| (least..=b'~').contains(byte) && *byte != b'{') {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole(line: &[u8]) -> bool {
        crate::wire::scan::scan(line).is_ok()
    }

    /// Returns the objects of a line and all dropped bytes, or `None` if the line is rejected.
    fn found(line: &[u8]) -> Option<(Vec<&str>, Vec<u8>)> {
        assert!(!is_whole(line), "{}", line.escape_ascii());
        let damage = damage(line)?;
        let objects = damage.objects.iter().map(|object| std::str::from_utf8(object.line).expect("ASCII"));
        Some((objects.collect(), damage.dropped.concat()))
    }

    const A: &str = r#"{"type":"a"}"#;

    #[test]
    fn control_sequences_around_a_message_are_dropped() {
        let noises: [&[u8]; 20] = [
            b"\xef\xbb\xbf",
            b"\x1b[H",
            b"\x1b[2J\x1b[3J\x1b[H",
            b"\x1b[?2004h",
            b"\x1b[38;5;1m",
            b"\x1b[4 q",
            b"\x1b]0;a {\"title\"}\x07",
            b"\x1b]8;;http://x\x1b\\",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b(B",
            b"\x1b=",
            b"\x1b7",
            b"\x1b",
            b"\x1b[",
            b"\x1b]",
            b"\0\x08\x0b\x0c\x7f",
            b"\xc2\x9b2J",
            b"\xc2\x9d0;t\xc2\x9c",
            b"\xc2\x85",
            b"\r \t\r",
        ];
        for noise in noises {
            for line in [[noise, A.as_bytes()].concat(), [A.as_bytes(), noise, b"\x1b[m"].concat()] {
                // JSON allows some whitespace itself.
                if is_whole(&line) {
                    continue;
                }
                let dropped = line.len() - A.len();
                assert_eq!(found(&line).map(|(a, noise)| (a, noise.len())), Some((vec![A], dropped)), "{line:?}");
            }
            assert_eq!(found(noise), Some((vec![], noise.to_vec())), "{}", noise.escape_ascii());
        }
    }

    #[test]
    fn several_objects_on_one_line_are_several_messages() {
        let two = format!("{A}{A}");
        assert_eq!(found(two.as_bytes()), Some((vec![A, A], vec![])));
        let apart = format!("\x1b[H{A} \x1b[H {{}}\t{A}\x07");
        assert_eq!(found(apart.as_bytes()), Some((vec![A, "{}", A], b"\x1b[H \x1b[H \t\x07".to_vec())));
        assert_eq!(found(A.repeat(OBJECTS).as_bytes()).map(|(objects, _)| objects.len()), Some(OBJECTS));
        assert_eq!(found(A.repeat(OBJECTS + 1).as_bytes()), None);
    }

    #[test]
    fn text_before_a_message_is_dropped() {
        for text in ["[SandboxDebug] proxy ready ", "a", "\x1b[31mred\x1b[0m", " b [x] (y): ", "\x1b]0;open", "\u{e9}"]
        {
            let line = format!("{text}{A}\x1b[m");
            assert_eq!(found(line.as_bytes()), Some((vec![A], format!("{text}\x1b[m").into_bytes())), "{text:?}");
        }
    }

    #[test]
    fn a_result_behind_text_may_begin_with_any_key() {
        let result = r#"{"duration_api_ms":1,"type":"result"}"#;
        assert_eq!(found(format!("a {result}").as_bytes()), Some((vec![result], b"a ".to_vec())));
    }

    #[test]
    fn no_message_is_recovered_from_other_text() {
        for line in [
            "text".to_owned(),
            format!("a \"{A}"),
            format!("a '{A}'"),
            format!("a `{A}"),
            format!("a {{{A}"),
            format!("a }}{A}"),
            format!("a {A} b"),
            format!("a {A}{A}"),
            format!("{A} b"),
            format!("{A}b{A}"),
            format!("[{A}"),
            format!("{A}]"),
            format!("{A},{A}"),
            r#"a { "type":"a"}"#.to_owned(),
            r#"a {"uuid":"u","type":"a"}"#.to_owned(),
            r#"a {"type":"a""#.to_owned(),
        ] {
            // A bracket counts as text, and text is allowed before a message.
            let expected = line.starts_with("[{").then(|| (vec![A], b"[".to_vec()));
            assert_eq!(found(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn many_unterminated_escape_sequences_take_linear_time() {
        // The end of each is searched at most once. With a search for each, this would take minutes.
        let line = b"\x1b]".repeat(2_000_000);
        assert_eq!(damage(&line).map(|damage| damage.dropped.len()), Some(1));
    }
}
