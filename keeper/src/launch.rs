//! The start of a keeper by a host.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::KeeperError;
use crate::place::{Place, SessionId};
use crate::policy::{Limits, Policy};
use crate::token::Token;

/// Name of the keeper's program.
const PROGRAM: &str = "claude-duplex-keeper";

/// Settings of a session to start.
///
/// ```no_run
/// use claude_duplex_keeper::{Launch, Place};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let launch = Launch::new(Place::of_user()?, "claude")
///     .args(["--print", "--verbose", "--input-format=stream-json"]);
/// let launched = launch.start()?;
/// println!("session {}", launched.id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Launch {
    place: Place,
    program: OsString,
    args: Vec<OsString>,
    keeper: Option<PathBuf>,
    id: Option<SessionId>,
    token_file: bool,
    policy: Policy,
    limits: Limits,
    directory: Option<PathBuf>,
    clear_env: bool,
    env: Vec<(OsString, Option<OsString>)>,
}

/// Session that was started.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Launched {
    /// Id of the session.
    pub id: SessionId,
    /// Secret to attach with. Every process of the same user that has the token can control the session.
    pub token: Token,
}

impl Launch {
    /// Creates settings of a session that runs a program.
    pub fn new(place: Place, program: impl Into<OsString>) -> Self {
        Self {
            place,
            program: program.into(),
            args: Vec::new(),
            keeper: None,
            id: None,
            token_file: true,
            policy: Policy::default(),
            limits: Limits::default(),
            directory: None,
            clear_env: false,
            env: Vec::new(),
        }
    }

    /// Creates settings of a session that runs the CLI with these options.
    ///
    /// # Errors
    /// If the CLI would refuse, ignore or misread an option.
    #[cfg(feature = "transport")]
    pub fn from_options(
        place: Place,
        options: &claude_duplex::Options,
    ) -> Result<Self, claude_duplex::options::OptionsError> {
        let invocation = options.invocation()?;
        let mut this = Self::new(place, invocation.program).args(invocation.args);
        (this.directory, this.clear_env) = (invocation.current_dir, invocation.clear_env);
        this.env.extend(invocation.env.into_iter().map(|change| match change {
            claude_duplex::options::EnvChange::Set(name, value) => (name, Some(value)),
            claude_duplex::options::EnvChange::Remove(name) => (name, None),
        }));
        Ok(this)
    }

