//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

/// Text of `--help`.
pub(crate) const USAGE: &str = "\
usage: claude-duplex-acp [OPTION]... [-- ARGUMENT OF CLAUDE...]

An agent of the Agent Client Protocol (ACP) on stdin and stdout: editors start it. Each session is a `claude` process.

  --claude PATH     program to run; else CLAUDE_BIN, else `claude` of PATH
  --journal DIR     record each session in a file of DIR, to be replayed later; as private as the session
  --mode MODE       permission mode of new sessions: default, acceptEdits, plan, ...; `default` asks
  --allow-bypass    offer the mode that asks for no permission
  --steer           send prompts to the CLI at once while a turn runs; by default they wait for its end
  --version         print the version
  --help            print this text";

/// Settings of the agent, the same for all of its sessions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Program to run in place of `claude`.
    pub(crate) claude: Option<OsString>,
    /// Directory of the journals.
    pub(crate) journal: Option<PathBuf>,
    /// Permission mode of new sessions.
    pub(crate) mode: Option<String>,
    /// Whether the mode without permissions is offered.
    pub(crate) allow_bypass: bool,
    /// Whether prompts are sent while a turn runs.
    pub(crate) steer: bool,
    /// Further arguments of the CLI.
    pub(crate) rest: Vec<OsString>,
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Serve(Arguments),
    Print(String),
}

impl Arguments {
    /// Reads the command line without the program's name.
    pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Wanted, String> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let mut value = |name: &str| words.next().ok_or(format!("{name} needs a value"));
            match word.to_str() {
                Some("--claude") => arguments.claude = Some(value("--claude")?),
                Some("--journal") => arguments.journal = Some(value("--journal")?.into()),
                Some("--mode") => {
                    let mode = value("--mode")?.into_string();
                    arguments.mode = Some(mode.map_err(|_| "the mode is not Unicode".to_owned())?);
                }
                Some("--allow-bypass") => arguments.allow_bypass = true,
                Some("--steer") => arguments.steer = true,
                Some("--help" | "-h") => return Ok(Wanted::Print(USAGE.to_owned())),
                Some("--version" | "-V") => {
                    return Ok(Wanted::Print(format!("claude-duplex-acp {}", env!("CARGO_PKG_VERSION"))));
                }
                Some("--") => {
                    arguments.rest = words.collect();
                    break;
                }
                _ => return Err(format!("unknown argument {}", word.display())),
            }
        }
        Ok(Wanted::Serve(arguments))
    }

    /// Returns the program to run.
    pub(crate) fn program(&self) -> OsString {
        let named = self.claude.clone().or_else(|| std::env::var_os("CLAUDE_BIN"));
        named.filter(|name| !name.is_empty()).unwrap_or_else(|| "claude".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Wanted, String> {
        Arguments::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn all_options_are_read() {
        let line = "--claude /c --journal /j --mode plan --allow-bypass --steer -- --model opus";
        let line: Vec<&str> = line.split(' ').collect();
        let expected = Arguments {
            claude: Some("/c".into()),
            journal: Some("/j".into()),
            mode: Some("plan".to_owned()),
            allow_bypass: true,
            steer: true,
            rest: vec!["--model".into(), "opus".into()],
        };
        assert_eq!(parse(&line), Ok(Wanted::Serve(expected)));
    }

    #[test]
    fn errors_name_the_argument() {
        assert_eq!(parse(&["--claude"]), Err("--claude needs a value".to_owned()));
        assert_eq!(parse(&["--model"]), Err("unknown argument --model".to_owned()));
        assert_eq!(parse(&["x"]), Err("unknown argument x".to_owned()));
    }
}
