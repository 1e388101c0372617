//! Resuming a session that another process drove.

use thiserror::Error;

use super::Driver;
use crate::driver::transport::Transport;
#[cfg(unix)]
use crate::journal::JournalFile;
use crate::protocol::{Offsets, Protocol};

/// Reason why a session is not resumed: the transport and the session are at different positions. The transport was
/// dropped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The other side has taken more bytes of stdin than the session has written: the journal or snapshot is outdated, or
    /// belongs to another session.
    #[error(
        "the transport has taken {taken} bytes of stdin, and the restored session has written {written}: the journal or \
         snapshot is too old, or belongs to another session"
    )]
    #[non_exhaustive]
    StdinAhead {
        /// Number of bytes that the other side has received.
        taken: u64,
        /// Bytes that the session has written, sent or not.
        written: u64,
    },
    /// The other side has taken fewer bytes of stdin than were reported to the session: it belongs to another session, or has
    /// lost its state.
    #[error(
        "the transport has taken {taken} bytes of stdin, and {known} were reported as sent: it belongs to another session, \
         or has lost its state"
    )]
    #[non_exhaustive]
    StdinBehind {
        /// Number of bytes that the other side has received.
        taken: u64,
        /// Bytes that were reported to the session.
        known: u64,
    },
}

impl<T: Transport> Driver<T> {
    /// Resumes a session that another process drove, after it was [restored](Protocol::restore) from a snapshot or [from a
    /// journal](crate::Journal::resume). The transport continues the streams at the [offsets](Protocol::offsets) of the
    /// session.
    ///
    /// The clock of the session continues where it stopped: the time without a host does not count toward deadlines. Bytes of
    /// stdin that the other side has [taken](Transport::stdin_taken) are not written again. Child commands that were issued
    /// before are issued again, because they may not have arrived. Actions that were not [handled](Protocol::skip_actions)
    /// are returned first.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, TestRuntime};
    /// use claude_duplex::{Action, Config, Driver, Outcome, Protocol, Seed, SessionTime};
    ///
    /// let runtime = TestRuntime::new();
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let mut before = Protocol::new(config, SessionTime::ZERO);
    /// let prompt = before.prompt(SessionTime::ZERO, "hello").unwrap();
    /// let snapshot = before.snapshot(); // and the host ends
    ///
    /// let restored = Protocol::restore(&snapshot)?;
    /// let mut claude = Driver::resume(restored, runtime.start(Script::default()))?;
    /// let outcome = runtime.run(async {
    ///     while let Some(action) = claude.next().await {
    ///         match action {
    ///             Action::PromptEnded { prompt: ended, outcome, .. } if ended == prompt => {
    ///                 return Some(outcome);
    ///             }
    ///             _ => {}
    ///         }
    ///     }
    ///     None
    /// });
    /// assert_eq!(outcome, Some(Outcome::Success));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ResumeError`] if the other side has taken more of stdin than the session has written, or less than was reported to
    /// the session.
    pub fn resume(mut protocol: Protocol, transport: T) -> Result<Self, ResumeError> {
        let (known, waiting) = (protocol.offsets().stdin, protocol.poll_transmit().len() as u64);
        let taken = transport.stdin_taken().unwrap_or(known);
        let written = known + waiting;
        if taken < known {
            return Err(ResumeError::StdinBehind { taken, known });
        }
        // Bytes that a session discards at its end may have been taken before.
        if taken > written && protocol.writes() {
            return Err(ResumeError::StdinAhead { taken, written });
        }
        protocol.repeat_child_commands();
        let [stdout_ended, stderr_ended, exited] = protocol.known_ends();
        let mut driver = Self::on(protocol, transport);
        (driver.stdout_ended, driver.stderr_ended, driver.exited) = (stdout_ended, stderr_ended, exited);
        driver.taken = usize::try_from(taken - known).unwrap_or(usize::MAX);
        driver.record.resumed();
        Ok(driver)
    }

    /// Records the session in a required journal: no input takes effect, no byte is written and no position is
    /// [acknowledged](Transport::acknowledge) before its record has left the process. A new host can therefore continue from
    /// the [file](JournalFile::open), whenever this host is killed. Call this after [`new`](Self::new) or
    /// [`resume`](Self::resume), before any command.
    ///
    /// If the file cannot be written, the session stops: commands are [refused](crate::RefusedReason::Unrecorded),
    /// [`next`](Self::next) returns the remaining actions and then `None` without [`Closed`](crate::Action::Closed), and
    /// [`recording_error`](Self::recording_error) returns the reason. The child continues to run if its transport keeps
    /// it: drop the driver, and resume the session when the file can be written.
    ///
    /// When the file has become long, it is rewritten with a snapshot, but never past an action that the host has not
    /// [acknowledged](Self::acknowledge).
    #[cfg(unix)]
    #[must_use = "a driver does nothing unless it is polled, and ends the child when it is dropped"]
    pub fn record_required(mut self, journal: JournalFile) -> Self {
        self.record.require(&self.protocol, journal);
        self
    }

    /// Acknowledges all actions up to a [number](Self::action_number): after a restart they are not returned again. Has no
    /// effect without a [required](Self::record_required) journal.
    pub fn acknowledge(&mut self, number: u64) {
        self.record.acknowledge(&self.protocol, number);
    }

    /// Returns `true` if the session is stopped because its journal cannot be written.
    #[cfg(feature = "session")]
    pub(crate) fn is_suspended(&self) -> bool {
        self.record.is_suspended()
    }

    /// Acknowledges recorded inputs to the transport, if recording is required.
    pub(super) fn acknowledge_inputs(&mut self) {
        let offsets = self.protocol.offsets();
        if self.record.is_required() && offsets != self.acknowledged {
            self.acknowledged = offsets;
            self.transport.acknowledge(offsets);
        }
    }

    /// Returns the position of the session in each stream of the child.
    #[must_use]
    pub fn offsets(&self) -> Offsets {
        self.protocol.offsets()
    }

    /// Returns the number of the action that [`next`](Self::next) returned last: see [`Protocol::action_number`].
    #[must_use]
    pub fn action_number(&self) -> u64 {
        self.protocol.action_number()
    }
}
