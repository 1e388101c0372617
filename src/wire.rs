//! The lines themselves: what one says, and how ours are written. Knows nothing of sessions or time.

pub(crate) mod control;
pub(crate) mod envelope;
pub(crate) mod facts;
pub(crate) mod fields;
mod from_json;
pub(crate) mod kind;
pub(crate) mod outgoing;
pub(crate) mod read;
pub(crate) mod scan;
#[cfg(any(test, fuzzing))]
pub(crate) mod slow;
pub(crate) mod view;
pub(crate) mod words;

use serde::de::DeserializeOwned;

use crate::base::error::DecodeError;
use crate::base::strings::readable;

/// Decodes a line into `T`; where its text is no good Unicode, what is bad is read as U+FFFD.
pub(crate) fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, DecodeError> {
    // As text the whole line is checked at once, and its strings not one by one.
    std::str::from_utf8(line)
        .map_or_else(|_| serde_json::from_slice(line), serde_json::from_str)
        .or_else(|_| serde_json::from_str(&readable(line)))
        .map_err(|error| DecodeError::other(error.to_string()))
}

#[cfg(feature = "testing")]
/// A field that is left out, null, or of another type than it should be, is `None`: what one field says must not hide
/// what the others say.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw: &serde_json::value::RawValue = serde::Deserialize::deserialize(deserializer)?;
    Ok(decode(raw.get().as_bytes()).ok())
}
