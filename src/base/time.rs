//! The clock of a [`Protocol`](crate::Protocol): a number that the driver counts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Nanoseconds since an epoch that the driver chooses.
///
/// The core never asks what time it is; every input says when it happened. Arithmetic saturates, so no
/// duration can make a deadline wrap round.
///
/// ```
/// use claude_duplex::SessionTime;
/// use std::time::Duration;
///
/// let start = SessionTime::from_nanos(5);
/// let later = start.saturating_add(Duration::from_secs(1));
/// assert_eq!(later.saturating_duration_since(start), Duration::from_secs(1));
/// assert_eq!(start.saturating_duration_since(later), Duration::ZERO);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionTime(u64);

impl SessionTime {
    /// The epoch itself.
    pub const ZERO: SessionTime = SessionTime(0);

    /// The instant `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This instant and `wait` more; at most the last instant that can be told, some 584 years on.
    #[must_use]
    pub fn saturating_add(self, wait: Duration) -> Self {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// How long ago `earlier` was; zero where it is yet to come.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: SessionTime) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for SessionTime {
    /// The instant that long after the epoch.
    fn from(since_epoch: Duration) -> Self {
        Self::ZERO.saturating_add(since_epoch)
    }
}
