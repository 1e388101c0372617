//! JSON values as text: checked once, on one line, with their original spelling.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::error::JsonError;
use crate::base::lex::{compact, next_blank};
use crate::base::strings::{Text, readable};

/// A JSON value as compact text. Clones share the text.
///
/// The text contains neither raw newlines nor whitespace between tokens. Therefore it cannot add a second line to the CLI's
/// input. Numbers and the order of keys keep their original spelling.
///
/// ```
/// use claude_duplex::Json;
///
/// let json = Json::parse("{ \"limit\" : 1e400,\n \"a\": [] }").unwrap();
/// assert_eq!(json.as_str(), r#"{"limit":1e400,"a":[]}"#);
/// ```
#[derive(Clone)]
pub struct Json(Arc<str>);

impl Json {
    /// Parses a JSON value. Whitespace between tokens is removed.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not exactly one JSON value.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let raw: &RawValue = serde_json::from_str(text).map_err(JsonError)?;
        Ok(Self::compacted(raw))
    }

    /// Serializes a value.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be serialized as JSON, e.g. a map whose keys are not strings.
    pub fn from_value(value: &impl Serialize) -> Result<Self, JsonError> {
        Self::parse(&serde_json::to_string(value).map_err(JsonError)?)
    }

    /// Creates a JSON string from a text.
    #[must_use]
    pub fn from_text(text: impl AsRef<str>) -> Self {
        // Cannot fail: any text can be serialized.
        serde_json::to_string(text.as_ref()).map_or_else(|_| Self::null(), |text| Self(text.into()))
    }

    /// Returns the JSON text of the value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the decoded string if the value is a string. It is borrowed if it contains no escapes, like base64. Escapes
    /// of lone surrogates are read as U+FFFD.
    ///
    /// ```
    /// use std::borrow::Cow;
    ///
    /// use claude_duplex::Json;
    ///
    /// let plain = Json::parse(r#""iVBORw0KGgo=""#)?;
    /// assert!(matches!(plain.text(), Some(Cow::Borrowed("iVBORw0KGgo="))));
    /// assert_eq!(Json::parse(r#""a\nb""#)?.text().unwrap(), "a\nb");
    /// assert_eq!(Json::parse("[]")?.text(), None);
    /// # Ok::<(), claude_duplex::JsonError>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let written = self.as_str().strip_prefix('"')?.strip_suffix('"')?;
        Some(Text::new(written, written.contains('\\')).cow())
    }

    /// Decodes the value into `T`. Escapes of lone surrogates are read as U+FFFD.
    ///
    /// # Errors
    ///
    /// Returns an error if the value does not have the form of `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        let text = self.as_str();
        serde_json::from_str(text).or_else(|_| serde_json::from_str(&readable(text.as_bytes()))).map_err(JsonError)
    }

    pub(crate) fn is_object(&self) -> bool {
        self.as_str().starts_with('{')
    }

    /// Creates a value from a part of a line that is valid JSON. Invalid UTF-8 is read as U+FFFD.
    pub(crate) fn from_line(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        Self::of_checked(&text, is_compact(&text))
    }

    /// Creates a value without whitespace between its tokens.
    pub(crate) fn compacted(raw: &RawValue) -> Self {
        Self::of_checked(raw.get(), is_compact(raw.get()))
    }

    /// Creates a value from text that is valid JSON. Removes whitespace between its tokens unless `is_compact`.
    pub(crate) fn of_checked(text: &str, is_compact: bool) -> Self {
        if is_compact { Self(text.into()) } else { Self(compact(text).into()) }
    }

    fn null() -> Self {
        Self("null".into())
    }
}

fn is_compact(text: &str) -> bool {
    next_blank(text.as_bytes(), 0).is_none()
}

impl From<Box<RawValue>> for Json {
    fn from(raw: Box<RawValue>) -> Self {
        Self::compacted(&raw)
    }
}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.as_str()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::base::text::Cut(self.as_str().as_bytes()).fmt(f)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self::from(&value)
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        Self::of_checked(&value.to_string(), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_inside_strings_are_kept() {
        let json = Json::parse("[ \"a \\\" b\\\\\" ,\r\n\t{ \"k\" : 1 } ]").unwrap();
        assert_eq!(json.as_str(), "[\"a \\\" b\\\\\",{\"k\":1}]");
        let raw = RawValue::from_string("[1, \"a b\"]".into()).unwrap();
        assert_eq!(Json::from(raw).as_str(), "[1,\"a b\"]");
        assert_eq!(Json::from_line(b"[ 1, \"a \xff\" ]").as_str(), "[1,\"a \u{fffd}\"]");
        let compact = "{\"a\":\"b c\\\" d\"}";
        assert_eq!(Json::from(RawValue::from_string(compact.into()).unwrap()).as_str(), compact);
    }

    #[test]
    fn text_that_is_not_one_json_value_is_refused() {
        for bad in ["", "{", "1 2", "{\"a\":1}\n{\"b\":2}", "nul"] {
            assert!(Json::parse(bad).is_err(), "{bad}");
        }
    }
}
