//! Conversion of options to an invocation.

use super::error::OptionsError;
use super::flags::{FIXED, FLAGS, Form, Set, flag};
use super::{EnvChange, Options, PermissionMode, conflicts, settings, windows};
use crate::base::json::Json;
use crate::wire::fields::Fields;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Maximum size of one argument on Linux in bytes, without its NUL. 131,071 bytes work; one more byte is `E2BIG`. Other
/// systems allow more, but options should work on all systems alike.
const ARGUMENT_LIMIT: usize = 131_071;

/// A program to spawn, with its arguments, working directory and environment.
///
/// A caller that does not use [`to_command`](Self::to_command) applies `clear_env` first, and then the changes in `env` in
/// order.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invocation {
    /// Program to start: the launcher, the script runtime, or the CLI itself.
    pub program: OsString,
    /// Arguments of the program.
    pub args: Vec<OsString>,
    /// Working directory. `None` means that of the host.
    pub current_dir: Option<PathBuf>,
    /// `true` if no environment variable is inherited.
    pub clear_env: bool,
    /// Changes to the environment. A later change overrides an earlier one.
    pub env: Vec<EnvChange>,
}

impl Invocation {
    /// Returns the invocation as a [`Command`] without configured streams. Nothing is spawned.
    pub fn to_command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        if let Some(directory) = &self.current_dir {
            command.current_dir(directory);
        }
        if self.clear_env {
            command.env_clear();
        }
        for change in &self.env {
            match change {
                EnvChange::Set(name, value) => command.env(name, value),
                EnvChange::Remove(name) => command.env_remove(name),
            };
        }
        command
    }
}

impl From<&Invocation> for Command {
    fn from(invocation: &Invocation) -> Self {
        invocation.to_command()
    }
}

/// Hides values of the environment, prompts, settings and raw arguments.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("program", &self.program)
            .field("args", &self.args.iter().map(|arg| shown(arg)).collect::<Vec<_>>())
            .field("current_dir", &self.current_dir)
            .field("clear_env", &self.clear_env)
            .field("env", &self.env)
            .finish()
    }
}

/// Returns an argument in a form that may be logged. If it may be secret, only its size is shown.
pub(super) fn shown(token: &OsStr) -> String {
    let text = token.to_string_lossy();
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (&*text, None),
    };
    match (flag(name), value) {
        (Some(row), Some(value)) if row.shown && value.len() <= 200 => text.into_owned(),
        (Some(_), Some(value)) => format!("{name}=<{} bytes>", value.len()),
        (Some(_), None) => text.into_owned(),
        (None, _) if FIXED.contains(&&*text) => text.into_owned(),
        (None, _) => format!("<{} bytes>", token.len()),
    }
}

/// System that starts the CLI. On Windows, command lines have other limits and risks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// Linux, macOS and other systems that pass arguments as a list.
    Unix,
    /// Windows, which passes all arguments as one text. Batch files expand this text.
    Windows,
}

impl Platform {
    /// System that the host was compiled for.
    pub const NATIVE: Self = if cfg!(windows) { Self::Windows } else { Self::Unix };
}

/// Program to search for on this machine.
#[cfg(all(any(windows, test), feature = "driver"))]
pub(crate) enum LocalProgram<'a> {
    /// Program with this name.
    Named(&'a OsStr),
    /// The default program `claude`, searched in the usual places.
    Default,
    /// No program: a launcher starts it, possibly on another machine.
    Elsewhere,
}

impl Options {
    /// Checks the options and converts them to an invocation for the system that this crate was compiled for.
    ///
    /// # Errors
    ///
    /// Returns an [`OptionsError`] if the CLI would refuse, ignore or misread an option.
    pub fn invocation(&self) -> Result<Invocation, OptionsError> {
        self.invocation_for(Platform::NATIVE)
    }

