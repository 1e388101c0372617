//! The command line of the chat, and which `claude` it means.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const USAGE: &str = "\
usage: chat [--claude PATH] [--prompt TEXT] [--stall SECONDS] [-- ARGUMENTS OF CLAUDE]

  --claude PATH   the program to talk to; else CLAUDE_BIN, else `claude` in PATH, else a stand-in
  --prompt TEXT   answer once and exit: 0 on success, 1 on an error result, 2 without a result
  --stall SECONDS  say what the session waits for after so long a silence (20)

While it runs: Ctrl-C interrupts the turn, Ctrl-D closes the session in order.";

#[derive(Default)]
pub(crate) struct Arguments {
    claude: Option<PathBuf>,
    pub(crate) prompt: Option<String>,
    pub(crate) stall: Option<Duration>,
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
                Some("--stall") => {
                    let seconds = value("--stall")?.to_str().and_then(|seconds| seconds.parse().ok());
                    let stall = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                    arguments.stall = Some(stall.ok_or("--stall needs a number of seconds")?);
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
