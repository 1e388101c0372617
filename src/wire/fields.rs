//! Fields of a JSON object, in their order, with unparsed values.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::{Quoted, truncated_list};
use crate::wire::from_json::{FromJson, Shown, ViewPart, below};
use crate::wire::read::{ALLOCATION, Reader, Tags};

/// Fields of a JSON object, in their order, with unparsed values.
///
/// The field `unknown_fields` of each view contains the fields that the view does not name. A host can therefore read
/// fields that a newer CLI adds.
///
/// ```
/// use claude_duplex::Json;
/// use claude_duplex::message::Fields;
///
/// let fields: Fields =
///     Json::parse(r#"{"state":"idle","since":3}"#).unwrap().decode().unwrap();
/// assert_eq!(fields.get("since").unwrap().as_str(), "3");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(String, Json)>);

impl Fields {
    /// Returns the value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Returns an iterator over all fields, in the order of the line.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns `true` if the object has no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes a required field. Returns an error if it is missing or has another type.
    pub(crate) fn require<T: FromJson>(&mut self, name: &str) -> Result<T, DecodeError> {
        let at = self.place(name).ok_or_else(|| DecodeError::missing(name))?;
        let value = T::from_json(&self.0[at].1).map_err(|error| error.within(name))?;
        self.0.remove(at);
        Ok(value)
    }

    /// Takes an optional field. Returns `None` if the field is missing, null or of another type, since a bad value must not
    /// hide other fields. A value of another type stays.
    pub(crate) fn optional<T: FromJson>(&mut self, name: &str) -> Option<T> {
        let at = self.place(name)?;
        let value = Option::<T>::from_json(&self.0[at].1).ok()?;
        self.0.remove(at);
        value
    }

    /// Takes an optional field of an object that this crate sends. A value of another type stays. This includes null,
    /// unless null is a value of the type.
    pub(crate) fn present<T: FromJson>(&mut self, name: &str) -> Option<T> {
        let at = self.place(name)?;
        let value = T::from_json(&self.0[at].1).ok()?;
        self.0.remove(at);
        Some(value)
    }

    /// Takes a field that must be `word` if it is present.
    pub(crate) fn expect_word(&mut self, name: &str, word: &str) -> Result<(), DecodeError> {
        let Some(at) = self.place(name) else { return Ok(()) };
        if self.0[at].1 != Json::from_text(word) {
            return Err(DecodeError::expected(word).within(name));
        }
        self.0.remove(at);
        Ok(())
    }

    /// Sets a field: replaces the one with the same name, or appends it.
    pub(crate) fn set(&mut self, name: String, value: Json) {
        set(&mut self.0, name, value);
    }

    pub(crate) fn into_vec(self) -> Vec<(String, Json)> {
        self.0
    }

    /// Returns the object as text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::with_capacity(
            2 + self.0.iter().map(|(name, value)| name.len() + value.as_str().len() + 4).sum::<usize>(),
        );
        for (name, value) in self.iter() {
            text.push(if text.is_empty() { '{' } else { ',' });
            text.push_str(Json::from_text(name).as_str());
            text.push(':');
            text.push_str(value.as_str());
        }
        if text.is_empty() {
            text.push('{');
        }
        text.push('}');
        text
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(own, _)| own == name)
    }
}

/// Maximum number of fields for which comparing all pairs is faster than sorting.
const FEW: usize = 32;

