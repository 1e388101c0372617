//! Directory with the sessions of a user.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::credentials;
use crate::error::{AttachError, PlaceError};
use crate::token::Token;

/// Name of the environment variable with the directory. It is not passed to the CLI.
pub(crate) const DIRECTORY: &str = "CLAUDE_DUPLEX_KEEPER_DIR";

/// Maximum length of the path of a socket, in bytes: `sun_path` without its final zero.
const SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Id of a session: 1 to 32 ASCII letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(String);

impl SessionId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`PlaceError::Id`] if the text is not a valid id.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(PlaceError::Id(text.to_owned()))
    }

    /// Creates an id of 12 random letters and digits.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn random() -> io::Result<Self> {
        Ok(Self(Token::random()?.as_str()[..12].to_owned()))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// State of a session in a [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// The keeper runs.
    Kept,
    /// The keeper was killed, and its files still exist.
    Abandoned,
}

/// Directory with the sessions of a user. It contains a directory for each session.
///
/// The directory and those of its sessions have mode 0700, each file has mode 0600. Choose a directory that a sandbox of the
/// CLI's tools cannot read: see `SECURITY.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    path: PathBuf,
}

impl Place {
    /// Creates a place with this path. Nothing is read or created yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { path: std::path::absolute(&path).unwrap_or(path) }
    }

    /// Returns `$CLAUDE_DUPLEX_KEEPER_DIR`, or else `$XDG_STATE_HOME/claude-duplex-keeper`, or else
    /// `$HOME/.local/state/claude-duplex-keeper`.
    ///
    /// # Errors
    /// [`PlaceError::NoHome`] if none of the three is set.
    pub fn of_user() -> Result<Self, PlaceError> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let state = || variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
        let path = variable(DIRECTORY).or_else(|| Some(state()?.join("claude-duplex-keeper")));
        path.map(Self::new).ok_or(PlaceError::NoHome)
    }

    /// Returns the path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the ids and states of the sessions, sorted by id. If the directory does not exist, the list is empty.
    ///
    /// # Errors
    /// [`PlaceError`] if the directory cannot be read, belongs to another user, or is open to others.
    pub fn sessions(&self) -> Result<Vec<(SessionId, SessionState)>, PlaceError> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| system("read", &self.path, error))?,
        };
        check(&self.path)?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut sessions: Vec<_> = names
            .filter_map(|name| SessionId::parse(&name).ok())
            .filter_map(|id| Some((self.state(&id).ok()?, id)).map(|(state, id)| (id, state)))
            .collect();
        sessions.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(sessions)
    }

    /// Returns the state of a session.
    ///
    /// # Errors
    /// [`PlaceError::Unknown`] if there is no such session. Other errors if its directory cannot be used.
    pub fn state(&self, id: &SessionId) -> Result<SessionState, PlaceError> {
        let path = self.session(id);
        if !path.exists() {
            return Err(PlaceError::Unknown { id: id.to_string(), path: self.path.clone() });
        }
        check(&self.path)?;
        check(&path)?;
        let file = match File::open(path.join("lock")) {
            // Its keeper has just begun, or was killed as it began.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(SessionState::Abandoned),
            file => file.map_err(|error| system("open", &path.join("lock"), error))?,
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(SessionState::Abandoned),
            Err(_) => Ok(SessionState::Kept),
        }
    }

    /// Removes the files of a keeper that was killed.
    ///
    /// # Errors
    /// [`PlaceError::Taken`] if the keeper runs. Other errors if the directory cannot be used.
    pub fn remove(&self, id: &SessionId) -> Result<(), PlaceError> {
        if self.state(id)? == SessionState::Kept {
            return Err(PlaceError::Taken(id.to_string()));
        }
        let path = self.session(id);
        fs::remove_dir_all(&path).map_err(|error| system("remove", &path, error))
    }

    /// Returns the directory of a session.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> PathBuf {
        self.path.join(id.as_str())
    }

    /// Returns the path of a session's socket.
    #[must_use]
    pub fn socket(&self, id: &SessionId) -> PathBuf {
        self.session(id).join("socket")
    }

    /// Reads the token of a session from the file that its keeper has written.
    ///
    /// # Errors
    /// [`AttachError::NoToken`] if the file does not exist or does not contain a token.
    pub fn token(&self, id: &SessionId) -> Result<Token, AttachError> {
        let path = self.session(id).join("token");
        let read = fs::read_to_string(&path);
        let token = read.and_then(|text| Token::parse(&text).ok_or_else(|| io::ErrorKind::InvalidData.into()));
        token.map_err(|error| AttachError::NoToken { path, error })
    }

    /// Creates the directory of a session, and the place if it does not exist. Returns the lock, which is held as long as the
    /// file is open.
    pub(crate) fn create(&self, id: &SessionId, token: Option<&Token>) -> Result<File, PlaceError> {
        let socket = self.socket(id);
        let length = socket.as_os_str().len();
        if length > SOCKET_PATH {
            return Err(PlaceError::TooLong { path: socket, length, limit: SOCKET_PATH });
        }
        let made = DirBuilder::new().mode(0o700).recursive(true).create(&self.path);
        made.map_err(|error| match self.path.exists() {
            true => PlaceError::NoDirectory(self.path.clone()),
            false => system("create", &self.path, error),
        })?;
        check(&self.path)?;
        let path = self.session(id);
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(PlaceError::Taken(id.to_string()));
            }
            made => made.map_err(|error| system("create", &path, error))?,
        }
        let filled = fill(&path, token);
        if filled.is_err() {
            let _ = fs::remove_dir_all(&path);
        }
        filled
    }
}

fn fill(path: &Path, token: Option<&Token>) -> Result<File, PlaceError> {
    let lock = private_file(&path.join("lock")).map_err(|error| system("create", &path.join("lock"), error))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)
        .map_err(|error| system("lock", &path.join("lock"), error.into()))?;
    if let Some(token) = token {
        let file = path.join("token");
        let written = private_file(&file).and_then(|mut file| file.write_all(token.as_str().as_bytes()));
        written.map_err(|error| system("write", &file, error))?;
    }
    Ok(lock)
}

/// Creates a file of mode 0600.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Checks that a directory belongs to this user, and that other users cannot enter it.
pub(crate) fn check(path: &Path) -> Result<(), PlaceError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| system("look at", path, error))?;
    let (owner, user, mode) = (metadata.uid(), credentials::user(), metadata.mode() & 0o7777);
    match () {
        () if !metadata.is_dir() => Err(PlaceError::NoDirectory(path.to_owned())),
        () if owner != user => Err(PlaceError::Foreign { path: path.to_owned(), owner, user }),
        () if mode & 0o077 != 0 => Err(PlaceError::Open { path: path.to_owned(), mode }),
        () => Ok(()),
    }
}

pub(crate) fn system(operation: &'static str, path: &Path, error: io::Error) -> PlaceError {
    PlaceError::System { operation, path: path.to_owned(), error }
}
