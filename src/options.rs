//! Command line and environment of the CLI: a pure function of what the host wants.
//!
//! [`Options`] says it, [`Options::invocation`] checks it and gives an [`Invocation`]: a program,
//! its arguments, its environment. Nothing is read or spawned.
//!
//! ```
//! use claude_duplex::options::{Options, PermissionMode};
//!
//! let invocation = Options::new()
//!     .model("sonnet")
//!     .permission_mode(PermissionMode::Plan)
//!     .current_dir("/srv/project")
//!     .invocation()?;
//! assert_eq!(invocation.program, "claude");
//! assert_eq!(invocation.args[..2], ["--model=sonnet", "--permission-mode=plan"]);
//! let command = invocation.to_command();
//! # Ok::<(), claude_duplex::options::OptionsError>(())
//! ```
//!
//! The words come in this order: launcher, script runtime, program, global arguments, flags, what
//! every session needs (`--print`, the two formats, `--verbose`, `--replay-user-messages`), raw
//! arguments.
//!
//! **A value never becomes a flag.** It is bound (`--resume=VALUE`), or, where an old version
//! ignores that form, made so that it cannot start with `-`. Global, launcher and raw arguments are
//! the caller's own and are passed as they are.
//!
//! **What is not here** travels in the `initialize` request: hooks, the title, tool aliases,
//! plan mode instructions, prompt suggestions, progress summaries, subagent text, dialog kinds,
//! in-process MCP servers' manifests. Agents, system prompts, plugins and MCP servers can go either way; a
//! command line is short and every user of the machine can read it, so large and secret things
//! belong into that request, or into files.
//!
//! "From VERSION" in these pages names the oldest that knows a flag or value among 1.0.128, 2.0.76,
//! 2.1.50, 2.1.143, 2.1.250 and 2.1.329, where each was tried; older ones exit with code 1 at it.

mod asking;
mod conflicts;
mod environment;
mod error;
mod flags;
mod invocation;
mod model;
mod session;
mod settings;
mod support;
#[cfg(test)]
mod tests;
mod tools;
mod values;
mod windows;

pub use environment::EnvChange;
pub use error::OptionsError;
pub use flags::{flags, flags_without_option};
#[cfg(all(any(windows, test), any(feature = "smol", feature = "tokio")))]
pub(crate) use invocation::LocalProgram;
pub use invocation::{Invocation, Platform};
#[cfg(any(feature = "smol", feature = "tokio"))]
pub(crate) use support::version_in;
pub use support::{Support, flag_support, request_support};
pub use values::{
    Effort, InitializeField, PermissionMode, PreviewFormat, SettingSource, Skills, ThinkingDisplay, ThinkingMode,
    Tools, Worktree,
};
pub use windows::{windows_candidates, windows_shim_target};

use crate::base::json::Json;
use environment::Environment;
use settings::Settings;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// How the CLI is started.
///
/// Methods that set one value replace an earlier one; those that add say so. What contradicts itself
/// is found by [`invocation`](Self::invocation).
///
/// ```
/// use claude_duplex::options::{Options, OptionsError};
///
/// let options = Options::new()
///     .model("sonnet")
///     .max_turns(8)
///     .resume("--help")
///     .env("TOKEN", "secret");
/// let invocation = options.invocation()?;
/// assert!(
///     invocation.args.iter().any(|word| word == "--resume=--help"),
///     "a value never becomes a flag"
/// );
/// assert!(!format!("{options:?}").contains("secret"), "and no secret is shown");
///
/// let both = Options::new().resume("a").continue_latest();
/// assert!(both.invocation().is_err());
/// # Ok::<(), OptionsError>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Options {
    program: Option<OsString>,
    launcher: Option<(OsString, Vec<OsString>)>,
    runtime: Option<(OsString, Vec<OsString>)>,
    global_args: Vec<OsString>,
    extra_args: Vec<OsString>,
    current_dir: Option<PathBuf>,
    environment: Environment,
    flags: flags::Set,
    host_prompts: bool,
    skills: Vec<String>,
    settings: Option<Settings>,
    sandbox: Option<Json>,
    mcp_servers: BTreeMap<String, Json>,
}

