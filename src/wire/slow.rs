//! Reference implementation of [`read`](crate::wire::read): the same rules, without regard for speed.
//!
//! `serde_json` turns each object into a list of fields, each with a copy of its text. Every value is decoded from this
//! copy. Tests and the fuzz target `decode` read lines with both implementations and compare.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::fields::Fields;

/// A type that the reference implementation can read from a value.
pub(crate) trait Slow: Sized {
    fn slow(json: &Json) -> Result<Self, DecodeError>;
}

/// A type that the reference implementation can read from the fields of an object.
pub(crate) trait SlowView: Slow {
    fn slow_fields(fields: &mut SlowFields) -> Result<Self, DecodeError>;

    /// Reads the type without the fields that selected it. A view that keeps the whole object keeps these fields.
    fn slow_without(fields: &mut SlowFields, tags: &[&str]) -> Result<Self, DecodeError>;
}

/// Fields of an object that have not been taken yet.
pub(crate) struct SlowFields(Vec<SlowField>);

struct SlowField {
    /// Index of the first field with this name, among all fields of the object.
    first: usize,
    last: usize,
    name: String,
    value: Json,
    /// `true` if the view has this field, but the value has another type.
    odd: bool,
}

impl SlowFields {
    pub(crate) fn of(json: &Json) -> Result<Self, DecodeError> {
        struct Object(Vec<SlowField>);

        impl<'de> Deserialize<'de> for Object {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(Entries)
            }
        }

        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields: Vec<SlowField> = Vec::new();
                let mut place = 0;
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    let value = Json::from(value);
                    match fields.iter_mut().find(|field| field.name == name) {
                        Some(field) => (field.last, field.value) = (place, value),
                        None => fields.push(SlowField { first: place, last: place, name, value, odd: false }),
                    }
                    place += 1;
                }
                Ok(Object(fields))
            }
        }

        let object: Object = json.decode().map_err(|_| DecodeError::expected("an object"))?;
        Ok(Self(object.0))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|field| field.name == name).map(|field| &field.value)
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|field| field.name != name);
    }

    pub(crate) fn require<T: Slow>(&mut self, name: &str) -> Result<T, DecodeError> {
        let value = self.get(name).ok_or_else(|| DecodeError::missing(name))?;
        let value = T::slow(value).map_err(|error| error.within(name))?;
        self.remove(name);
        Ok(value)
    }

    pub(crate) fn optional<T: Slow>(&mut self, name: &str) -> Option<T> {
        let field = self.0.iter_mut().find(|field| field.name == name)?;
        let Ok(value) = Option::slow(&field.value) else {
            field.odd = true;
            return None;
        };
        self.remove(name);
        value
    }

    /// Returns the remaining fields in the order of the line. If a name occurs twice and the view lacks it, its first
    /// position counts.
    pub(crate) fn rest(&mut self) -> Fields {
        self.0.sort_by_key(|field| if field.odd { field.last } else { field.first });
        std::mem::take(&mut self.0).into_iter().map(|field| (field.name, field.value)).collect()
    }
}

macro_rules! decoded {
    ($($plain:ty: $what:literal,)+) => {$(
        impl Slow for $plain {
            fn slow(json: &Json) -> Result<Self, DecodeError> {
                json.decode().map_err(|_| DecodeError::expected($what))
            }
        }
    )+};
}

decoded! {
    bool: "a boolean",
    u64: "a non-negative integer",
    i64: "an integer",
    f64: "a number",
    String: "a string",
}

impl Slow for Json {
    fn slow(json: &Json) -> Result<Self, DecodeError> {
        Ok(json.clone())
    }
}

impl Slow for Fields {
    fn slow(json: &Json) -> Result<Self, DecodeError> {
        Ok(SlowFields::of(json)?.rest())
    }
}

impl<T: Slow> Slow for Option<T> {
    fn slow(json: &Json) -> Result<Self, DecodeError> {
        if json.as_str() == "null" { Ok(None) } else { T::slow(json).map(Some) }
    }
}

impl<T: Slow> Slow for Box<T> {
    fn slow(json: &Json) -> Result<Self, DecodeError> {
        T::slow(json).map(Self::new)
    }
}

impl<T: SlowView> SlowView for Box<T> {
    fn slow_fields(fields: &mut SlowFields) -> Result<Self, DecodeError> {
        T::slow_fields(fields).map(Self::new)
    }

    fn slow_without(fields: &mut SlowFields, tags: &[&str]) -> Result<Self, DecodeError> {
        T::slow_without(fields, tags).map(Self::new)
    }
}

impl<T: Slow> Slow for Vec<T> {
    fn slow(json: &Json) -> Result<Self, DecodeError> {
        let items: Vec<Json> = json.decode().map_err(|_| DecodeError::expected("a list"))?;
        let item = |(at, json): (usize, &Json)| T::slow(json).map_err(|error| error.within(&at.to_string()));
        items.iter().enumerate().map(item).collect()
    }
}

impl<T: Slow> Slow for BTreeMap<String, T> {
    fn slow(json: &Json) -> Result<Self, DecodeError> {
        let mut fields = SlowFields::of(json)?.0;
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        let entry = |SlowField { name, value, .. }| match T::slow(&value) {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(error.within(&name)),
        };
        fields.into_iter().map(entry).collect()
    }
}
