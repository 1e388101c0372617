//! Fields of a view, and the rest of its object: fields that the view does not name, or whose values have another type.

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::fields::Fields;
use crate::wire::from_json::FromJson;
use crate::wire::read::{Members, Reader};

/// Fields of an object that its view does not name, or whose values have another type.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    fields: Vec<(String, Json)>,
    /// Fields that the view names, but whose values have another type, with their indices.
    odd: Vec<(&'static str, usize)>,
    /// Indices of fields that were followed by another one with the same name and a good value.
    gone: Vec<usize>,
}

impl Reader<'_> {
    /// Reads a required field. The last field with the name counts.
    pub(crate) fn must<T: FromJson>(&mut self, field: &mut Option<Result<T, DecodeError>>) {
        *field = Some(T::read(self));
    }

    /// Reads an optional field. The last field with the name counts.
    ///
    /// The field becomes `None` if the value is null or has another type. A value of another type is kept in `rest`.
    pub(crate) fn may<T: FromJson>(&mut self, name: &'static str, field: &mut Option<T>, rest: &mut Rest) {
        let start = self.start();
        rest.forget(name);
        *field = Option::read(self).unwrap_or_else(|_| {
            self.back(start);
            rest.odd.push((name, rest.fields.len()));
            self.keep(name, &mut rest.fields);
            None
        });
    }

    /// Reads a field that the view does not name.
    pub(crate) fn other(&mut self, name: &str, members: &Members, rest: &mut Rest) {
        if members.is_tag(name) {
            self.skip();
        } else {
            self.keep(name, &mut rest.fields);
        }
    }
}

impl Rest {
    /// Removes an earlier field of the view whose value has another type.
    #[inline]
    fn forget(&mut self, name: &str) {
        if self.odd.is_empty() {
            return;
        }
        if let Some(at) = self.odd.iter().position(|(own, _)| *own == name) {
            self.gone.push(self.odd.swap_remove(at).1);
        }
    }

    /// Returns the fields, each name once. Returns an error if the memory limit was exceeded.
    #[inline]
    pub(crate) fn finish(self, reader: &Reader<'_>) -> Result<Fields, DecodeError> {
        reader.within_memory()?;
        if self.fields.is_empty() {
            return Ok(Fields::default());
        }
        Ok(self.unique())
    }

    fn unique(mut self) -> Fields {
        if !self.gone.is_empty() {
            self.gone.sort_unstable();
            let (mut gone, mut place) = (self.gone.iter().peekable(), 0..);
            self.fields.retain(|_| gone.next_if_eq(&&place.next().unwrap_or_default()).is_none());
        }
        self.fields.into_iter().collect()
    }
}
