//! The macros `view!` and `tagged!`, which declare views of JSON objects.
//!
//! The CLI changes with every release. Therefore a view requires as few fields as possible, keeps fields that it does not
//! name, and lets no field hide another. Messages, responses and incoming requests share these rules.

use std::fmt;

use crate::base::error::DecodeError;
use crate::wire::fields::Fields;
use crate::wire::read::{Reader, Tags, read_line};

pub(crate) use crate::wire::from_json::{FromJson, ViewPart, below};

/// A type that is read from the fields of an object.
pub(crate) trait View: FromJson {
    /// Reads the next object, without the fields that selected the view. Afterwards the reader is after the object.
    fn read_fields(reader: &mut Reader<'_>, tags: Tags) -> Result<Self, DecodeError>;
}

impl<T: View> View for Box<T> {
    fn read_fields(reader: &mut Reader<'_>, tags: Tags) -> Result<Self, DecodeError> {
        T::read_fields(reader, tags).map(Self::new)
    }
}

/// Reads a view of a line, without the fields that selected the view. Invalid UTF-8 is read as U+FFFD.
pub(crate) fn view_of<T: View>(line: &[u8], tags: Tags) -> Result<T, DecodeError> {
    read_line(line, |reader| T::read_fields(reader, tags))
}

/// Names of a field of a view.
pub(crate) struct FieldName {
    /// Name of the field in the view.
    pub(crate) name: &'static str,
    /// Name of the field in the JSON object.
    pub(crate) wire: &'static str,
}

/// Appends the paths of unknown names: those in the fields of a view, and those of its unknown fields.
pub(crate) fn unknown_names(
    names: &[FieldName],
    parts: &[&dyn ViewPart],
    unknown_fields: &Fields,
    at: &str,
    found: &mut Vec<String>,
) {
    for (FieldName { wire, .. }, part) in names.iter().zip(parts) {
        part.unknown_names(&below(at, wire), found);
    }
    found.extend(unknown_fields.iter().map(|(name, _)| below(at, name)));
}

/// A present field of a view in the form that `Debug` shows.
pub(crate) struct Present<'v>(pub(crate) &'v dyn ViewPart);

impl fmt::Debug for Present<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show_present(f)
    }
}

/// Writes the short form of a view, without its absent fields.
pub(crate) fn show(
    view: &str,
    names: &[FieldName],
    parts: &[&dyn ViewPart],
    unknown_fields: &Fields,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut shown = f.debug_struct(view);
    for (FieldName { name, .. }, part) in names.iter().zip(parts).filter(|(_, part)| !part.is_absent()) {
        shown.field(name, &Present(*part));
    }
    if !unknown_fields.is_empty() {
        shown.field("unknown_fields", unknown_fields);
    }
    shown.finish()
}