    /// Does the same as [`invocation`](Self::invocation) for another system. A launcher may start the CLI elsewhere, and
    /// tests check the rules of both systems.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`invocation`](Self::invocation).
    pub fn invocation_for(&self, platform: Platform) -> Result<Invocation, OptionsError> {
        let windows = platform == Platform::Windows;
        let set = self.resolved()?;
        conflicts::check(&set)?;
        if windows {
            check_windows_values(&set)?;
        }
        let (program, mut args) = self.program_words(windows)?;
        let ours = args.len();
        for row in FLAGS {
            if let Some(values) = set.get(row.token) {
                row.write(values, &mut args)?;
            }
        }
        args.extend(FIXED.iter().map(OsString::from));
        args.extend(self.extra_args.iter().cloned());
        check_tokens(&program, &args, ours, windows)?;
        if let Some(directory) = &self.current_dir {
            check_directory(directory)?;
        }
        Ok(Invocation {
            program,
            args,
            current_dir: self.current_dir.clone(),
            clear_env: self.environment.clear,
            env: self.environment.resolved(self.current_dir.as_deref(), windows)?,
        })
    }

    /// Returns the flags, including those that are combined from several options.
    fn resolved(&self) -> Result<Set, OptionsError> {
        let mut set = self.flags.clone();
        for name in &self.skills {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | ' ');
            if name.trim() != name || name.is_empty() || !name.chars().all(plain) {
                let expected = "must be names of letters, digits, `-`, `_`, `:`, `.`, and spaces between them";
                return Err(OptionsError::Value { option: "skills", expected });
            }
            set.entry("--allowedTools").or_default().push(format!("Skill({name})").into());
        }
        if self.host_prompts {
            if set.contains_key("--permission-prompt-tool") {
                return Err(OptionsError::Conflict {
                    first: "host_permission_prompts",
                    second: "permission_prompt_tool",
                    way_out: "send permission requests either to the host or to an MCP tool",
                });
            }
            set.insert("--permission-prompt-tool", vec!["stdio".into()]);
            if !set.contains_key("--dangerously-skip-permissions") {
                set.entry("--permission-mode").or_insert_with(|| vec![PermissionMode::Default.as_str().into()]);
            }
        }
        if let Some(settings) = settings::merged(self.settings.as_ref(), self.sandbox.as_ref())? {
            set.insert("--settings", vec![settings]);
        }
        if !self.mcp_servers.is_empty() {
            let option = "mcp_server";
            if self.mcp_servers.contains_key("") {
                return Err(OptionsError::Empty { option });
            }
            if !self.mcp_servers.values().all(Json::is_object) {
                return Err(OptionsError::Value { option, expected: "must be a JSON object" });
            }
            let servers: Fields = self.mcp_servers.clone().into_iter().collect();
            let config = Json::from(Fields::from_iter([("mcpServers".to_owned(), servers.into())]));
            set.entry("--mcp-config").or_default().insert(0, config.as_str().into());
        }
        Ok(set)
    }

    /// Returns an invocation that prints the version of the program, without the flags of a session.
    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub(crate) fn version_invocation(&self) -> Result<Invocation, OptionsError> {
        let mut invocation = self.invocation()?;
        (invocation.program, invocation.args) = self.program_words(Platform::NATIVE == Platform::Windows)?;
        invocation.args.push("--version".into());
        Ok(invocation)
    }

    /// Returns the program to search for on this machine.
    #[cfg(all(any(windows, test), feature = "driver"))]
    pub(crate) fn local_program(&self) -> LocalProgram<'_> {
        match (&self.launcher, &self.program) {
            (Some(_), _) => LocalProgram::Elsewhere,
            (None, Some(program)) => LocalProgram::Named(program),
            (None, None) => LocalProgram::Default,
        }
    }

    /// Returns the program, and the arguments before the flags.
    fn program_words(&self, windows: bool) -> Result<(OsString, Vec<OsString>), OptionsError> {
        let program = self.program.clone().unwrap_or_else(|| "claude".into());
        let runtime = self.runtime.clone().unwrap_or_else(|| ("node".into(), Vec::new()));
        let script = is_script(&program);
        let mut chain = Vec::new();
        if let Some((launcher, _)) = &self.launcher {
            chain.push(("launcher", launcher.as_os_str()));
        }
        if script {
            chain.push(("runtime", runtime.0.as_os_str()));
        }
        chain.push(("program", program.as_os_str()));
        conflicts::check_program(&chain)?;
        for (_, word) in chain {
            if windows && windows::names_batch_file(&word.to_string_lossy()) {
                return Err(OptionsError::BatchFile { program: word.to_owned() });
            }
        }
        let mut words = Vec::new();
        if let Some((launcher, args)) = &self.launcher {
            words.push(launcher.clone());
            words.extend(args.iter().cloned());
        }
        if script {
            words.push(runtime.0);
            words.extend(runtime.1);
        }
        words.push(program);
        words.extend(self.global_args.iter().cloned());
        Ok((words.remove(0), words))
    }
}

