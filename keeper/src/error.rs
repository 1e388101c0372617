//! Errors. Each has a subject, a cause and, if there is one, a remedy.

use std::io;
use std::path::PathBuf;

use crate::frame::{FrameError, Refusal};

/// Reason why the directory of the sessions, or of one session, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// No directory was given, and the environment has no home directory.
    #[error(
        "no directory for sessions: neither CLAUDE_DUPLEX_KEEPER_DIR, XDG_STATE_HOME nor HOME is set; name one with --dir"
    )]
    NoHome,
    /// The directory belongs to another user.
    #[error("directory {path} belongs to user {owner}, but this process runs as user {user}; set --dir to a directory of this user", path = path.display())]
    Foreign {
        /// Directory.
        path: PathBuf,
        /// User id of the owner.
        owner: u32,
        /// User of this process.
        user: u32,
    },
    /// Other users can enter the directory.
    #[error("directory {path} has mode {mode:o}, so other users can enter it; run `chmod 700 {path}`", path = path.display())]
    Open {
        /// Directory.
        path: PathBuf,
        /// Mode of the directory.
        mode: u32,
    },
    /// The path is not a directory.
    #[error("path {path} is not a directory; set --dir to a directory", path = .0.display())]
    NoDirectory(PathBuf),
    /// The path of the socket is too long for the system.
    #[error("socket {path} has {length} bytes, but the system allows {limit}; set --dir to a shorter path, or use a shorter id", path = path.display())]
    TooLong {
        /// Socket.
        path: PathBuf,
        /// Length of the path.
        length: usize,
        /// Maximum length of the path.
        limit: usize,
    },
    /// The text is not a valid session id.
    #[error("session id {0:?} is invalid; use 1 to 32 letters, digits, `-` and `_`")]
    Id(String),
    /// A session with this id exists already.
    #[error("session {0} already exists; attach to it, or remove it with `stop {0}`")]
    Taken(String),
    /// No session has this id.
    #[error("no session {id} in {path}; `list` prints the existing sessions", path = path.display())]
    Unknown {
        /// Id.
        id: String,
        /// Directory that was searched.
        path: PathBuf,
    },
    /// The keeper of the session has been killed.
    #[error("the keeper of session {0} was killed together with its CLI; its output is in {path} until `stop {0}` removes it", path = .1.display())]
    Gone(String, PathBuf),
    /// The system refused an operation.
    #[error("cannot {operation} {path}: {error}", path = path.display())]
    System {
        /// Operation, e.g. `create`.
        operation: &'static str,
        /// File or directory.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
}

/// Reason why a session cannot be started or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeeperError {
    /// The directory cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The CLI cannot be started.
    #[error("cannot start {program:?}: {reason}")]
    Program {
        /// Program of the CLI.
        program: String,
        /// Error of the system.
        reason: String,
    },
    /// The program of the keeper cannot be started.
    #[error("cannot start the keeper {program}: {error}; install it with `cargo install claude-duplex-keeper`, or set its path with `Launch::keeper`", program = program.display())]
    NoKeeper {
        /// Program of the keeper.
        program: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// The keeper ended before it had started the CLI.
    #[error("the keeper did not start: {0}")]
    NotStarted(String),
    /// A system call failed.
    #[error("keeper cannot {operation}: {error}")]
    System {
        /// Operation.
        operation: &'static str,
        /// Error of the system.
        error: io::Error,
    },
}

/// Reason why a client cannot attach.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The directory cannot be used, or there is no such session.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The keeper refused the client.
    #[error("cannot attach: {0}")]
    Refused(#[from] Refusal),
    /// The keeper speaks another protocol.
    #[error("cannot attach: {0}")]
    Frame(#[from] FrameError),
    /// The socket belongs to another user's process.
    #[error(
        "cannot attach: the process that serves the socket belongs to user {server}, but this process runs as user {user}"
    )]
    Stranger {
        /// User id of the server.
        server: u32,
        /// User id of this process.
        user: u32,
    },
    /// The token was not given, and cannot be read from its file.
    #[error("cannot read the token {path}: {error}; pass the token that `run` printed", path = path.display())]
    NoToken {
        /// File of the token.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// The connection failed, or ended before the welcome of the keeper.
    #[error("cannot attach: {0}")]
    Connection(#[from] io::Error),
}
