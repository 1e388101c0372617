//! Form of values in snapshots, for types without a serde form or with another public one. A field selects it with
//! `#[serde(with = "form")]`.

use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::bytes::Bytes;
use crate::message::{Line, Message};
use crate::options::PermissionMode;
use crate::wire::scan::scan;

/// A value with a form in snapshots.
pub(super) trait Formed: Sized {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

pub(super) fn serialize<T: Formed, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

pub(super) fn deserialize<'de, T: Formed, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// A value as part of another.
pub(super) struct Borrowed<'v, T>(pub(super) &'v T);
pub(super) struct Owned<T>(pub(super) T);

impl<T: Formed> Serialize for Borrowed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

impl<'de, T: Formed> Deserialize<'de> for Owned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

impl<T: Formed> Formed for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Borrowed).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Owned<T>>::deserialize(deserializer)?.map(|owned| owned.0))
    }
}

impl<T: Formed, E: Formed> Formed for Result<T, E> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Borrowed).map_err(Borrowed).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let result = Result::<Owned<T>, Owned<E>>::deserialize(deserializer)?;
        Ok(result.map(|value| value.0).map_err(|error| error.0))
    }
}

/// Lists of bytes: text, or hexadecimal digits if they are not UTF-8.
macro_rules! bytes {
    ($($list:ty),*) => {$(
        impl Formed for $list {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Bytes(self[..].into()).serialize(serializer)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Bytes::deserialize(deserializer)?.0.into_owned().into())
            }
        }
    )*};
}

bytes!(Vec<u8>, Box<[u8]>, Arc<[u8]>);

/// Shared values: as those that are not.
macro_rules! shared {
    ($($shared:ty as $owned:ty),*) => {$(
        impl Formed for $shared {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (**self).serialize(serializer)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$owned>::deserialize(deserializer).map(Self::from)
            }
        }
    )*};
}

shared!(Arc<str> as String, Arc<[String]> as Vec<String>);

impl Formed for Message {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes(self.as_bytes().into()).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line: Arc<[u8]> = Formed::read(deserializer)?;
        let envelope = scan(&line).map_err(|_| D::Error::custom("a line is not a message"))?;
        Ok(Self::new(Line::Copied(line), envelope))
    }
}

impl Formed for PermissionMode {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}
