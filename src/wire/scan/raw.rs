//! Values of a line that [`scan`](super::scan) accepted as JSON, read in place.
//!
//! Only requested values are copied. The cost of a line therefore does not depend on the length of its lists and strings.

use super::{Scanner, Text as Place};
use crate::wire::text::Text;

/// A value, without the whitespace around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'l>(&'l [u8]);

impl<'l> Raw<'l> {
    /// Creates the value of a line that is valid JSON.
    pub(crate) fn line(line: &'l [u8]) -> Self {
        Self(line.trim_ascii())
    }

    /// Returns the JSON text of the value.
    pub(crate) fn as_bytes(self) -> &'l [u8] {
        self.0
    }

    /// Returns the members of an object, and nothing for any other value.
    pub(crate) fn members(self) -> impl Iterator<Item = (Text<'l>, Raw<'l>)> {
        let mut rest = Rest::of(self.0, b'{');
        std::iter::from_fn(move || rest.member())
    }

    /// Returns the incomplete member at the end of a truncated object, with the part of the value that is there. Returns
    /// `None` for a complete object.
    pub(crate) fn cut(self) -> Option<(Text<'l>, Raw<'l>)> {
        let mut rest = Rest::of(self.0, b'{');
        loop {
            let at = rest.next()?;
            let (at, Place { start, end, .. }) = rest.scanner.member(at)?;
            if rest.value(at).is_none() {
                let (start_of_value, _) = rest.scanner.token(at)?;
                return Some((Text::between_quotes(&self.0[start..end]), Raw(&self.0[start_of_value..])));
            }
        }
    }

    /// Returns the value of the last member with a name, which is the one that counts.
    pub(crate) fn get(self, name: &str) -> Option<Raw<'l>> {
        self.members().filter(|(key, _)| key.is(name)).map(|(_, value)| value).last()
    }

    /// Returns the string in the last member with a name, if that is a string.
    pub(crate) fn text_of(self, name: &str) -> Option<Text<'l>> {
        self.get(name)?.text()
    }

    /// Returns `true` if the value is a list.
    pub(crate) fn is_list(self) -> bool {
        self.0.first() == Some(&b'[')
    }

    /// Returns the items of a list, and nothing for any other value.
    pub(crate) fn items(self) -> impl Iterator<Item = Raw<'l>> {
        let mut rest = Rest::of(self.0, b'[');
        std::iter::from_fn(move || rest.item())
    }

    /// Returns the JSON text of a list after its first `count` items.
    pub(crate) fn behind(self, count: usize) -> &'l [u8] {
        let mut rest = Rest::of(self.0, b'[');
        let all_read = (0..count).try_for_each(|_| rest.item().map(drop));
        match all_read.and_then(|()| rest.next()) {
            Some(at) => self.0[at..self.0.len() - 1].trim_ascii(),
            None => b"",
        }
    }

    /// Returns the value as a string, if it is one.
    pub(crate) fn text(self) -> Option<Text<'l>> {
        Some(Text::between_quotes(self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?))
    }

    /// Returns the value as a boolean, if it is one.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self.0 {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// Returns the value as a number, if it is a non-negative integer.
    pub(crate) fn number(self) -> Option<u64> {
        std::str::from_utf8(self.0).ok()?.parse().ok()
    }
}

/// Unread part of an object or a list.
struct Rest<'l> {
    scanner: Scanner<'l>,
    /// Position after the opening bracket or the last value. `None` at the end.
    at: Option<usize>,
}

impl<'l> Rest<'l> {
    fn of(value: &'l [u8], opening: u8) -> Self {
        let at = (value.first() == Some(&opening)).then_some(1);
        Self { scanner: Scanner { line: value }, at }
    }

    /// Returns the position of the next member or item.
    fn next(&mut self) -> Option<usize> {
        let (at, token) = self.scanner.token(self.at.take()?)?;
        match token {
            b'}' | b']' => None,
            b',' => Some(at + 1),
            _ => Some(at),
        }
    }

