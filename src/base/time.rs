//! Time of a [`Protocol`](crate::Protocol), which the driver measures.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Point in time, in nanoseconds since an epoch that the driver chooses.
///
/// The core has no clock: every input contains its time. Arithmetic saturates, so a deadline never wraps around.
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
    /// The epoch of the session's time.
    pub const ZERO: SessionTime = SessionTime(0);

    /// Creates the point in time `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Adds a duration. The result is at most the last point in time, about 584 years after the epoch.
    #[must_use]
    pub fn saturating_add(self, wait: Duration) -> Self {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// Returns the duration since `earlier`, or zero if `earlier` is later than `self`.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: SessionTime) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for SessionTime {
    /// Creates the point in time that is this duration after the epoch.
    fn from(since_epoch: Duration) -> Self {
        Self::ZERO.saturating_add(since_epoch)
    }
}
