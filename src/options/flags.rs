//! Every flag in one row: how it is written, what an empty value means, what is checked.
//!
//! The rows are also the order on the command line. The builder methods are in `model`, `session`,
//! `tools` and `settings`; each names its row by the flag's own spelling.

use super::error::OptionsError;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The flags that are set, by spelling; a switch has no values.
pub(super) type Set = BTreeMap<&'static str, Vec<OsString>>;

/// How a flag and its values become tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `--flag`
    Switch,
    /// `--flag=value`, once for each value: a value can be no flag, and a variadic option takes
    /// nothing that follows.
    Bound,
    /// `--flag=a,b`
    List,
    /// `--flag` or `--flag=value`. The bare form would take a following word, so a flag follows.
    Optional,
    /// `--flag` `value`, because 1.0.128 accepts `--settings=X` and `--setting-sources=X` and then
    /// ignores them. Such a value is made or checked so that it never starts with `-`.
    Pair,
}

/// What an empty value means.
#[derive(Clone, Copy)]
enum Blank {
    Refused,
    /// The CLI gives it a meaning of its own.
    Meant,
}

type Check = fn(&str) -> Result<(), &'static str>;

/// One row.
pub(super) struct Flag {
    pub(super) token: &'static str,
    pub(super) form: Form,
    blank: Blank,
    /// Of each value.
    check: Option<Check>,
    /// Short and harmless: `Debug` may print it.
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

    /// Appends the tokens for `values`.
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
            // An empty list can mean something, an empty name in it cannot.
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

/// Emitted always, and last of ours: raw arguments that follow meet a switch, which takes no word.
///
/// The echo of prompts (`--replay-user-messages`) is the only signal by which every CLI version
/// says which prompt a turn takes up. `--print` is implied by stream-json input, but an entrypoint
/// is chosen by looking for it.
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

/// All flags, in the order in which they are written.
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

/// Flags of the newest version (2.1.332) that deliberately have no method, and the reason. A host that needs one passes it by
/// [`args`](super::Options::args). `tests/real_cli` compares this list and [`FLAGS`] with `claude --help`.
const WITHOUT_METHOD: &[(&str, &str)] = &[
    ("--ax-screen-reader", "of the terminal"),
    ("--background", "the process ends at once; a session needs its pipes"),
    ("--bg", "the process ends at once; a session needs its pipes"),
    ("--cloud", "the session runs elsewhere, without these pipes"),
    ("--desktop", "opens another program"),
    ("--environment", "of cloud sessions"),
    ("--from-pr", "may open a list to choose from; resume by id or name"),
    ("--help", "prints and ends"),
    ("--mcp-debug", "deprecated, and gone since 2.1.250; `debug` says more"),
    ("--ide", "connects to an editor by itself; a host is in its place"),
    ("--remote-control", "of the terminal"),
    ("--remote-control-session-name-prefix", "of the terminal"),
    ("--teleport", "may open a list to choose from"),
    ("--tmux", "of the terminal"),
    ("--version", "prints and ends"),
];

/// Returns the flags of the CLI that [`Options`](super::Options) writes: those of its methods, then those that every session has.
///
/// ```
/// assert!(claude_duplex::options::flags().any(|flag| flag == "--model"));
/// ```
pub fn flags() -> impl Iterator<Item = &'static str> {
    let fixed = FIXED.iter().copied().filter(|token| token.starts_with("--"));
    FLAGS.iter().map(|flag| flag.token).chain(fixed)
}

/// Returns the flags of the CLI that deliberately have no method, each with the reason. A host passes them by
/// [`args`](super::Options::args).
///
/// ```
/// let mut without = claude_duplex::options::flags_without_option();
/// assert!(
///     without.any(|(flag, reason)| flag == "--tmux" && reason == "of the terminal")
/// );
/// ```
pub fn flags_without_option() -> impl Iterator<Item = (&'static str, &'static str)> {
    WITHOUT_METHOD.iter().copied()
}

/// The row of a spelling.
pub(super) fn flag(token: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.token == token)
}

fn expect(holds: bool, expected: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(expected) }
}

fn positive_integer(value: &str) -> Result<(), &'static str> {
    expect(value.parse::<u64>().is_ok_and(|n| n > 0), "takes a number above zero")
}

fn positive_number(value: &str) -> Result<(), &'static str> {
    let number = value.parse::<f64>();
    expect(number.is_ok_and(|n| n.is_finite() && n > 0.0), "takes a finite number above zero")
}

fn absolute(value: &str) -> Result<(), &'static str> {
    let absolute = value.starts_with('/') || super::windows::is_absolute(value);
    expect(absolute, "takes an absolute path")
}

fn object(value: &str) -> Result<(), &'static str> {
    expect(value.starts_with('{'), "takes a JSON object")
}

fn uuid(value: &str) -> Result<(), &'static str> {
    let groups = value.split('-').map(str::len);
    let shaped = groups.eq([8, 4, 4, 4, 12]) && value.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    expect(shaped, "takes a UUID; name a session by `resume` instead")
}

fn url(value: &str) -> Result<(), &'static str> {
    expect(value.starts_with("https://") || value.starts_with("http://"), "takes an http or https URL")
}

fn file_spec(value: &str) -> Result<(), &'static str> {
    let shaped = value.split_once(':').is_some_and(|(id, path)| !id.is_empty() && !path.is_empty());
    expect(shaped && !value.contains(char::is_whitespace), "takes FILE_ID:RELATIVE_PATH without blanks")
}

fn one_word(value: &str) -> Result<(), &'static str> {
    let broken = |c: char| c == ',' || c.is_whitespace();
    expect(!value.contains(broken), "takes names without commas and blanks; give each on its own")
}

fn plain_word(value: &str) -> Result<(), &'static str> {
    expect(!value.starts_with('-'), "takes names that do not start with `-`")?;
    one_word(value)
}

/// The CLI splits rules at commas and blanks outside of parentheses. 1.0.128 does not
/// count nested ones; a rule has to be one rule whether they are counted or not.
fn one_rule(value: &str) -> Result<(), &'static str> {
    let expected = "takes rules that stay whole: commas and blanks only inside of balanced \
                    parentheses; give each rule on its own";
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
