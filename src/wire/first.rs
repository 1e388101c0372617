//! The first texts of a list: how long a list is that the CLI writes must not decide what a line costs.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

/// At most `N` texts of a list; what comes behind them is passed over.
#[derive(Debug, Default)]
pub(crate) struct First<const N: usize>(pub(crate) Vec<String>);

impl<'de, const N: usize> Deserialize<'de> for First<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(List::<N>)
    }
}

struct List<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for List<N> {
    type Value = First<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < N {
            match list.next_element()? {
                Some(text) => first.push(text),
                None => return Ok(First(first)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(First(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(list: &str) -> Option<Vec<String>> {
        serde_json::from_str::<First<2>>(list).ok().map(|first| first.0)
    }

    #[test]
    fn what_is_behind_the_first_is_passed_over() {
        assert_eq!(first("[]").unwrap(), [""; 0]);
        assert_eq!(first(r#"["a","b"]"#).unwrap(), ["a", "b"]);
        assert_eq!(first(r#"["a","b","c",4,{}]"#).unwrap(), ["a", "b"]);
    }

    #[test]
    fn what_is_no_list_of_texts_is_none() {
        for list in ["{}", "[1]", r#"["a",null]"#, r#""a""#, r#"["a","b","c""#] {
            assert_eq!(first(list), None, "{list}");
        }
    }
}
