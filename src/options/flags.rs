//! Table of all flags, one row for each: its form, the meaning of an empty value, and its check.
//!
//! The order of the rows is the order on the command line. The builder methods are in `model`, `session`, `tools` and
//! `settings`; each names its row by the spelling of the flag.

use super::error::OptionsError;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Flags that are set, by spelling. A switch has no values.
pub(super) type Set = BTreeMap<&'static str, Vec<OsString>>;

/// Form of a flag and its values on the command line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Written as `--flag`.
    Switch,
    /// Written as `--flag=value`, once for each value. A value cannot act as a flag, and a flag with several values cannot
    /// take the arguments that follow.
    Bound,
    /// Written as `--flag=a,b`.
    List,
    /// Written as `--flag` or `--flag=value`. Without a value the flag could take the next argument, so a flag follows it.
    Optional,
    /// Written as two arguments, `--flag` and `value`. 1.0.128 accepts `--settings=X` and `--setting-sources=X`, but
    /// ignores them. The value is built or checked so that it never starts with `-`.
    Pair,
}

/// Meaning of an empty value.
#[derive(Clone, Copy)]
enum Blank {
    Refused,
    /// The CLI assigns a meaning to an empty value.
    Meant,
}

type Check = fn(&str) -> Result<(), &'static str>;

/// Row of the table.
pub(super) struct Flag {
    pub(super) token: &'static str,
    pub(super) form: Form,
    blank: Blank,
    /// Check of each value.
    check: Option<Check>,
    /// `true` if the value is short and not secret: `Debug` may show it.
    pub(super) shown: bool,
}

