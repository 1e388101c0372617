//! Settings of a keeper: the time when it ends its CLI, and the amount of output that it keeps.

use std::time::Duration;

/// Rules by which a keeper ends a CLI that no host controls.
///
/// Observers are not hosts. The keeper does not understand what the CLI writes, so a CLI that writes nothing counts as idle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Time without a host after which the session ends, whether the CLI works or not; 1 hour by default. `None`: never.
    ///
    /// The same limit applies to a CLI that has exited: the keeper then keeps its output for a host for that long.
    pub without_host: Option<Duration>,
    /// Time without a host and without output after which the session ends; `None` by default.
    pub idle: Option<Duration>,
    /// Time that the CLI has to exit after the end of its stdin, before SIGTERM; 10 seconds by default.
    pub close_grace: Duration,
    /// Time that the CLI has to exit after SIGTERM, before SIGKILL; 5 seconds by default.
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
    /// Bytes of stdout that no controller has acknowledged; 64 MiB by default. At the limit the keeper reads no more, and the
    /// CLI blocks in its next write: no byte is dropped. The files are up to 1/16 larger.
    pub stdout: u64,
    /// The same for stderr; 8 MiB by default.
    pub stderr: u64,
}

impl Limits {
    /// Least of either limit: 256 KiB.
    pub const LEAST: u64 = 256 * 1024;

    /// Bytes of stdin that a host may send behind what the CLI has read.
    pub const STDIN: usize = 128 * 1024;

    /// Connected clients, those among them that have not yet shown a token.
    pub const CLIENTS: usize = 32;

    /// Time that a client has to show its token.
    pub const HANDSHAKE: Duration = Duration::from_secs(5);
}

impl Default for Limits {
    fn default() -> Self {
        Self { stdout: 64 << 20, stderr: 8 << 20 }
    }
}
