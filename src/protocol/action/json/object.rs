//! Objects that are being written.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// Members of an object that is being written. Members that are absent, empty or false are left out.
pub(super) struct Object<M>(M);

impl<M: SerializeMap> Object<M> {
    pub(super) fn begin<S: Serializer<SerializeMap = M, Error = M::Error, Ok = M::Ok>>(
        serializer: S,
    ) -> Result<Self, M::Error> {
        Ok(Self(serializer.serialize_map(None)?))
    }

    pub(super) fn end(self) -> Result<M::Ok, M::Error> {
        self.0.end()
    }

    pub(super) fn field(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) -> Result<(), M::Error> {
        self.0.serialize_entry(name, value)
    }

    pub(super) fn optional(&mut self, name: &'static str, value: Option<impl Serialize>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.field(name, &value))
    }

    pub(super) fn flag(&mut self, name: &'static str, value: bool) -> Result<(), M::Error> {
        self.optional(name, value.then_some(true))
    }

    pub(super) fn text(&mut self, name: &'static str, value: &str) -> Result<(), M::Error> {
        self.optional(name, Some(value).filter(|value| !value.is_empty()))
    }
}

/// A value that is written as members of its own object, or of the object of its action.
pub(super) trait Members {
    fn write<M: SerializeMap>(&self, object: &mut Object<M>) -> Result<(), M::Error>;
}