impl Flag {
    const fn new(token: &'static str, form: Form) -> Self {
        Self { token, form, blank: Blank::Refused, check: None, shown: false }
    }
    const fn blank(self) -> Self {
        Self { blank: Blank::Meant, ..self }
    }
    const fn shown(self) -> Self {
        Self { shown: true, ..self }
    }
    const fn check(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Appends the arguments of this flag for `values`.
    pub(super) fn write(&self, values: &[OsString], into: &mut Vec<OsString>) -> Result<(), OptionsError> {
        for value in values {
            self.verify(value)?;
        }
        if self.is_list() && values.is_empty() && matches!(self.blank, Blank::Refused) {
            return Err(OptionsError::Empty { option: self.token });
        }
        match self.form {
            Form::Switch => into.push(self.token.into()),
            Form::Optional if values.is_empty() => into.push(self.token.into()),
            Form::Bound | Form::Optional => {
                into.extend(values.iter().map(|value| bind(self.token, value)));
            }
            Form::List => into.push(bind(self.token, &values.join(OsStr::new(",")))),
            Form::Pair => into.extend([self.token.into(), values.join(OsStr::new(","))]),
        }
        Ok(())
    }

    fn is_list(&self) -> bool {
        matches!(self.form, Form::List | Form::Pair)
    }

    fn verify(&self, value: &OsStr) -> Result<(), OptionsError> {
        if value.is_empty() {
            // An empty list can have a meaning, but an empty element cannot.
            let refused = self.is_list() || matches!(self.blank, Blank::Refused);
            return if refused { Err(OptionsError::Empty { option: self.token }) } else { Ok(()) };
        }
        match self.check.map(|check| check(&value.to_string_lossy())) {
            Some(Err(expected)) => Err(OptionsError::Value { option: self.token, expected }),
            _ => Ok(()),
        }
    }
}

fn bind(token: &str, value: &OsStr) -> OsString {
    let mut bound = OsString::from(token);
    bound.push("=");
    bound.push(value);
    bound
}

/// Flags of every session, written after all others. The raw arguments that follow come after a switch, which takes no
/// value.
///
/// In every version of the CLI, only the echo of prompts (`--replay-user-messages`) identifies the prompt of a turn. The
/// input format `stream-json` implies `--print`, but the CLI searches for this flag to choose an entrypoint.
pub(super) const FIXED: &[&str] = &[
    "--print",
    "--verbose",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--replay-user-messages",
];

use Form::{Bound, List, Optional, Pair, Switch};

/// All flags, in the order of the command line.
pub(super) const FLAGS: &[Flag] = &[
    Flag::new("--model", Bound).shown(),
    Flag::new("--fallback-model", Bound).shown(),
    Flag::new("--agent", Bound).shown(),
    Flag::new("--agents", Bound).check(object),
    Flag::new("--effort", Bound).shown(),
    Flag::new("--thinking", Bound).shown(),
    Flag::new("--max-thinking-tokens", Bound).shown().check(positive_integer),
    Flag::new("--thinking-display", Bound).shown(),
    Flag::new("--betas", Bound).shown().check(one_word),
    Flag::new("--max-turns", Bound).shown().check(positive_integer),
    Flag::new("--max-budget-usd", Bound).shown().check(positive_number),
    Flag::new("--task-budget", Bound).shown().check(positive_integer),
    Flag::new("--json-schema", Bound).check(object),
    Flag::new("--system-prompt", Bound).blank(),
    Flag::new("--system-prompt-file", Bound),
    Flag::new("--append-system-prompt", Bound),
    Flag::new("--append-system-prompt-file", Bound),
    Flag::new("--exclude-dynamic-system-prompt-sections", Switch),
    Flag::new("--system-prompt-snapshot", Bound).shown(),
    Flag::new("--autocompact", Bound).shown(),
    Flag::new("--tools", List).blank().shown().check(one_rule),
    Flag::new("--allowedTools", List).shown().check(one_rule),
    Flag::new("--disallowedTools", List).shown().check(one_rule),
    Flag::new("--permission-mode", Bound).shown(),
    Flag::new("--dangerously-skip-permissions", Switch),
    Flag::new("--allow-dangerously-skip-permissions", Switch),
    Flag::new("--permission-prompt-tool", Bound).shown(),
    Flag::new("--permission-prompts", Bound).shown(),
    Flag::new("--add-dir", Bound).shown(),
    Flag::new("--mcp-config", Bound),
    Flag::new("--strict-mcp-config", Switch),
    Flag::new("--plugin-dir", Bound).shown(),
    Flag::new("--plugin-dir-no-mcp", Bound).shown(),
    Flag::new("--plugin-url", Bound).check(url),
    Flag::new("--disable-slash-commands", Switch),
    Flag::new("--restricted", Switch),
    Flag::new("--chrome", Switch),
    Flag::new("--no-chrome", Switch),
    Flag::new("--brief", Switch),
    Flag::new("--file", Bound).check(file_spec),
    Flag::new("--continue", Switch),
    Flag::new("--resume", Bound).shown(),
    Flag::new("--session-id", Bound).shown().check(uuid),
    Flag::new("--fork-session", Switch),
    Flag::new("--resume-session-at", Bound).shown(),
    Flag::new("--resume-drops-turn", Bound).blank().shown(),
    Flag::new("--no-session-persistence", Switch),
    Flag::new("--name", Bound),
    Flag::new("--session-mirror", Switch),
    Flag::new("--worktree", Optional).shown(),
    Flag::new("--settings", Pair),
    Flag::new("--setting-sources", Pair).blank().shown().check(plain_word),
    Flag::new("--managed-settings", Bound).check(object),
    Flag::new("--managed-settings-in-initialize", Switch),
    Flag::new("--initialize-fields", List).shown().check(plain_word),
    Flag::new("--project-config-root", Bound).shown().check(absolute),
    Flag::new("--bare", Switch),
    Flag::new("--safe-mode", Switch),
    Flag::new("--include-partial-messages", Switch),
    Flag::new("--include-hook-events", Switch),
    Flag::new("--forward-subagent-text", Switch),
    Flag::new("--prompt-suggestions", Bound).shown(),
    Flag::new("--await-initialize", Switch),
    Flag::new("--await-claim", Switch),
    Flag::new("--debug", Optional).shown(),
    Flag::new("--debug-to-stderr", Switch),
    Flag::new("--debug-file", Bound).shown(),
];

/// Flags of the newest version (2.1.332) that deliberately have no method, and the reason. A host can pass them with
/// [`args`](super::Options::args). `tests/real_cli` compares this list and [`FLAGS`] with `claude --help`.
const WITHOUT_METHOD: &[(&str, &str)] = &[
    ("--ax-screen-reader", "only for use in a terminal"),
    ("--background", "the process exits at once; a session needs its pipes"),
    ("--bg", "the process exits at once; a session needs its pipes"),
    ("--cloud", "the session runs elsewhere, without these pipes"),
    ("--desktop", "opens another program"),
    ("--environment", "only for cloud sessions"),
    ("--from-pr", "can open a selection list; resume by id or name"),
    ("--help", "prints text and exits"),
    ("--mcp-debug", "deprecated, and missing since 2.1.250; use `debug`"),
    ("--ide", "connects to an editor; the host replaces the editor"),
    ("--remote-control", "only for use in a terminal"),
    ("--remote-control-session-name-prefix", "only for use in a terminal"),
    ("--teleport", "can open a selection list"),
    ("--tmux", "only for use in a terminal"),
    ("--version", "prints text and exits"),
];

/// Returns the flags of the CLI that [`Options`](super::Options) writes: those of its methods, then those of every session.
///
/// ```
/// assert!(claude_duplex::options::flags().any(|flag| flag == "--model"));
/// ```
pub fn flags() -> impl Iterator<Item = &'static str> {
    let fixed = FIXED.iter().copied().filter(|token| token.starts_with("--"));
    FLAGS.iter().map(|flag| flag.token).chain(fixed)
}

