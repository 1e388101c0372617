//! Values that are read from JSON, with errors that say where.

use std::fmt;

use crate::error::DecodeError;
use crate::json::Json;
use crate::text::{Quoted, few};

/// What can be read from a JSON value, with an error that says where in the value it is not as expected.
pub(crate) trait FromJson: Sized + fmt::Debug {
    fn from_json(json: &Json) -> Result<Self, DecodeError>;

    /// Adds to `found` what in it, which stands at `at`, has no name in this version of the crate.
    fn unnamed(&self, _at: &str, _found: &mut Vec<String>) {}

    /// Shows it in a few words, however long it is.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A part of a view as its `Debug` shows it.
pub(crate) struct Shown<'a, T>(pub(crate) &'a T);

impl<T: FromJson> fmt::Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

/// The path of a field of what stands at `at`.
pub(crate) fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

macro_rules! plain {
    ($($plain:ty: $what:literal,)+) => {$(
        impl FromJson for $plain {
            fn from_json(json: &Json) -> Result<Self, DecodeError> {
                json.decode().map_err(|_| DecodeError::expected($what))
            }
        }
    )+};
}

plain! {
    bool: "true or false",
    u64: "a whole number, not negative",
    i64: "a whole number",
    f64: "a number",
}

impl FromJson for String {
    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        json.decode().map_err(|_| DecodeError::expected("a text"))
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Quoted(self), f)
    }
}

impl FromJson for Json {
    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        Ok(json.clone())
    }
}

/// `null` is none.
impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        match json.as_str() {
            "null" => Ok(None),
            _ => T::from_json(json).map(Some),
        }
    }

    fn unnamed(&self, at: &str, found: &mut Vec<String>) {
        if let Some(value) = self {
            value.unnamed(at, found);
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref().map(Shown), f)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        let items: Vec<Json> = json.decode().map_err(|_| DecodeError::expected("a list"))?;
        let item = |(at, json): (usize, &Json)| T::from_json(json).map_err(|error| error.within(&at.to_string()));
        items.iter().enumerate().map(item).collect()
    }

    fn unnamed(&self, at: &str, found: &mut Vec<String>) {
        self.iter().for_each(|item| item.unnamed(&format!("{at}[]"), found));
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        few(f, self.iter().map(Shown))
    }
}
