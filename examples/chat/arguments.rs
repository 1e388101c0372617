//! The command line of the chat, and which `claude` it means.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub(crate) const USAGE: &str = "\
usage: chat [--claude PATH] [--prompt TEXT] [-- ARGUMENTS OF CLAUDE]

  --claude PATH   the program to talk to; else CLAUDE_BIN, else `claude` in PATH, else a stand-in
  --prompt TEXT   answer once and exit: 0 on success, 1 on an error result, 2 without a result

While it runs: Ctrl-C interrupts the turn, Ctrl-D closes the session in order.";

#[derive(Default)]
pub(crate) struct Arguments {
    claude: Option<PathBuf>,
    pub(crate) prompt: Option<String>,
    pub(crate) rest: Vec<OsString>,
    pub(crate) help: bool,
}

pub(crate) enum Claude {
    Program(PathBuf),
    StandIn,
}

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let mut value = |name: &str| words.next().ok_or(format!("{name} needs a value; see --help"));
            match word.to_str() {
                Some("--claude") => arguments.claude = Some(value("--claude")?.into()),
                Some("--prompt") => {
                    let text = value("--prompt")?.into_string();
                    arguments.prompt = Some(text.map_err(|_| "the prompt is no good Unicode".to_owned())?);
                }
                Some("--help" | "-h") => arguments.help = true,
                Some("--") => {
                    arguments.rest = words.collect();
                    break;
                }
                _ => return Err(format!("unknown argument {}; see --help", Path::new(&word).display())),
            }
        }
        Ok(arguments)
    }

    /// What to talk to. A program that was named must be there; one that was not may be missing.
    pub(crate) fn claude(&self) -> Result<Claude, String> {
        let named = self.claude.clone().map(|path| ("--claude", path));
        let named = named.or_else(|| Some(("CLAUDE_BIN", std::env::var_os("CLAUDE_BIN")?.into())));
        if let Some((by, path)) = named.filter(|(_, path)| !path.as_os_str().is_empty()) {
            return if path.components().count() > 1 && !path.is_file() {
                Err(format!("{by} names {}, and there is no such file", path.display()))
            } else {
                Ok(Claude::Program(path))
            };
        }
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&paths).map(|folder| folder.join("claude")).find(|path| path.is_file());
        Ok(found.map_or(Claude::StandIn, Claude::Program))
    }
}
