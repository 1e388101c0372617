//! Wire format: reading the CLI's lines and writing this crate's lines. This layer knows neither sessions nor time.

pub(crate) mod control;
pub(crate) mod envelope;
pub(crate) mod facts;
pub(crate) mod fields;
pub(crate) mod from_json;
pub(crate) mod kind;
pub(crate) mod outgoing;
pub(crate) mod read;
pub(crate) mod rest;
pub(crate) mod scan;
#[cfg(any(test, fuzzing))]
pub(crate) mod slow;
pub(crate) mod text;
pub(crate) mod view;
pub(crate) mod words;

use serde::de::DeserializeOwned;

use crate::base::error::DecodeError;
use crate::base::strings::readable;

/// Decodes a line into `T`. If the text is not valid Unicode, the invalid parts are read as U+FFFD.
pub(crate) fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, DecodeError> {
    // A `str` is validated as a whole, instead of once for each of its strings.
    std::str::from_utf8(line)
        .map_or_else(|_| serde_json::from_slice(line), serde_json::from_str)
        .or_else(|_| serde_json::from_str(&readable(line)))
        .map_err(|error| DecodeError::other(error.to_string()))
}

#[cfg(feature = "testing")]
/// Reads a field as `None` if it is missing, null or of another type. A bad value in one field must not hide the others.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw: &serde_json::value::RawValue = serde::Deserialize::deserialize(deserializer)?;
    Ok(decode(raw.get().as_bytes()).ok())
}