impl Options {
    /// The program `claude` with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs this program instead of `claude`; a `.js`, `.mjs` or `.cjs` file is run by `node`.
    ///
    /// With a working directory, give an absolute path: which directory a relative one starts from
    /// differs between systems.
    ///
    /// On Windows, a batch file of npm (`claude.cmd`) stands for the program that it starts, see
    /// [`windows_shim_target`]; without this option the drivers look for [`windows_candidates`].
    ///
    /// ```
    /// use claude_duplex::options::Options;
    /// let invocation = Options::new().program("/opt/claude/cli.js").invocation()?;
    /// assert_eq!(
    ///     (invocation.program, &invocation.args[0]),
    ///     ("node".into(), &"/opt/claude/cli.js".into())
    /// );
    /// # Ok::<(), claude_duplex::options::OptionsError>(())
    /// ```
    pub fn program(mut self, program: impl Into<OsString>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Runs scripts by this program and these arguments of its own instead of `node`.
    pub fn runtime<T: Into<OsString>>(
        mut self,
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = T>,
    ) -> Self {
        self.runtime = Some((program.into(), args.into_iter().map(Into::into).collect()));
        self
    }

    /// Puts a program with arguments in front: `setpriv --pdeathsig TERM`, a container's `exec`.
    ///
    /// Working directory and environment are the launcher's. One that joins its arguments for a
    /// shell (`ssh`) undoes the binding of values: quote them for it.
    pub fn launcher<T: Into<OsString>>(
        mut self,
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = T>,
    ) -> Self {
        self.launcher = Some((program.into(), args.into_iter().map(Into::into).collect()));
        self
    }

    /// Adds an argument right behind the program, as it is: it is not checked.
    pub fn global_arg(mut self, arg: impl Into<OsString>) -> Self {
        self.global_args.push(arg.into());
        self
    }

    /// Adds a raw argument, as it is, behind everything else. It is not checked: what starts with `-` is a flag, and one that
    /// the CLI does not know makes it exit with 1.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.extra_args.push(arg.into());
        self
    }

    /// Adds raw arguments, as they are, behind everything else.
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.extra_args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Runs in this directory, in place of the host's; `PWD` follows an absolute one. One that is not there fails the start.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.current_dir = Some(directory.into());
        self
    }

    fn put(mut self, token: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.flags.insert(token, vec![value.as_ref().to_owned()]);
        self
    }

    fn push(mut self, token: &'static str, value: impl AsRef<OsStr>) -> Self {
        let values = self.flags.entry(token).or_default();
        values.push(value.as_ref().to_owned());
        self
    }

    fn extend<T: Into<String>>(self, token: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        values.into_iter().fold(self, |this, value| this.push(token, value.into()))
    }

    fn replace(mut self, token: &'static str, values: impl IntoIterator<Item = String>) -> Self {
        self.flags.insert(token, values.into_iter().map(Into::into).collect());
        self
    }

    fn switch(mut self, token: &'static str) -> Self {
        self.flags.insert(token, Vec::new());
        self
    }

    fn unset(mut self, token: &'static str) -> Self {
        self.flags.remove(token);
        self
    }
}

/// Prints which options are set; values only where they are short and no secret.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tokens = Vec::new();
        for row in flags::FLAGS {
            if let Some(values) = self.flags.get(row.token) {
                // A value that `invocation` would refuse is not shown either.
                if row.write(values, &mut tokens).is_err() {
                    tokens.push(row.token.into());
                }
            }
        }
        let first = |command: &Option<(OsString, Vec<OsString>)>| command.as_ref().map(|(program, _)| program.clone());
        f.debug_struct("Options")
            .field("program", &self.program)
            .field("launcher", &first(&self.launcher))
            .field("runtime", &first(&self.runtime))
            .field("current_dir", &self.current_dir)
            .field("flags", &tokens.iter().map(|token| invocation::shown(token)).collect::<Vec<_>>())
            .field("host_prompts", &self.host_prompts)
            .field("settings", &self.settings.is_some())
            .field("sandbox", &self.sandbox.is_some())
            .field("skills", &self.skills)
            .field("mcp_servers", &self.mcp_servers.keys().collect::<Vec<_>>())
            .field("environment", &self.environment)
            .field("global_args", &self.global_args.len())
            .field("raw_args", &self.extra_args.len())
            .finish()
    }
}
