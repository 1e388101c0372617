//! The macro `sent!`, which declares objects that this crate sends. Its counterpart for received objects is `view!`.
//!
//! A field that is not set is left out, never null. In some requests null has a meaning of its own, and old versions of the
//! CLI refuse it in others. Fields that the type does not name can be added, and are kept when an object is read back.

use std::fmt;

use serde::Serialize;

use crate::base::json::Json;
use crate::wire::fields::Fields;
use crate::wire::view::{Present, ViewPart};

/// Writes the short form of a request, without its absent fields.
pub(crate) fn show(
    request: &str,
    names: &[&str],
    parts: &[&dyn ViewPart],
    unknown_fields: &Fields,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut shown = f.debug_struct(request);
    for (name, part) in names.iter().zip(parts).filter(|(_, part)| !part.is_absent()) {
        shown.field(name, &Present(*part));
    }
    for (name, value) in unknown_fields.iter() {
        shown.field(name, value);
    }
    shown.finish()
}

/// Appends a field to the others.
pub(crate) fn put(fields: &mut Vec<(String, Json)>, name: &str, value: &impl Serialize) {
    // Cannot fail: values are strings, numbers, lists, and maps with string keys.
    if let Ok(value) = Json::from_value(value) {
        fields.push((name.to_owned(), value));
    }
}

/// Returns the named fields, followed by those of `rest` that have other names.
pub(crate) fn with_unknown_fields(mut named: Vec<(String, Json)>, rest: &Fields) -> Fields {
    let count = named.len();
    for (name, value) in rest.iter() {
        if !named[..count].iter().any(|(own, _)| own == name) {
            named.push((name.to_owned(), value.clone()));
        }
    }
    named.into_iter().collect()
}

