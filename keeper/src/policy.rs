//! Settings of a keeper: when it ends its CLI, and how much output it keeps.

use std::time::Duration;

/// Rules by which a keeper ends a CLI that no host controls.
///
/// Observers are not hosts. The keeper does not interpret the output of the CLI, so a CLI that writes nothing counts as idle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Time without a host after which the session ends, even if the CLI works. Default: 1 hour. `None` means never.
    ///
    /// The same time applies after the exit of the CLI: the keeper keeps the output for that long.
    pub without_host: Option<Duration>,
    /// Time without a host and without output after which the session ends. Default: `None`, which means never.
    pub idle: Option<Duration>,
    /// Time from the end of the CLI's stdin to SIGTERM. Default: 10 seconds.
    pub close_grace: Duration,
    /// Time from SIGTERM to SIGKILL. Default: 5 seconds.
    pub terminate_grace: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            without_host: Some(Duration::from_secs(3600)),
            idle: None,
            close_grace: Duration::from_secs(10),
            terminate_grace: Duration::from_secs(5),
        }
    }
}

/// Limits of the output that a keeper keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of bytes of stdout that no controller has acknowledged. Default: 64 MiB. At the limit the keeper stops
    /// reading, and the CLI blocks in its next write. No byte is dropped. The files are up to 1/16 larger.
    pub stdout: u64,
    /// The same for stderr. Default: 8 MiB.
    pub stderr: u64,
}

impl Limits {
    /// Minimum of both limits: 256 KiB.
    pub const LEAST: u64 = 256 * 1024;

    /// Maximum number of bytes of stdin that a host may send beyond the bytes that were written to the CLI's pipe.
    pub const STDIN: usize = 128 * 1024;

    /// Maximum number of connected clients, including clients that have not sent a token yet.
    pub const CLIENTS: usize = 32;

    /// Timeout for the token of a client.
    pub const HANDSHAKE: Duration = Duration::from_secs(5);
}

impl Default for Limits {
    fn default() -> Self {
        Self { stdout: 64 << 20, stderr: 8 << 20 }
    }
}
