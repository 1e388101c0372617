//! The time for which a session waits for one reader.

use std::time::Duration;

use crate::base::time::SessionTime;

/// Fill level of a reader's buffer, as far as the session waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::session) enum Level {
    /// At most half of the room is used, or the session does not wait for this reader.
    Low,
    /// More than half is used, and the buffer is not full. A session that already waits continues to wait.
    Half,
    /// The buffer is full. The session waits.
    Full,
}

/// Rules by which a session waits for its readers.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Waiting {
    pub(in crate::session) now: SessionTime,
    /// Time for which the session waits for a reader that takes nothing.
    pub(in crate::session) timeout: Duration,
    /// `true` if the session reads on without waiting for any reader.
    pub(in crate::session) reads_on: bool,
}

/// Time for which a reader whose buffer is full has taken nothing.
///
/// The runner checks it, and has the clock; the reader records that it took something.
#[derive(Debug, Default)]
pub(in crate::session) struct Patience {
    state: State,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// The session does not wait.
    #[default]
    Free,
    /// The session waits since this time.
    Since(SessionTime),
    /// The session waits, and the reader took something since the last check.
    Taking,
    /// The session waited long enough, and reads on until the reader takes something.
    GivenUp,
}

impl Patience {
    /// Returns the time until which the session waits for the reader, or `None` if it does not wait.
    pub(in crate::session) fn until(&mut self, level: Level, waiting: Waiting) -> Option<SessionTime> {
        let Waiting { now, timeout, .. } = waiting;
        self.state = match (std::mem::take(&mut self.state), level) {
            (State::GivenUp, Level::Half | Level::Full) => State::GivenUp,
            (_, Level::Low) | (State::Free, Level::Half) => State::Free,
            (State::Since(since), _) if since.saturating_add(timeout) <= now => State::GivenUp,
            (State::Since(since), _) => State::Since(since),
            (State::Free | State::Taking, _) => State::Since(now),
        };
        match self.state {
            State::Since(since) => Some(since.saturating_add(timeout)),
            _ => None,
        }
    }

    /// Returns `true` if the session no longer waits for a reader that takes nothing.
    pub(in crate::session) fn has_given_up(&self) -> bool {
        self.state == State::GivenUp
    }

    /// Records that the reader took something, which left the buffer at this level. Returns `true` if a session
    /// that waits should check again.
    pub(in crate::session) fn taken(&mut self, level: Level) -> bool {
        match self.state {
            State::Free => false,
            State::GivenUp => {
                self.state = State::Free;
                false
            }
            State::Since(_) | State::Taking => {
                self.state = if level == Level::Low { State::Free } else { State::Taking };
                level == Level::Low
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SessionTime {
        SessionTime::from(Duration::from_secs(seconds))
    }

    fn now(seconds: u64) -> Waiting {
        Waiting { now: at(seconds), timeout: Duration::from_secs(30), reads_on: false }
    }

    #[test]
    fn a_full_buffer_blocks_until_half_of_it_is_free() {
        let mut patience = Patience::default();
        assert_eq!(patience.until(Level::Half, now(0)), None);
        assert_eq!(patience.until(Level::Full, now(1)), Some(at(31)));
        assert!(!patience.taken(Level::Half));
        assert_eq!(patience.until(Level::Half, now(2)), Some(at(32)));
        assert!(patience.taken(Level::Low));
        assert_eq!(patience.until(Level::Half, now(3)), None);
    }

    #[test]
    fn a_reader_that_takes_nothing_is_skipped_until_it_reads_again() {
        let mut patience = Patience::default();
        assert_eq!(patience.until(Level::Full, now(0)), Some(at(30)));
        for later in [30, 31, 1000] {
            assert_eq!(patience.until(Level::Full, now(later)), None);
        }
        assert!(!patience.taken(Level::Full), "nobody waits");
        assert_eq!(patience.until(Level::Full, now(1001)), Some(at(1031)));
    }

    #[test]
    fn each_item_that_is_read_restarts_the_timeout() {
        let mut patience = Patience::default();
        patience.until(Level::Full, now(0));
        for later in [29, 58, 87] {
            assert!(!patience.taken(Level::Full));
            assert_eq!(patience.until(Level::Full, now(later)), Some(at(later + 30)));
        }
    }
}
