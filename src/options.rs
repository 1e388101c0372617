//! Command line and environment of the CLI, as a pure function of the host's settings.
//!
//! [`Options`] contains the settings. [`Options::invocation`] checks them and returns an [`Invocation`]: a program, its
//! arguments and its environment. This module neither reads files nor spawns processes.
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
//! # Order of the arguments
//!
//! The arguments are written in this order:
//!
//! * the launcher, the script runtime, the program, and the global arguments
//! * the flags
//! * the fixed flags of every session: `--print`, `--verbose`, both formats, and `--replay-user-messages`
//! * the raw arguments
//!
//! A value can never act as a flag. It is bound to its flag (`--resume=VALUE`). Old versions of the CLI ignore this form
//! for a few flags. Values of these flags cannot start with `-`. Global, launcher and raw arguments are not checked.
//!
//! # Settings in the `initialize` request
//!
//! Some settings are part of the [`initialize`](crate::request::Initialize) request instead:
//!
//! * hooks and kinds of dialogs
//! * the title, tool aliases, and instructions for plan mode
//! * prompt suggestions, progress summaries, and the text of subagents
//! * manifests of in-process MCP servers
//!
//! Agents, system prompts, plugins and MCP servers can be passed in either way. A command line is limited in size, and
//! every user of the machine can read it. Pass large or secret values in `initialize` or in files.
//!
//! # Versions of the CLI
//!
//! "Since VERSION" names the oldest tested version that knows a flag or value. The tested versions are 1.0.128, 2.0.76,
//! 2.1.50, 2.1.143, 2.1.250 and 2.1.329. Older versions exit with code 1 if they do not know a flag.

mod conflicts;
mod environment;
mod error;
mod flags;
mod invocation;
mod model;
mod permission_options;
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
#[cfg(all(any(windows, test), feature = "driver"))]
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

/// Settings of the CLI process: program, arguments and environment.
///
/// Methods that set a value replace an earlier one. If a method adds a value instead, its documentation begins with "Adds".
/// [`invocation`](Self::invocation) detects conflicts.
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
    /// Creates options for the program `claude` with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the program to run instead of `claude`. A `.js`, `.mjs` or `.cjs` file is run by `node`.
    ///
    /// Use an absolute path if a working directory is set: systems differ in how they resolve a relative path.
    ///
    /// On Windows, a batch file of npm (`claude.cmd`) is replaced by the program that it starts: see
    /// [`windows_shim_target`]. Without this option, the drivers search the paths in [`windows_candidates`].
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

    /// Sets the program that runs scripts, and its arguments, instead of `node`.
    pub fn runtime<T: Into<OsString>>(
        mut self,
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = T>,
    ) -> Self {
        self.runtime = Some((program.into(), args.into_iter().map(Into::into).collect()));
        self
    }

    /// Sets a launcher: a program, with arguments, that starts the CLI. Examples are `setpriv --pdeathsig TERM` and a
    /// container's `exec`.
    ///
    /// The working directory and the environment apply to the launcher. A launcher that joins its arguments for a shell,
    /// e.g. `ssh`, splits bound values again: quote them for the shell.
    pub fn launcher<T: Into<OsString>>(
        mut self,
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = T>,
    ) -> Self {
        self.launcher = Some((program.into(), args.into_iter().map(Into::into).collect()));
        self
    }

    /// Adds an argument directly after the program. The argument is passed unchanged and unchecked.
    pub fn global_arg(mut self, arg: impl Into<OsString>) -> Self {
        self.global_args.push(arg.into());
        self
    }

    /// Adds a raw argument at the end. The argument is passed unchanged and unchecked: one that starts with `-` is a flag,
    /// and the CLI exits with code 1 if it does not know the flag.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.extra_args.push(arg.into());
        self
    }

    /// Adds raw arguments at the end, unchanged and unchecked.
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.extra_args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets the working directory, instead of that of the host. If it is absolute, `PWD` is set to it. The start fails if
    /// the directory does not exist.
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

/// Shows which options are set. Values are shown only if they are short and not secret.
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
