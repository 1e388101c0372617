//! Parsing of the CLI's command line, as far as it matters to a host.

use super::fault::Fault;
use super::script::Script;
use crate::options::{flags, flags_without_option};

/// Spellings of flags that [`flags`] does not contain.
const ALIASES: [&str; 12] =
    ["--allowed-tools", "--disallowed-tools", "-p", "-c", "-r", "-d", "-w", "-n", "-h", "-v", "--init", "--help"];

/// Flags without a value. Any other flag without `=` takes the next argument as its value.
const SWITCHES: [&str; 8] = [
    "--print",
    "--verbose",
    "--continue",
    "--replay-user-messages",
    "--include-partial-messages",
    "--fork-session",
    "--dangerously-skip-permissions",
    "--strict-mcp-config",
];

impl Script {
    /// Parses a command line like the CLI.
    ///
    /// `--replay-user-messages`, `--include-partial-messages` and `--max-turns` set the values of this script. The process
    /// fails if `--resume` names a session that [does not exist](Self::session), or if no version knows a flag. Both
    /// failures are those recorded for 2.1.143 and 2.1.332 (`bad_resume`, `bad_flag`).
    ///
    /// ```
    /// use claude_duplex::testing::{Script, TestSession};
    /// use claude_duplex::{Action, Config, Exit, Seed};
    ///
    /// let script = Script::default().args(["--print", "--no-such-flag"]);
    /// let mut pair = TestSession::new(Config::new(Seed::from_bytes([1; 16])), script);
    /// let Action::Closed(closed) =
    ///     pair.run_until(|action| matches!(action, Action::Closed(_)))
    /// else {
    ///     unreachable!()
    /// };
    /// assert_eq!(
    ///     (closed.exit, &*closed.stderr),
    ///     (Some(Exit::Code(1)), "error: unknown option '--no-such-flag'\n")
    /// );
    /// ```
    #[must_use]
    pub fn args<T: AsRef<str>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        (self.replay, self.partial) = (false, false);
        let mut args = args.into_iter().peekable();
        while let Some(arg) = args.next() {
            let (name, bound) = match arg.as_ref().split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_ref(), None),
            };
            if !name.starts_with('-') {
                continue;
            }
            if !is_known(name) {
                return self.fault(Fault::UnknownFlag(name.to_owned()));
            }
            let next_is_value = args.peek().is_some_and(|next| !next.as_ref().starts_with('-'));
            let value = match bound {
                None if next_is_value && !SWITCHES.contains(&name) => args.next().map(|next| next.as_ref().to_owned()),
                bound => bound,
            };
            match (name, value) {
                ("--replay-user-messages", _) => self.replay = true,
                ("--include-partial-messages", _) => self.partial = true,
                ("--max-turns", Some(most)) => self.max_turns = most.parse().ok(),
                ("--resume" | "-r", Some(session)) if !self.sessions.contains(&session) => {
                    return self.fault(Fault::BadResume(session));
                }
                _ => {}
            }
        }
        self
    }
}

fn is_known(name: &str) -> bool {
    flags().any(|known| known == name)
        || flags_without_option().any(|(known, _)| known == name)
        || ALIASES.contains(&name)
}