/// Returns `true` if the program is a script that a runtime must start.
fn is_script(program: &OsStr) -> bool {
    let extension = Path::new(program).extension().map(OsStr::to_ascii_lowercase);
    extension.is_some_and(|extension| extension == "js" || extension == "mjs" || extension == "cjs")
}

fn check_directory(directory: &Path) -> Result<(), OptionsError> {
    let bytes = directory.as_os_str().as_encoded_bytes();
    match bytes {
        [] => Err(OptionsError::Empty { option: "current_dir" }),
        _ if bytes.contains(&0) => Err(OptionsError::Nul { option: "current_dir".to_owned() }),
        _ => Ok(()),
    }
}

/// Checks values that often come from other programs, in case a shell handles the command line.
fn check_windows_values(set: &Set) -> Result<(), OptionsError> {
    for option in ["--resume", "--session-id", "--resume-session-at", "--resume-drops-turn"] {
        for value in set.get(option).into_iter().flatten() {
            if let Some(character) = windows::metacharacter(&value.to_string_lossy()) {
                return Err(OptionsError::Metacharacter { option, character });
            }
        }
    }
    Ok(())
}

/// Checks that the system can pass on all arguments: no NUL bytes, and within the size limits.
fn check_tokens(program: &OsStr, args: &[OsString], ours: usize, windows: bool) -> Result<(), OptionsError> {
    let mut line = windows::quoted_size(&program.to_string_lossy());
    if program.as_encoded_bytes().contains(&0) {
        return Err(OptionsError::Nul { option: "program".to_owned() });
    }
    for (at, token) in args.iter().enumerate() {
        line += windows::quoted_size(&token.to_string_lossy());
        let option = || token_name(args, at, ours);
        if token.as_encoded_bytes().contains(&0) {
            return Err(OptionsError::Nul { option: option() });
        }
        if !windows && token.len() > ARGUMENT_LIMIT {
            return Err(OptionsError::ArgumentTooLong { option: option(), size: token.len(), limit: ARGUMENT_LIMIT });
        }
    }
    if windows && line > windows::COMMAND_LINE_LIMIT {
        return Err(OptionsError::CommandLineTooLong { size: line, limit: windows::COMMAND_LINE_LIMIT });
    }
    Ok(())
}

/// Returns the name of an argument for errors: its flag, or "a raw argument".
fn token_name(args: &[OsString], at: usize, ours: usize) -> String {
    let name = |at: usize| {
        let token = args.get(at)?.to_str()?;
        flag(token.split('=').next()?)
    };
    let pair = || name(at.checked_sub(1)?).filter(|row| row.form == Form::Pair);
    match name(at).or_else(pair) {
        Some(row) if at >= ours => row.token.to_owned(),
        _ => "a raw argument".to_owned(),
    }
}