/// Declares the fields of an object of the CLI, required and optional ones.
///
/// * `must`: a missing field, or one of another type, is an error with the name of the field.
/// * `may`: the field is an `Option`, and `None` if it has another type.
/// * `or_default`: the field is empty, `false` or zero if it is missing or has another type.
///
/// All other fields are in `unknown_fields`. `name = "wireName": Type` declares a field with another name on the wire. The
/// `Debug` output is short, regardless of the length of the content, and leaves out missing fields.
macro_rules! view {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $view:ident {
            $(must { $($(#[$must_meta:meta])* $must:ident $(= $must_wire:literal)?: $must_type:ty,)* })?
            $(may { $($(#[$may_meta:meta])* $may:ident $(= $may_wire:literal)?: $may_type:ty,)* })?
            $(or_default { $($(#[$or_meta:meta])* $or:ident $(= $or_wire:literal)?: $or_type:ty,)* })?
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        $vis struct $view {
            $($($(#[$must_meta])* pub $must: $must_type,)*)?
            $($($(#[$may_meta])* pub $may: Option<$may_type>,)*)?
            $($($(#[$or_meta])* pub $or: $or_type,)*)?
            /// Fields that this view does not name.
            pub unknown_fields: $crate::wire::fields::Fields,
        }

        impl $crate::wire::view::View for $view {
            fn read_fields(
                reader: &mut $crate::wire::read::Reader<'_>,
                tags: $crate::wire::read::Tags,
            ) -> Result<Self, $crate::base::error::DecodeError> {
                let mut members = reader.object(tags)?;
                let mut rest = $crate::wire::rest::Rest::default();
                $($(let mut $must = None;)*)?
                $($(let mut $may = None;)*)?
                $($(let mut $or = None;)*)?
                while let Some(name) = reader.member(&mut members) {
                    match &*name {
                        $($($crate::wire::view::wire_name!($must $(= $must_wire)?) => reader.must(&mut $must),)*)?
                        $($($crate::wire::view::wire_name!($may $(= $may_wire)?) => reader.may($crate::wire::view::wire_name!($may $(= $may_wire)?), &mut $may, &mut rest),)*)?
                        $($($crate::wire::view::wire_name!($or $(= $or_wire)?) => reader.may($crate::wire::view::wire_name!($or $(= $or_wire)?), &mut $or, &mut rest),)*)?
                        name => reader.other(name, &members, &mut rest),
                    }
                }
                Ok(Self {
                    $($($must: $crate::wire::read::required($must, $crate::wire::view::wire_name!($must $(= $must_wire)?))?,)*)?
                    $($($may,)*)?
                    $($($or: $or.unwrap_or_default(),)*)?
                    unknown_fields: rest.finish(reader)?,
                })
            }
        }

        #[allow(dead_code, reason = "few are made here")]
        impl $view {
            /// Creates a view with the required fields, and no others.
            #[allow(clippy::too_many_arguments, reason = "as many as are required")]
            pub(crate) fn with_required($($($must: $must_type),*)?) -> Self {
                Self {
                    $($($must,)*)?
                    $($($may: None,)*)?
                    $($($or: Default::default(),)*)?
                    unknown_fields: $crate::wire::fields::Fields::default(),
                }
            }
        }

        #[cfg(any(test, fuzzing))]
        impl $crate::wire::slow::SlowView for $view {
            #[allow(unused_variables, reason = "a view may name nothing")]
            fn slow_fields(fields: &mut $crate::wire::slow::SlowFields) -> Result<Self, $crate::base::error::DecodeError> {
                Ok(Self {
                    $($($must: fields.require($crate::wire::view::wire_name!($must $(= $must_wire)?))?,)*)?
                    $($($may: fields.optional($crate::wire::view::wire_name!($may $(= $may_wire)?)),)*)?
                    $($($or: fields.optional($crate::wire::view::wire_name!($or $(= $or_wire)?)).unwrap_or_default(),)*)?
                    unknown_fields: fields.rest(),
                })
            }

            fn slow_without(
                fields: &mut $crate::wire::slow::SlowFields,
                tags: &[&str],
            ) -> Result<Self, $crate::base::error::DecodeError> {
                let mut view = Self::slow_fields(fields)?;
                view.unknown_fields = view.unknown_fields.iter().filter(|(name, _)| !tags.contains(name)).map(|(name, value)| (name.to_owned(), value.clone())).collect();
                Ok(view)
            }
        }

        #[cfg(any(test, fuzzing))]
        impl $crate::wire::slow::Slow for $view {
            fn slow(json: &$crate::base::json::Json) -> Result<Self, $crate::base::error::DecodeError> {
                $crate::wire::slow::SlowView::slow_fields(&mut $crate::wire::slow::SlowFields::of(json)?)
            }
        }

        impl $crate::wire::view::FromJson for $view {
            fn read(reader: &mut $crate::wire::read::Reader<'_>) -> Result<Self, $crate::base::error::DecodeError> {
                $crate::wire::view::View::read_fields(reader, $crate::wire::read::Tags::NONE)
            }
        }

        impl $view {
            /// Names of the fields, in the order of `parts`.
            const NAMES: &[$crate::wire::view::FieldName] = &[
                $($($crate::wire::view::FieldName {
                    name: stringify!($must),
                    wire: $crate::wire::view::wire_name!($must $(= $must_wire)?),
                },)*)?
                $($($crate::wire::view::FieldName {
                    name: stringify!($may),
                    wire: $crate::wire::view::wire_name!($may $(= $may_wire)?),
                },)*)?
                $($($crate::wire::view::FieldName {
                    name: stringify!($or),
                    wire: $crate::wire::view::wire_name!($or $(= $or_wire)?),
                },)*)?
            ];
        }

        impl $crate::wire::view::ViewPart for $view {
            fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
                let parts: &[&dyn $crate::wire::view::ViewPart] = &[
                    $($(&self.$must,)*)? $($(&self.$may,)*)? $($(&self.$or,)*)?
                ];
                $crate::wire::view::unknown_names(Self::NAMES, parts, &self.unknown_fields, at, found);
            }
        }

        impl std::fmt::Debug for $view {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let parts: &[&dyn $crate::wire::view::ViewPart] = &[
                    $($(&self.$must,)*)? $($(&self.$may,)*)? $($(&self.$or,)*)?
                ];
                $crate::wire::view::show(stringify!($view), Self::NAMES, parts, &self.unknown_fields, f)
            }
        }

        impl<'de> serde::Deserialize<'de> for $view {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = serde::Deserialize::deserialize(deserializer)?;
                $crate::wire::view::FromJson::from_json(&json).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

/// Declares an enum for objects with a tag, i.e. a field whose word selects the view. Each variant has one known word or
/// several. `Other` contains the whole object if the word is unknown.
///
/// As a part of another view, an object with a known word but bad fields is `Other` too: it must not hide the other fields of
/// that view.
macro_rules! tagged {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $tagged:ident by $tag:literal {
            $($(#[$variant_meta:meta])* $variant:ident($view:ty) = $($word:literal)|+,)+
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        $vis enum $tagged {
            $($(#[$variant_meta])* $variant($view),)+
            /// An object whose word this version of the crate does not know.
            Other($crate::wire::fields::Fields),
        }

        impl $tagged {
            /// Reads the next object with the view that `word` selects.
            pub(crate) fn read_as(
                word: &str,
                reader: &mut $crate::wire::read::Reader<'_>,
                tags: $crate::wire::read::Tags,
            ) -> Result<Self, $crate::base::error::DecodeError> {
                match word {
                    $($($word)|+ => <$view as $crate::wire::view::View>::read_fields(reader, tags).map(Self::$variant),)+
                    _ => reader.fields(tags).map(Self::Other),
                }
            }
        }

        impl $crate::wire::view::View for $tagged {
            fn read_fields(
                reader: &mut $crate::wire::read::Reader<'_>,
                tags: $crate::wire::read::Tags,
            ) -> Result<Self, $crate::base::error::DecodeError> {
                $crate::wire::read::tagged(reader, $tag, tags, Self::read_as)
            }
        }

        #[cfg(any(test, fuzzing))]
        impl $crate::wire::slow::SlowView for $tagged {
            fn slow_fields(fields: &mut $crate::wire::slow::SlowFields) -> Result<Self, $crate::base::error::DecodeError> {
                Self::slow_without(fields, &[])
            }

            fn slow_without(
                fields: &mut $crate::wire::slow::SlowFields,
                tags: &[&str],
            ) -> Result<Self, $crate::base::error::DecodeError> {
                use $crate::wire::slow::SlowView;
                let tags = [tags, &[$tag]].concat();
                let word = fields.get($tag).and_then(|tag| tag.decode::<String>().ok());
                Ok(match word.as_deref() {
                    $(Some($($word)|+) => Self::$variant(<$view as SlowView>::slow_without(fields, &tags)?),)+
                    _ => Self::Other(fields.rest()),
                })
            }
        }

        #[cfg(any(test, fuzzing))]
        impl $crate::wire::slow::Slow for $tagged {
            fn slow(json: &$crate::base::json::Json) -> Result<Self, $crate::base::error::DecodeError> {
                use $crate::wire::slow::{SlowFields, SlowView};
                Self::slow_fields(&mut SlowFields::of(json)?).or_else(|_| Ok(Self::Other(SlowFields::of(json)?.rest())))
            }
        }

        impl $crate::wire::view::FromJson for $tagged {
            fn read(reader: &mut $crate::wire::read::Reader<'_>) -> Result<Self, $crate::base::error::DecodeError> {
                let start = reader.start();
                let mut read = $crate::wire::view::View::read_fields(reader, $crate::wire::read::Tags::NONE);
                if read.is_err() {
                    reader.back(start);
                    read = reader.fields($crate::wire::read::Tags::NONE).map(Self::Other);
                }
                read
            }
        }

        impl $crate::wire::view::ViewPart for $tagged {
            fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
                match self {
                    $(Self::$variant(view) => view.unknown_names(at, found),)+
                    Self::Other(fields) => {
                        let word = fields.get($tag).map_or("none", $crate::base::json::Json::as_str);
                        found.push($crate::wire::view::below(at, &format!("{} is {word}", $tag)));
                    }
                }
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

pub(crate) use crate::wire::words::words;
pub(crate) use {tagged, view, wire_name};

#[cfg(test)]
#[expect(unreachable_pub, reason = "views are public")]
mod tests;
