//! Reading of typed values from JSON, with errors that name the path of the bad value.

use std::fmt;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::{Quoted, truncated_list};
use crate::wire::read::{Reader, read_with};

/// A type that can be read from a JSON value, with an error that names the path of the bad part.
pub(crate) trait FromJson: ViewPart + Sized {
    /// Reads the next value. Afterwards the reader is after this value, whether reading succeeded or not.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        read(json.as_str())
    }
}

/// Operations that are the same for all values in views.
///
/// The methods are called through `dyn`, because a copy of their callers for each view would make the crate slower to compile.
pub(crate) trait ViewPart: fmt::Debug {
    /// Appends the paths of all fields and words that this version of the crate does not name. `at` is the path of the
    /// value.
    fn unknown_names(&self, _at: &str, _found: &mut Vec<String>) {}

    /// Writes a short form of the value, regardless of its length.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }

    /// Writes the short form of a value that is present, without `Some`.
    fn show_present(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f)
    }

    /// Returns `true` for `None`.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Reads a value from a JSON text. Lone surrogates are read as U+FFFD.
pub(crate) fn read<T: FromJson>(text: &str) -> Result<T, DecodeError> {
    read_with(text, T::read)
}

/// A part of a view in the form that `Debug` shows.
pub(crate) struct Shown<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: ViewPart + ?Sized> fmt::Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

/// Returns the path of a field in the value at path `at`.
pub(crate) fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

macro_rules! scalars {
    ($($scalar:ty: $what:literal by $parse:expr,)+) => {$(
        impl ViewPart for $scalar {}

        impl FromJson for $scalar {
            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let scalar = reader.scalar();
                if scalar.is_none() {
                    reader.skip();
                }
                let read = scalar.and_then(|scalar| $parse(scalar).ok());
                read.ok_or_else(|| DecodeError::expected($what))
            }
        }
    )+};
}

// `str::parse` is enough for booleans and non-negative integers: Rust and JSON write them alike.
scalars! {
    bool: "a boolean" by str::parse,
    u64: "a non-negative integer" by str::parse,
    i64: "an integer" by serde_json::from_str,
    f64: "a number" by serde_json::from_str,
}

impl FromJson for String {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.owned().ok_or_else(|| {
            reader.skip();
            DecodeError::expected("a string")
        })
    }
}

impl ViewPart for String {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Quoted(self), f)
    }
}

impl ViewPart for Json {}

impl FromJson for Json {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(reader.json())
    }

    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        Ok(json.clone())
    }
}

/// Reads `null` as `None`.
impl<T: FromJson> FromJson for Option<T> {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.first() {
            b'n' => {
                reader.scalar();
                Ok(None)
            }
            _ => T::read(reader).map(Some),
        }
    }
}

impl<T: ViewPart> ViewPart for Option<T> {
    fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
        if let Some(value) = self {
            value.unknown_names(at, found);
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref().map(Shown), f)
    }

    fn show_present(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |value| value.show(f))
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// Boxes large fields of large types, because most objects lack these fields.
impl<T: FromJson> FromJson for Box<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::read(reader).map(Self::new)
    }
}

impl<T: ViewPart> ViewPart for Box<T> {
    fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
        (**self).unknown_names(at, found);
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).show(f)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.list()?;
        let mut items = Self::new();
        while reader.item() {
            match T::read(reader) {
                Ok(item) => reader.push(&mut items, item),
                Err(error) => {
                    while reader.item() {
                        reader.skip();
                    }
                    return Err(error.within(&items.len().to_string()));
                }
            }
        }
        reader.within_memory()?;
        Ok(items)
    }
}

impl<T: ViewPart> ViewPart for Vec<T> {
    fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
        self.iter().for_each(|item| item.unknown_names(&format!("{at}[]"), found));
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated_list(f, self.iter().map(Shown))
    }
}