    fn value(&mut self, at: usize) -> Option<Raw<'l>> {
        let (start, _) = self.scanner.token(at)?;
        let end = self.scanner.value(start)?;
        self.at = Some(end);
        Some(Raw(&self.scanner.line[start..end]))
    }

    fn member(&mut self) -> Option<(Text<'l>, Raw<'l>)> {
        let at = self.next()?;
        let (at, Place { start, end, .. }) = self.scanner.member(at)?;
        Some((Text::between_quotes(&self.scanner.line[start..end]), self.value(at)?))
    }

    fn item(&mut self) -> Option<Raw<'l>> {
        let at = self.next()?;
        self.value(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Raw<'_> {
        assert!(Scanner { line: line.as_bytes() }.whole().is_some(), "{line}");
        Raw::line(line.as_bytes())
    }

    #[test]
    fn members_and_items_are_read_in_order() {
        let line = read(" { \"a\" : [ 1 , {\"b\":[]},\"]\" ] ,\"c\\u0022\":{} , \"a\":true,\"d\":[],\"e\":[ ]} ");
        let members: Vec<_> = line.members().map(|(key, value)| (key.decoded(), value.as_bytes())).collect();
        let expected: [(&str, &[u8]); 5] =
            [("a", b"[ 1 , {\"b\":[]},\"]\" ]"), ("c\"", b"{}"), ("a", b"true"), ("d", b"[]"), ("e", b"[ ]")];
        assert_eq!(members, expected.map(|(key, value)| (key.into(), value)));
        let (_, list) = line.members().next().unwrap();
        let items: Vec<_> = list.items().map(Raw::as_bytes).collect();
        assert_eq!(items, [&b"1"[..], b"{\"b\":[]}", b"\"]\""]);
        let behind = [0, 1, 2, 3, 4].map(|count| list.behind(count));
        assert_eq!(behind, [&b"1 , {\"b\":[]},\"]\""[..], b"{\"b\":[]},\"]\"", b"\"]\"", b"", b""]);
        // The last of two equal keys counts, and only lists have items.
        assert_eq!(line.get("a").and_then(Raw::boolean), Some(true));
        assert_eq!(line.items().count() + line.get("d").unwrap().items().count(), 0);
        assert_eq!(list.members().count(), 0);
    }

    #[test]
    fn truncated_json_is_read_up_to_its_end() {
        let line = r#"{"a":1,"b":{"c":"d","e":[{"f":"#;
        let shown = |(key, value): (Text<'_>, Raw<'_>)| (key.decoded().into_owned(), value.as_bytes().to_vec());
        let cut = Raw::line(line.as_bytes()).cut();
        assert_eq!(cut.map(shown).unwrap(), ("b".into(), br#"{"c":"d","e":[{"f":"#.to_vec()));
        let inner = cut.unwrap().1;
        assert!(inner.text_of("c").unwrap().is("d"));
        assert_eq!(inner.cut().map(shown).unwrap(), ("e".into(), br#"[{"f":"#.to_vec()));
        for end in 0..line.len() {
            let cut = Raw::line(&line.as_bytes()[..end]).cut();
            assert_eq!(cut.is_some(), end > 11, "{}: {cut:?}", &line[..end]);
        }
        assert!(read(r#"{"a":1}"#).cut().is_none() && read("[1]").cut().is_none());
    }

    #[test]
    fn strings_decode_as_in_serde_json() {
        for written in
            ["", "a", r#"\"\\\/\b\f\n\r\t"#, r"\u00e9\ud83e\udd80", "\u{1f980}\u{7f}", r"\\ud83d", r"a\u0000b"]
        {
            let quoted = format!("\"{written}\"");
            let expected: String = serde_json::from_str(&quoted).unwrap();
            let text = read(&quoted).text().unwrap();
            assert_eq!(text.decoded(), expected);
            assert!(text.is(&expected) && !text.is("other"));
        }
    }
}
