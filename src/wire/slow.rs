//! The reference for [`read`](crate::wire::read): the same rules without any haste.
//!
//! Every object becomes a list of fields by `serde_json`, each with a copy of its text, and every value is decoded from that
//! copy. Tests and the fuzz target `decode` read lines both ways and compare.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::fields::Fields;

/// What the reference reads from a value.
pub(crate) trait Slow: Sized {
    fn slow(json: &Json) -> Result<Self, DecodeError>;
}

/// What the reference reads from the fields of an object.
pub(crate) trait SlowView: Slow {
    fn slow_fields(fields: &mut SlowFields) -> Result<Self, DecodeError>;

    /// The same without the fields that chose the view, which a view that keeps the whole object keeps.
    fn slow_without(fields: &mut SlowFields, tags: &[&str]) -> Result<Self, DecodeError>;
}

/// The fields of an object that were not taken out yet.
pub(crate) struct SlowFields(Vec<SlowField>);

struct SlowField {
    /// Where the name came first, and where it came last.
    first: usize,
    last: usize,
    name: String,
    value: Json,
    /// Whether the view has the name, and wants another value.
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

    /// What is left, in the order of the line: of a name that comes twice, the first place counts if the view does not have it.
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
    bool: "true or false",
    u64: "a whole number, not negative",
    i64: "a whole number",
    f64: "a number",
    String: "a text",
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
