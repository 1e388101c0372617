//! Values that do not belong into a log.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::text::Quoted;
use crate::wire::read::Reader;
use crate::wire::view::FromJson;

/// Names with values that may be keys: its `Debug` shows the names alone.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(pub BTreeMap<String, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys().map(|name| Quoted(name))).finish()
    }
}

impl FromJson for Secrets {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        FromJson::read(reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use crate::outgoing::request::{McpServerConfig, McpSetServers};

    #[test]
    fn keys_are_not_shown() {
        let server = McpServerConfig::stdio("mcp").env("API_KEY", "s3cret").header("authorization", "s3cret");
        let set = McpSetServers::new().server("docs", server);
        let shown = format!("{set:?} {:?}", crate::Request::from(set.clone()));
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("API_KEY"), "{shown}");
    }
}