    /// Sets the working directory of the program. Default: the directory of the host.
    #[must_use]
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Removes a variable from the program's environment.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.env.push((name.into(), None));
        self
    }

    /// Clears the inherited environment.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.clear_env = true;
        self
    }

    /// Adds arguments of the program.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets the program of the keeper. Default: the `claude-duplex-keeper` in the directory of the host's program, or else the
    /// one in `PATH`.
    #[must_use]
    pub fn keeper(mut self, program: impl Into<PathBuf>) -> Self {
        self.keeper = Some(program.into());
        self
    }

    /// Sets the id of the session. Default: a random id.
    #[must_use]
    pub fn id(mut self, id: SessionId) -> Self {
        self.id = Some(id);
        self
    }

    /// Does not write the token to a file. The host must store the token, and pass it to `claude-duplex-keeper attach` to
    /// attach from a shell.
    #[must_use]
    pub fn without_token_file(mut self) -> Self {
        self.token_file = false;
        self
    }

    /// Sets the rules by which the session ends without a host.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the limits of the output that is kept.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts the keeper and the program.
    ///
    /// Blocks until the program runs, which takes some milliseconds. The keeper is not a child of this process: it continues
    /// when this process, its terminal or its process group ends. The end of a container or of a systemd unit ends the keeper,
    /// too: see the crate's README.
    ///
    /// # Errors
    /// [`KeeperError`] if the keeper or the program cannot be started. Nothing is left behind.
    pub fn start(&self) -> Result<Launched, KeeperError> {
        let random = |error| KeeperError::System { operation: "get random numbers", error };
        let token = Token::random().map_err(random)?;
        let id = self.id.clone().map_or_else(SessionId::random, Ok).map_err(random)?;
        let keeper = self.keeper.clone().unwrap_or_else(find);
        let no_keeper = |error| KeeperError::NoKeeper { program: keeper.clone(), error };
        let mut command = Command::new(&keeper);
        command.args(self.arguments(&id));
        if self.clear_env {
            command.env_clear();
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(no_keeper)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A keeper that has ended already has written the reason to stderr.
            let _ = stdin.write_all(token.as_str().as_bytes());
        }
        let output = child.wait_with_output().map_err(no_keeper)?;
        if output.status.success() {
            return Ok(Launched { id, token });
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let text = text.trim().trim_start_matches(PROGRAM).trim_start_matches(": ");
        Err(KeeperError::NotStarted(if text.is_empty() { output.status.to_string() } else { text.to_owned() }))
    }

    /// Returns the arguments of the keeper's program.
    fn arguments(&self, id: &SessionId) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["run".into(), "--token-stdin".into()];
        let mut add = |name: &str, value: &OsStr| arguments.extend([name.into(), value.to_owned()]);
        add("--dir", self.place.path().as_os_str());
        add("--id", id.as_str().as_ref());
        let milliseconds = |time: std::time::Duration| OsString::from(format!("{}ms", time.as_millis()));
        add("--end-after", &self.policy.without_host.map_or("never".into(), milliseconds));
        add("--end-idle", &self.policy.idle.map_or("never".into(), milliseconds));
        add("--close-grace", &milliseconds(self.policy.close_grace));
        add("--terminate-grace", &milliseconds(self.policy.terminate_grace));
        add("--stdout-limit", self.limits.stdout.to_string().as_ref());
        add("--stderr-limit", self.limits.stderr.to_string().as_ref());
        if self.token_file {
            arguments.push("--token-file".into());
        }
        arguments.extend(["--".into(), self.program.clone()]);
        arguments.extend(self.args.iter().cloned());
        arguments
    }
}

/// Returns the program of the keeper in the directory of this program, or else in the `PATH` of this process.
fn find() -> PathBuf {
    let beside = env::current_exe().ok().and_then(|this| Some(this.parent()?.join(PROGRAM)));
    let path = env::var_os("PATH").unwrap_or_default();
    let found = beside.into_iter().chain(env::split_paths(&path).map(|folder| folder.join(PROGRAM)));
    found.into_iter().find(|program: &PathBuf| is_program(program)).unwrap_or_else(|| PROGRAM.into())
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Starts a keeper that outlives this process, and waits until the CLI runs. For the command `run`.
pub(crate) fn detach(arguments: &[OsString], token: &Token) -> Result<u32, KeeperError> {
    let this = if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { env::current_exe() };
    let failed = |operation| move |error: io::Error| KeeperError::System { operation, error };
    let mut command = Command::new(this.map_err(failed("find its program"))?);
    command.arg(crate::commands::KEEP).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed("start itself"))?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(token.as_str().as_bytes());
    }
    // Both ends are closed by the keeper once it is ready.
    let output = |pipe: Option<&mut dyn io::Read>| -> io::Result<String> {
        let mut text = String::new();
        pipe.map_or(Ok(0), |pipe| pipe.read_to_string(&mut text)).map(|_| text)
    };
    let ready = output(child.stdout.as_mut().map(|pipe| pipe as _)).map_err(failed("start itself"))?;
    if let Some(pid) = ready.trim().strip_prefix("ready ").and_then(|pid| pid.parse().ok()) {
        return Ok(pid);
    }
    let error = output(child.stderr.as_mut().map(|pipe| pipe as _)).map_err(failed("start itself"))?;
    let status = child.wait().map_err(failed("start itself"))?;
    Err(KeeperError::NotStarted(if error.trim().is_empty() { status.to_string() } else { error.trim().to_owned() }))
}
