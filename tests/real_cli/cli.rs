//! The CLI that `CLAUDE_BIN` names.

use std::path::{Path, PathBuf};

pub(crate) const VARIABLE: &str = "CLAUDE_BIN";

/// What to start: a native binary, or node with a `cli.js` (versions up to about 2.1.100).
#[derive(Clone, Debug)]
pub(crate) struct Cli {
    pub(crate) program: PathBuf,
    /// Comes before every other argument.
    pub(crate) script: Option<PathBuf>,
}

impl Cli {
    /// `None` where the variable is not set, or empty.
    pub(crate) fn from_environment() -> Result<Option<Self>, String> {
        let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) else {
            return Ok(None);
        };
        let path = PathBuf::from(named);
        // The CLI is started in another directory.
        let path = path.canonicalize().map_err(|error| format!("{VARIABLE} is {}: {error}", path.display()))?;
        let is_script =
            path.extension().is_some_and(|extension| ["js", "cjs", "mjs"].iter().any(|known| extension == *known));
        Ok(Some(if is_script {
            Self { program: "node".into(), script: Some(path) }
        } else {
            Self { program: path, script: None }
        }))
    }

    /// What a host is to name: it runs a script by node itself.
    pub(crate) fn named(&self) -> &Path {
        self.script.as_deref().unwrap_or(&self.program)
    }
}
