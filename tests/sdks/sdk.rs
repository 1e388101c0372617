//! The SDKs that `SDKS_DIR` has.

#[cfg(unix)]
use std::os::unix::fs::symlink;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir as symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

const VARIABLE: &str = "SDKS_DIR";

pub(crate) const NAMES: [&str; 2] = ["python", "typescript"];

/// An installed SDK.
#[derive(Debug, Clone)]
pub(crate) enum Sdk {
    /// The interpreter that has it.
    Python(PathBuf),
    /// The packages that it is one of.
    TypeScript(PathBuf),
}

impl Sdk {
    /// That of a name, or what is to be done to have it.
    pub(crate) fn find(name: &str) -> Result<Self, String> {
        let how = format!("set {VARIABLE} to a folder that has it (`.ci/install-sdks.sh DIR` makes one)");
        let folder = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty());
        let folder = folder.ok_or_else(|| format!("the {name} SDK was not run: {how}"))?;
        // The host is started in another directory.
        let found = fs::canonicalize(folder).ok().and_then(|folder| Self::within(name, &folder.join(name)));
        found.ok_or_else(|| format!("the {name} SDK was not run, as it is not there: {how}"))
    }

    fn within(name: &str, folder: &Path) -> Option<Self> {
        if name == "typescript" {
            let packages = folder.join("node_modules");
            return packages.join("@anthropic-ai/claude-agent-sdk").is_dir().then_some(Self::TypeScript(packages));
        }
        let mut versions = fs::read_dir(folder.join("lib")).ok()?.flatten();
        let has_it = versions.any(|version| version.path().join("site-packages/claude_agent_sdk").is_dir());
        has_it.then(|| Self::Python(folder.join("bin/python")))
    }

    /// Its host, as a command without arguments; what the host needs beside it goes into the folder.
    pub(crate) fn host(&self, folder: &Path) -> io::Result<Command> {
        let (program, name, source) = match self {
            Self::Python(python) => (&**python, "host.py", include_str!("host.py")),
            Self::TypeScript(packages) => {
                // Node looks for packages beside the script.
                symlink(packages, folder.join("node_modules"))?;
                (Path::new("node"), "host.mjs", include_str!("host.mjs"))
            }
        };
        let path = folder.join(name);
        fs::write(&path, source)?;
        let mut command = Command::new(program);
        command.arg(path);
        Ok(command)
    }
}
