//! Positions in the three streams of the child.

use serde::{Deserialize, Serialize};

/// Positions in the streams of the child: numbers of bytes since the start of the session.
///
/// Code that keeps the streams while the host is away continues at these positions. A restored session expects
/// the bytes of stdout and stderr after these positions, and nothing before.
///
/// ```
/// use claude_duplex::{Config, Protocol, Seed, SessionTime};
///
/// let config = Config::new(Seed::from_bytes([1; 16]));
/// let mut protocol = Protocol::new(config, SessionTime::ZERO);
/// protocol.prompt(SessionTime::ZERO, "hello").unwrap();
/// protocol.sent(SessionTime::ZERO, 7);
/// protocol.receive(SessionTime::ZERO, b"{\"type\":");
/// let offsets = protocol.offsets();
/// assert_eq!((offsets.stdout, offsets.stderr, offsets.stdin), (8, 0, 7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Offsets {
    /// Number of stdout bytes that were [received](crate::Protocol::receive).
    pub stdout: u64,
    /// Number of stderr bytes that were [received](crate::Protocol::stderr).
    pub stderr: u64,
    /// Number of stdin bytes that were reported as [sent](crate::Protocol::sent).
    pub stdin: u64,
}

impl Offsets {
    /// Creates positions, e.g. for a test of a transport.
    #[must_use]
    pub const fn new(stdout: u64, stderr: u64, stdin: u64) -> Self {
        Self { stdout, stderr, stdin }
    }
}