/// Removes duplicate names: keeps the last value, at the position of the first field.
fn unique(fields: &mut Vec<(String, Json)>) {
    let twice = |(at, (name, _)): (usize, &(String, Json))| fields[..at].iter().any(|(other, _)| other == name);
    if fields.len() <= FEW && !fields.iter().enumerate().any(twice) {
        return;
    }
    // Sorted by name, and by position within a name.
    let mut places: Vec<usize> = (0..fields.len()).collect();
    places.sort_unstable_by(|a, b| fields[*a].0.cmp(&fields[*b].0).then(a.cmp(b)));
    let (mut moved, mut gone) = (Vec::new(), vec![false; fields.len()]);
    for same in places.chunk_by(|a, b| fields[*a].0 == fields[*b].0) {
        if let [first, later @ .., last] = same {
            moved.push((*first, *last));
            later.iter().chain([last]).for_each(|place| gone[*place] = true);
        }
    }
    moved.iter().for_each(|(first, last)| fields.swap(*first, *last));
    let mut gone = gone.into_iter();
    fields.retain(|_| gone.next() == Some(false));
}

/// Sets a field: replaces the one with the same name, or appends it.
pub(crate) fn set(fields: &mut Vec<(String, Json)>, name: String, value: Json) {
    match fields.iter_mut().find(|(own, _)| *own == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name, value)),
    }
}

impl FromIterator<(String, Json)> for Fields {
    /// Creates fields from pairs. If a name occurs twice, the later value counts.
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(fields: I) -> Self {
        let mut fields = fields.into_iter().collect();
        unique(&mut fields);
        Self(fields)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated_list(f, self.0.iter().map(|(name, value)| (Quoted(name), value)))
    }
}

impl From<Fields> for Json {
    fn from(fields: Fields) -> Self {
        Self::of_checked(&fields.to_text(), true)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl ViewPart for Fields {}

impl FromJson for Fields {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.fields(Tags::NONE)
    }
}

impl Reader<'_> {
    /// Reads the value of a member unparsed, and appends the member to `fields`, within the memory limit.
    pub(crate) fn keep(&mut self, name: &str, fields: &mut Vec<(String, Json)>) {
        let value = self.json();
        if self.take(name.len() + ALLOCATION) {
            self.push(fields, (name.to_owned(), value));
        }
    }

    /// Reads all fields of an object unparsed, including the tags.
    pub(crate) fn fields(&mut self, tags: Tags) -> Result<Fields, DecodeError> {
        let (mut members, mut fields) = (self.object(tags.read_again())?, Vec::new());
        while let Some(name) = self.member(&mut members) {
            self.keep(&name, &mut fields);
        }
        self.within_memory()?;
        Ok(fields.into_iter().collect())
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut values = BTreeMap::new();
        let mut members = reader.object(Tags::NONE)?;
        while let Some(name) = reader.member(&mut members) {
            let value = T::read(reader);
            if reader.take(name.len() + 2 * size_of::<(String, Result<T, DecodeError>)>()) {
                values.insert(name.into_owned(), value);
            }
        }
        reader.within_memory()?;
        let value = |(name, value): (String, Result<T, DecodeError>)| match value {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(error.within(&name)),
        };
        values.into_iter().map(value).collect()
    }
}

impl<T: ViewPart> ViewPart for BTreeMap<String, T> {
    fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
        self.values().for_each(|value| value.unknown_names(&below(at, "*"), found));
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated_list(f, self.iter().map(|(name, value)| (Quoted(name), Shown(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_order_and_spelling_and_the_last_of_two_counts() {
        let json = Json::parse(r#"{"b":1e400,"a":{"z":1,"y":2},"b":"\ud83d"}"#).unwrap();
        let fields: Fields = json.decode().unwrap();
        let names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(fields.get("a").unwrap().as_str(), r#"{"z":1,"y":2}"#);
    }

    #[test]
    fn a_value_of_another_type_reads_as_none_and_is_kept() {
        let mut fields: Fields = Json::parse(r#"{"a":"x","b":null,"c":5}"#).unwrap().decode().unwrap();
        assert_eq!(fields.optional::<u64>("a"), None);
        assert_eq!(fields.optional::<u64>("b"), None);
        assert_eq!(fields.optional::<u64>("c"), Some(5));
        assert_eq!(fields.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a"]);
        assert_eq!(fields.require::<u64>("a").unwrap_err().path(), "a");
    }
}
