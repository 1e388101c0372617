//! How views and open enums are declared: `view!` and `words!`.
//!
//! The CLI changes with every release, so a view asks for as little as it can, keeps what it does not name, and lets no
//! field hide another. These rules stand here once, for messages, replies and asks.

use std::collections::BTreeMap;

use crate::error::DecodeError;
use crate::json::Json;
use crate::wire::decode;
use crate::wire::fields::Fields;

/// What can be read from a JSON value, with an error that says where in the value it is not as expected.
pub(crate) trait FromJson: Sized {
    fn from_json(json: &Json) -> Result<Self, DecodeError>;
}

/// Reads a view of a line; bad Unicode is read as U+FFFD.
pub(crate) fn view_of<T: View>(line: &[u8]) -> Result<T, DecodeError> {
    T::from_fields(decode(line)?)
}

/// What is read from the fields of an object.
pub(crate) trait View: Sized {
    fn from_fields(fields: Fields) -> Result<Self, DecodeError>;
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
    String: "a text",
    Fields: "an object",
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
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        let items: Vec<Json> = json.decode().map_err(|_| DecodeError::expected("a list"))?;
        let item = |(at, json): (usize, &Json)| T::from_json(json).map_err(|error| error.within(&at.to_string()));
        items.iter().enumerate().map(item).collect()
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(json: &Json) -> Result<Self, DecodeError> {
        let fields = Fields::from_json(json)?;
        let entry = |(name, json): (&str, &Json)| {
            let value = T::from_json(json).map_err(|error| error.within(name))?;
            Ok((name.to_owned(), value))
        };
        fields.iter().map(entry).collect()
    }
}

/// Declares what an object of the CLI says: the fields that must be there, and those that may be.
///
/// A field under `must` that is missing or of another type is an error that names it. One under `may` is an `Option`, and
/// of another type as good as none. All others are in `rest`. `name = "wireName": Type` names a field that is spelled
/// otherwise on the wire.
macro_rules! view {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $view:ident {
            $(must { $($(#[$must_meta:meta])* $must:ident $(= $must_wire:literal)?: $must_type:ty,)* })?
            $(may { $($(#[$may_meta:meta])* $may:ident $(= $may_wire:literal)?: $may_type:ty,)* })?
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        $vis struct $view {
            $($($(#[$must_meta])* pub $must: $must_type,)*)?
            $($($(#[$may_meta])* pub $may: Option<$may_type>,)*)?
            /// What this view does not name.
            pub rest: $crate::wire::fields::Fields,
        }

        impl $crate::wire::view::View for $view {
            #[allow(unused_mut, reason = "a view may name nothing")]
            fn from_fields(mut fields: $crate::wire::fields::Fields) -> Result<Self, $crate::DecodeError> {
                Ok(Self {
                    $($($must: fields.require($crate::wire::view::wire_name!($must $(= $must_wire)?))?,)*)?
                    $($($may: fields.optional($crate::wire::view::wire_name!($may $(= $may_wire)?)),)*)?
                    rest: fields,
                })
            }
        }

        impl $crate::wire::view::FromJson for $view {
            fn from_json(json: &$crate::Json) -> Result<Self, $crate::DecodeError> {
                $crate::wire::view::View::from_fields($crate::wire::view::FromJson::from_json(json)?)
            }
        }

        impl<'de> serde::Deserialize<'de> for $view {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let fields = serde::Deserialize::deserialize(deserializer)?;
                $crate::wire::view::View::from_fields(fields).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

/// Declares a set of words that may grow: an enum with a variant for each known word and one for all others.
macro_rules! words {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $words:ident { $($(#[$word_meta:meta])* $word:ident = $wire:literal,)+ }
    )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $words {
            $($(#[$word_meta])* $word,)+
            /// One that this version of the crate does not know.
            Other(Box<str>),
        }

        impl $words {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $wire,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $words {
            fn from(word: &str) -> Self {
                match word {
                    $($wire => Self::$word,)+
                    _ => Self::Other(word.into()),
                }
            }
        }

        impl std::fmt::Display for $words {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::wire::view::FromJson for $words {
            fn from_json(json: &$crate::Json) -> Result<Self, $crate::DecodeError> {
                json.decode().map_err(|_| $crate::DecodeError::expected("a text"))
            }
        }

        impl serde::Serialize for $words {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $words {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(&*word))
            }
        }
    )+};
}

macro_rules! wire_name {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident = $wire:literal) => {
        $wire
    };
}

pub(crate) use {view, wire_name, words};

#[cfg(test)]
#[expect(unreachable_pub, reason = "views are public")]
mod tests {
    use super::*;

    view! {
        /// A limit.
        pub struct Limit {
            must {
                /// How near it is.
                status: Status,
            }
            may {
                /// When it ends.
                resets_at = "resetsAt": u64,
                /// What is beneath.
                inner: Inner,
            }
        }

        /// A part.
        pub struct Inner {
            must {
                /// Texts.
                texts: Vec<String>,
            }
        }
    }

    words! {
        /// How near a limit is.
        pub enum Status {
            /// Far.
            Allowed = "allowed",
        }
    }

    fn limit(text: &str) -> Result<Limit, DecodeError> {
        view_of(text.as_bytes())
    }

    #[test]
    fn what_a_view_does_not_name_is_kept() {
        let limit = limit(r#"{"status":"new","new":{"a":1e400},"resetsAt":5}"#).unwrap();
        assert_eq!((limit.status.as_str(), limit.resets_at), ("new", Some(5)));
        assert_eq!(limit.rest.get("new"), Some(&Json::parse(r#"{"a":1e400}"#).unwrap()));
        assert_eq!(limit.rest.len(), 1);
    }

    #[test]
    fn only_what_must_be_there_can_fail_and_it_is_named() {
        assert!(limit(r#"{"status":"allowed","resetsAt":"soon","inner":{}}"#).is_ok());
        assert_eq!(limit("{}").unwrap_err().to_string(), "the field `status` is missing");
        assert_eq!(limit(r#"{"status":5}"#).unwrap_err().path(), "status");
        assert_eq!(limit("[]").unwrap_err().path(), "");
        let nested = Json::parse(r#"[{"texts":["a",{}]}]"#).unwrap();
        let error = Vec::<Inner>::from_json(&nested).unwrap_err();
        assert_eq!(error.to_string(), "the field `0.texts.1` is not a text");
    }

    #[test]
    fn bad_unicode_is_no_error() {
        assert_eq!(limit(r#"{"status":"\ud83d"}"#).unwrap().status.as_str(), "\u{fffd}");
        assert_eq!(view_of::<Limit>(b"{\"status\":\"\xff\"}").unwrap().status.as_str(), "\u{fffd}");
    }
}
