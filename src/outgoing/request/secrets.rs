//! Values that must not appear in logs.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::text::Quoted;
use crate::wire::read::Reader;
use crate::wire::view::{FromJson, ViewPart};

/// Map of names to values that may be secret. Its `Debug` output shows only the names.
///
/// ```
/// use claude_duplex::request::Secrets;
///
/// let environment = Secrets::from_iter([("API_KEY", "s3cret"), ("LANG", "C")]);
/// assert_eq!(environment.get("LANG"), Some("C"));
/// assert_eq!(format!("{environment:?}"), r#"["API_KEY", "LANG"]"#);
/// ```
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Returns the value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets the value of a name, and replaces an earlier one.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Returns an iterator over names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys().map(|name| Quoted(name))).finish()
    }
}

impl ViewPart for Secrets {}

impl FromJson for Secrets {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        FromJson::read(reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use crate::outgoing::request::{McpServerConfig, McpSetServers};

    #[test]
    fn debug_output_hides_keys() {
        let server = McpServerConfig::stdio("mcp").env("API_KEY", "s3cret").header("authorization", "s3cret");
        let set = McpSetServers::new().server("docs", server);
        let shown = format!("{set:?} {:?}", crate::Request::from(set.clone()));
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("API_KEY"), "{shown}");
    }
}
