//! The time of a session on the clock of the system, and the setting of its timer.

use std::time::Instant;

use crate::base::time::SessionTime;

/// The epoch of a session, and its one timer.
#[derive(Debug)]
pub(super) struct Clock {
    epoch: Instant,
    armed: Option<SessionTime>,
}

impl Clock {
    pub(super) fn new(epoch: Instant) -> Self {
        Self { epoch, armed: None }
    }

    pub(super) fn time(&self, instant: Instant) -> SessionTime {
        SessionTime::from(instant.saturating_duration_since(self.epoch))
    }

    /// Returns the new setting of the timer, or `None` if it is already set to that.
    pub(super) fn arm(&mut self, at: SessionTime) -> Option<Alarm> {
        if self.armed.replace(at) == Some(at) {
            return None;
        }
        let instant = self.epoch.checked_add(at.saturating_duration_since(SessionTime::ZERO));
        Some(instant.map_or(Alarm::Never, Alarm::At))
    }

    /// Records that the timer has fired, so it must be set again.
    pub(super) fn fired(&mut self) {
        self.armed = None;
    }
}

/// Time when a timer fires.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    At(Instant),
    /// Later than the system can represent.
    Never,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_timer_is_set_once_per_deadline() {
        let epoch = Instant::now();
        let mut clock = Clock::new(epoch);
        let second = SessionTime::from(Duration::from_secs(1));
        assert_eq!(clock.time(epoch + Duration::from_secs(1)), second);
        assert_eq!(clock.arm(second), Some(Alarm::At(epoch + Duration::from_secs(1))));
        assert_eq!(clock.arm(second), None);
        assert_eq!(clock.arm(SessionTime::ZERO), Some(Alarm::At(epoch)));
        clock.fired();
        assert_eq!(clock.arm(SessionTime::ZERO), Some(Alarm::At(epoch)));
    }

    #[test]
    fn the_epoch_is_the_earliest_time() {
        let epoch = Instant::now();
        let clock = Clock::new(epoch + Duration::from_secs(1));
        assert_eq!(clock.time(epoch), SessionTime::ZERO);
    }
}
