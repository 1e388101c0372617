//! Which version of the CLI is run, and from which on it does what a trial expects.

use std::fmt;
use std::process::Command;
use std::str::FromStr;

use crate::cli::Cli;
use crate::namespace::Sealed;
use crate::place::Place;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u32; 3]);

impl Version {
    /// As the CLI itself says it: `claude --version`, inside the namespace and in a place of its own.
    pub(crate) fn of(cli: &Cli, _: Sealed) -> Result<Self, String> {
        let place = Place::new().map_err(|error| error.to_string())?;
        let mut command = Command::new(&cli.program);
        command.args(&cli.script).arg("--version");
        command.env_clear().envs(place.environment("http://127.0.0.1:9")).current_dir(place.cwd());
        let ran = command.output().map_err(|error| format!("{}: {error}", cli.program.display()))?;
        let printed = String::from_utf8_lossy(&ran.stdout);
        let first = printed.split_whitespace().next().unwrap_or_default();
        first.parse().map_err(|()| format!("{} --version says {printed:?}", cli.program.display()))
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        parts.and_then(|parts| parts.try_into().ok()).map(Self).ok_or(())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}
