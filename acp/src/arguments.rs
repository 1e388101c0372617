//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Text of `--help`.
pub(crate) const USAGE: &str = "\
usage: claude-duplex-acp [OPTION]... [-- ARGUMENT OF CLAUDE...]

An agent of the Agent Client Protocol (ACP) on stdin and stdout: editors start it. Each session is a `claude` process.

  --claude PATH     program to run; else CLAUDE_BIN, else `claude` of PATH
  --journal DIR     record each session in a file of DIR, to be replayed later; as private as the session
  --mode MODE       permission mode of new sessions: default, acceptEdits, plan, ...; `default` asks
  --allow-bypass    offer the mode that asks for no permission
  --steer           send prompts to the CLI at once while a turn runs; by default they wait for its end
  --keep            let a session with work to do outlive the agent and the editor (Unix); `session/load` takes it up again
  --keep-for TIME   time after which a session without an agent ends, e.g. 30min; default 1h; implies --keep
  --protocol-v2     let clients use version 2 of the protocol too, an unstable draft (feature `protocol-v2` of the build)
  --version         print the version
  --help            print this text

`claude-duplex-acp list` shows the sessions that are kept, and `claude-duplex-acp stop SESSION` ends one of them.";

/// Default of the time after which a session without an agent ends.
const ALONE: Duration = Duration::from_secs(3600);

/// Settings of the agent, the same for all of its sessions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Program to run in place of `claude`.
    pub(crate) claude: Option<OsString>,
    /// Directory of the journals.
    pub(crate) journal: Option<PathBuf>,
    /// Permission mode of new sessions.
    pub(crate) mode: Option<String>,
    /// `true` if the mode without permissions is offered.
    pub(crate) allow_bypass: bool,
    /// `true` if prompts are sent while a turn runs.
    pub(crate) steer: bool,
    /// Time after which a session without an agent ends. `None`: it ends with the agent.
    pub(crate) keep: Option<Duration>,
    /// `true` if clients may use version 2 of the protocol.
    #[cfg(feature = "protocol-v2")]
    pub(crate) protocol_v2: bool,
    /// Further arguments of the CLI.
    pub(crate) rest: Vec<OsString>,
}

/// Task that the command line requests.
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
                    arguments.mode = Some(mode.map_err(|_| "--mode is not valid Unicode".to_owned())?);
                }
                Some("--allow-bypass") => arguments.allow_bypass = true,
                Some("--steer") => arguments.steer = true,
                Some("--keep") => {
                    arguments.keep.get_or_insert(ALONE);
                }
                Some("--keep-for") => {
                    let time = value("--keep-for")?;
                    let parsed = time.to_str().and_then(|time| humantime::parse_duration(time).ok());
                    arguments.keep = Some(
                        parsed.ok_or(format!("--keep-for: {} is not a duration; e.g. 30m or 2h", time.display()))?,
                    );
                }
                #[cfg(feature = "protocol-v2")]
                Some("--protocol-v2") => arguments.protocol_v2 = true,
                #[cfg(not(feature = "protocol-v2"))]
                Some("--protocol-v2") => {
                    return Err("--protocol-v2 needs a build with the feature `protocol-v2`".to_owned());
                }
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
        arguments.check()?;
        Ok(Wanted::Serve(arguments))
    }

    fn check(&self) -> Result<(), String> {
        match self.keep {
            Some(_) if cfg!(not(unix)) => Err("--keep needs Unix sockets, which this system does not have".to_owned()),
            Some(_) if self.journal.is_some() => {
                Err("--keep cannot be combined with --journal: a kept session has a journal of its own".to_owned())
            }
            _ => Ok(()),
        }
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
            keep: None,
            #[cfg(feature = "protocol-v2")]
            protocol_v2: false,
            rest: vec!["--model".into(), "opus".into()],
        };
        assert_eq!(parse(&line), Ok(Wanted::Serve(expected)));
    }

    #[test]
    #[cfg(unix)]
    fn sessions_are_kept_for_a_time() {
        let kept = |words: &[&str]| match parse(words) {
            Ok(Wanted::Serve(arguments)) => arguments.keep.map(|time| time.as_secs()),
            other => panic!("{other:?}"),
        };
        for (words, seconds) in [
            (&[][..], None),
            (&["--keep"], Some(3600)),
            (&["--keep-for", "90s"], Some(90)),
            (&["--keep-for", "90s", "--keep"], Some(90)),
        ] {
            assert_eq!(kept(words), seconds, "{words:?}");
        }
        for (words, error) in [
            (&["--keep-for", "soon"][..], "--keep-for: soon is not a duration; e.g. 30m or 2h"),
            (
                &["--keep", "--journal", "/j"],
                "--keep cannot be combined with --journal: a kept session has a journal of its own",
            ),
        ] {
            assert_eq!(parse(words), Err(error.to_owned()));
        }
    }

    #[test]
    fn errors_name_the_argument() {
        assert_eq!(parse(&["--claude"]), Err("--claude needs a value".to_owned()));
        assert_eq!(parse(&["--model"]), Err("unknown argument --model".to_owned()));
        assert_eq!(parse(&["x"]), Err("unknown argument x".to_owned()));
    }

    #[test]
    fn the_readme_has_each_option() {
        let options = USAGE.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
        let readme = include_str!("../README.md");
        let table: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `--")).collect();
        for option in options {
            assert!(table.iter().any(|line| line.contains(option)), "{option}");
        }
    }

    #[test]
    fn version_2_is_a_feature_of_the_build() {
        #[cfg(feature = "protocol-v2")]
        assert!(matches!(parse(&["--protocol-v2"]), Ok(Wanted::Serve(Arguments { protocol_v2: true, .. }))));
        #[cfg(not(feature = "protocol-v2"))]
        assert!(parse(&["--protocol-v2"]).is_err_and(|error| error.contains("needs a build with the feature")));
    }
}