/// Returns the flags of the CLI that deliberately have no method, each with the reason. A host can pass them with
/// [`args`](super::Options::args).
///
/// ```
/// let mut without = claude_duplex::options::flags_without_option();
/// assert!(without.any(|flag| flag == ("--tmux", "only for use in a terminal")));
/// ```
pub fn flags_without_option() -> impl Iterator<Item = (&'static str, &'static str)> {
    WITHOUT_METHOD.iter().copied()
}

/// Returns the row of a flag.
pub(super) fn flag(token: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.token == token)
}

fn expect(holds: bool, expected: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(expected) }
}

fn positive_integer(value: &str) -> Result<(), &'static str> {
    expect(value.parse::<u64>().is_ok_and(|n| n > 0), "must be a number above zero")
}

fn positive_number(value: &str) -> Result<(), &'static str> {
    let number = value.parse::<f64>();
    expect(number.is_ok_and(|n| n.is_finite() && n > 0.0), "must be a finite number above zero")
}

fn absolute(value: &str) -> Result<(), &'static str> {
    let absolute = value.starts_with('/') || super::windows::is_absolute(value);
    expect(absolute, "must be an absolute path")
}

fn object(value: &str) -> Result<(), &'static str> {
    expect(value.starts_with('{'), "must be a JSON object")
}

fn uuid(value: &str) -> Result<(), &'static str> {
    let groups = value.split('-').map(str::len);
    let shaped = groups.eq([8, 4, 4, 4, 12]) && value.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    expect(shaped, "must be a UUID; to use a name, call `resume` instead")
}

fn url(value: &str) -> Result<(), &'static str> {
    expect(value.starts_with("https://") || value.starts_with("http://"), "must be an http or https URL")
}

fn file_spec(value: &str) -> Result<(), &'static str> {
    let shaped = value.split_once(':').is_some_and(|(id, path)| !id.is_empty() && !path.is_empty());
    expect(shaped && !value.contains(char::is_whitespace), "must be FILE_ID:RELATIVE_PATH without spaces")
}

fn one_word(value: &str) -> Result<(), &'static str> {
    let broken = |c: char| c == ',' || c.is_whitespace();
    expect(!value.contains(broken), "must be a name without commas and spaces; pass each name separately")
}

fn plain_word(value: &str) -> Result<(), &'static str> {
    expect(!value.starts_with('-'), "must be a name that does not start with `-`")?;
    one_word(value)
}

/// Checks that a value is a single rule. The CLI splits rules at commas and spaces outside parentheses. 1.0.128 ignores
/// nested parentheses. The value must be a single rule in either case.
fn one_rule(value: &str) -> Result<(), &'static str> {
    let expected = "must be one rule, with commas and spaces only inside balanced \
                    parentheses; pass each rule separately";
    let (mut depth, mut inside) = (0_u32, false);
    for c in value.chars() {
        match c {
            '(' => (depth, inside) = (depth + 1, true),
            ')' => (depth, inside) = (depth.checked_sub(1).ok_or(expected)?, false),
            ',' => expect(inside, expected)?,
            c if c.is_whitespace() => expect(inside, expected)?,
            _ => {}
        }
    }
    expect(depth == 0, expected)
}