/// Declares an object that this crate sends. With `as "subtype" -> Response` it is also a request.
///
/// `must` fields are always written. The others are written if set, each by a method with the name of the field. `may`
/// methods take the value, `into` methods a value that converts to it, and `list` methods an iterator.
macro_rules! sent {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(as $subtype:literal -> $reply:ty)? {
            $(must { $($(#[$must_meta:meta])* $must:ident $(= $must_wire:literal)?: $must_type:ty,)* })?
            $(may { $($(#[$may_meta:meta])* $may:ident $(= $may_wire:literal)?: $may_type:ty,)* })?
            $(into { $($(#[$into_meta:meta])* $into:ident $(= $into_wire:literal)?: $into_type:ty,)* })?
            $(list { $($(#[$list_meta:meta])* $list:ident $(= $list_wire:literal)?: $list_type:ty,)* })?
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        $vis struct $name {
            $($($(#[$must_meta])* pub $must: $must_type,)*)?
            $($($(#[$may_meta])* pub $may: Option<$may_type>,)*)?
            $($($(#[$into_meta])* pub $into: Option<$into_type>,)*)?
            $($($(#[$list_meta])* pub $list: Option<Vec<$list_type>>,)*)?
            /// Fields that this type does not name.
            pub unknown_fields: $crate::wire::fields::Fields,
        }

        impl $name {
            #[allow(dead_code, clippy::too_many_arguments, reason = "one for each field that must be there")]
            pub(crate) fn bare($($($must: $must_type,)*)?) -> Self {
                Self {
                    $($($must,)*)?
                    $($($may: None,)*)?
                    $($($into: None,)*)?
                    $($($list: None,)*)?
                    unknown_fields: $crate::wire::fields::Fields::default(),
                }
            }

            $($($(#[$may_meta])*
            #[must_use]
            pub fn $may(mut self, $may: $may_type) -> Self {
                self.$may = Some($may);
                self
            })*)?

            $($($(#[$into_meta])*
            #[must_use]
            pub fn $into(mut self, $into: impl Into<$into_type>) -> Self {
                self.$into = Some($into.into());
                self
            })*)?

            $($($(#[$list_meta])*
            #[must_use]
            pub fn $list(mut self, $list: impl IntoIterator<Item = impl Into<$list_type>>) -> Self {
                self.$list = Some($list.into_iter().map(Into::into).collect());
                self
            })*)?

            /// Adds a field that this type does not name, or replaces it.
            #[must_use]
            pub fn field(mut self, name: impl Into<String>, value: impl Into<$crate::base::json::Json>) -> Self {
                self.unknown_fields.set(name.into(), value.into());
                self
            }

            /// Reads an object. A field that is null or has the wrong type stays in `unknown_fields`, so that it is written
            /// back unchanged.
            #[allow(unused_mut, reason = "it may name nothing")]
            fn of_fields(mut fields: $crate::wire::fields::Fields) -> Result<Self, $crate::base::error::DecodeError> {
                $(fields.expect_word("subtype", $subtype)?;)?
                Ok(Self {
                    $($($must: fields.require($crate::wire::view::wire_name!($must $(= $must_wire)?))?,)*)?
                    $($($may: fields.present($crate::wire::view::wire_name!($may $(= $may_wire)?)),)*)?
                    $($($into: fields.present($crate::wire::view::wire_name!($into $(= $into_wire)?)),)*)?
                    $($($list: fields.present($crate::wire::view::wire_name!($list $(= $list_wire)?)),)*)?
                    unknown_fields: fields,
                })
            }

            fn to_fields(&self) -> $crate::wire::fields::Fields {
                #[allow(unused_mut, reason = "it may name nothing")]
                let mut named = Vec::new();
                $($($crate::outgoing::request::sent::put(
                    &mut named, $crate::wire::view::wire_name!($must $(= $must_wire)?), &self.$must,
                );)*)?
                $($(if let Some(value) = &self.$may {
                    $crate::outgoing::request::sent::put(&mut named, $crate::wire::view::wire_name!($may $(= $may_wire)?), value);
                })*)?
                $($(if let Some(value) = &self.$into {
                    $crate::outgoing::request::sent::put(&mut named, $crate::wire::view::wire_name!($into $(= $into_wire)?), value);
                })*)?
                $($(if let Some(value) = &self.$list {
                    $crate::outgoing::request::sent::put(&mut named, $crate::wire::view::wire_name!($list $(= $list_wire)?), value);
                })*)?
                $crate::outgoing::request::sent::with_unknown_fields(named, &self.unknown_fields)
            }
        }

        #[cfg(any(test, fuzzing))]
        impl $crate::wire::slow::Slow for $name {
            fn slow(json: &$crate::base::json::Json) -> Result<Self, $crate::base::error::DecodeError> {
                $crate::wire::view::FromJson::from_json(json)
            }
        }

        impl $crate::wire::view::ViewPart for $name {}

        impl $crate::wire::view::FromJson for $name {
            fn read(reader: &mut $crate::wire::read::Reader<'_>) -> Result<Self, $crate::base::error::DecodeError> {
                Self::of_fields(reader.fields($crate::wire::read::Tags::NONE)?)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                // `Debug` of each field type: a type that contains secrets hides them.
                let names = &[
                    $($(stringify!($must),)*)? $($(stringify!($may),)*)?
                    $($(stringify!($into),)*)? $($(stringify!($list),)*)?
                ];
                let parts: &[&dyn $crate::wire::view::ViewPart] = &[
                    $($(&self.$must,)*)? $($(&self.$may,)*)? $($(&self.$into,)*)? $($(&self.$list,)*)?
                ];
                $crate::outgoing::request::sent::show(stringify!($name), names, parts, &self.unknown_fields, f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&self.to_fields(), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let fields = serde::Deserialize::deserialize(deserializer)?;
                Self::of_fields(fields).map_err(serde::de::Error::custom)
            }
        }

        $(impl $crate::outgoing::request::TypedRequest for $name {
            const SUBTYPE: &'static str = $subtype;
            type Response = $reply;

            fn fields(&self) -> $crate::wire::fields::Fields {
                self.to_fields()
            }

            fn read(payload: &$crate::base::json::Json) -> Result<Self::Response, $crate::base::error::DecodeError> {
                $crate::wire::view::FromJson::from_json(payload)
            }

            fn unknown_names(reply: &Self::Response) -> Vec<String> {
                let mut found = Vec::new();
                $crate::wire::view::ViewPart::unknown_names(reply, "", &mut found);
                found
            }
        })?
    )+};
}

/// Implements `new` and `Default` for types without `must` fields.
macro_rules! bare {
    ($($name:ident,)+) => {$(
        impl $name {
            /// Creates a value without any field.
            #[must_use]
            pub fn new() -> Self {
                Self::bare()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::bare()
            }
        }
    )+};
}

pub(crate) use {bare, sent};

#[cfg(test)]
#[expect(unreachable_pub, reason = "what is sent is public")]
mod tests {
    use crate::base::json::Json;
    use crate::wire::view::{FromJson, words};

    sent! {
        /// A part of a test object.
        pub struct Part {
            must {
                /// Null is a valid value here.
                mode: Option<Mode>,
            }
            may {
                /// A number on the wire.
                time_limit = "timeLimit": u64,
                /// Null is a valid value here too.
                display: Option<u64>,
            }
            into {
                /// A string on the wire.
                name: String,
            }
            list {
                /// A list of strings.
                tools: String,
            }
        }
    }

    words! {
        /// Mode of the test object.
        pub enum Mode {
            /// Only known mode.
            One = "one",
        }
    }

    fn again(text: &str) -> String {
        let part = Part::from_json(&Json::parse(text).unwrap()).unwrap();
        serde_json::to_string(&part).unwrap()
    }

    #[test]
    fn unset_fields_are_omitted() {
        assert_eq!(serde_json::to_string(&Part::bare(None)).unwrap(), r#"{"mode":null}"#);
        let part = Part::bare(Some(Mode::One)).time_limit(5).display(None).name("n").tools(["a", "b"]);
        let text = r#"{"mode":"one","timeLimit":5,"display":null,"name":"n","tools":["a","b"]}"#;
        assert_eq!(serde_json::to_string(&part).unwrap(), text);
        assert_eq!(serde_json::from_str::<Part>(text).unwrap(), part);
    }

    #[test]
    fn a_request_survives_a_round_trip() {
        for text in [
            r#"{"mode":"new","timeLimit":5,"new":{"a":[1e400]}}"#,
            r#"{"mode":null,"name":null,"timeLimit":"soon","tools":"all"}"#,
        ] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn a_typed_field_wins_over_an_extra_field_of_that_name() {
        let part = Part::bare(None).field("name", Json::from_text("unknown_fields")).name("own");
        assert_eq!(serde_json::to_string(&part).unwrap(), r#"{"mode":null,"name":"own"}"#);
        let part = Part::bare(None).field("new", Json::from_text("a")).field("new", Json::from_text("b"));
        assert_eq!(serde_json::to_string(&part).unwrap(), r#"{"mode":null,"new":"b"}"#);
    }

    #[test]
    fn a_missing_required_field_is_an_error() {
        let error = Part::from_json(&Json::parse("{}").unwrap()).unwrap_err();
        assert_eq!(error.path(), "mode");
    }
}
