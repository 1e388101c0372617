//! Snapshots: the state of a session as a value that outlives the process. `docs/snapshot.md` has the form and the versions.

mod error;
mod public;
mod state;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::protocol::Protocol;

pub use error::SnapshotError;
use state::State;

/// Name in the first member, so that no other document is taken for a snapshot.
const NAME: &str = "claude-duplex";

/// Format that is written. The number is increased with every change of the form, including a new field. An older reader would
/// ignore the field, and continue a different session.
const FORMAT: u64 = 1;

/// State of a session at one point, to continue it in another process: [`Protocol::restore`] returns a session that does the
/// same from there on, to the byte.
///
/// A snapshot is a JSON document, with `Serialize` and `Deserialize`. Store it unchanged, byte for byte: a snapshot whose state
/// was formatted again is [damaged](SnapshotError::Damaged). [`guide::snapshots`](crate::guide::snapshots) has the form and the
/// policy of versions.
///
/// **A snapshot is as private as the session.** It contains queued prompts, open requests, unread messages and the end of
/// stderr. A person who can write it can decide what the session sends to the CLI: the checksum detects damage, but not
/// manipulation.
///
/// # Size
///
/// A snapshot has at most 4 KiB, plus the following parts, which have limits. They are JSON text, in which bytes that are not
/// UTF-8 take twice their size:
///
/// * queued prompts, bytes that wait to be written and open incoming requests: see [`Limits`](crate::Limits);
/// * unread actions: [`Limits::unread`](crate::Limits::unread), and the lines of one chunk. A response is written twice, as
///   a line and as a payload, and so is a result that ends a turn or a prompt;
/// * the incomplete line of stdout ([`Limits::line`](crate::Limits::line)), and of stderr
///   ([`Limits::stderr_line`](crate::Limits::stderr_line));
/// * the ends of stderr and of the rejected lines: [`Limits::stderr_tail`](crate::Limits::stderr_tail),
///   [`Limits::rejected_tail`](crate::Limits::rejected_tail);
/// * small entries, of at most 1 KiB each, for open prompts, open requests and open turns (64);
/// * ids of at most 256 bytes: 768 of incoming requests, 64 of late responses, 64 of results, 1,024 of prompts to which the host
///   gave a uuid. Besides, 64 calls of tools, 2,048 background tasks, and 256 capabilities;
/// * the kinds of dialogs that the host declares;
/// * the last 16 results that a rule assigned to a prompt although they could belong to another prompt;
/// * the text of the last error, and the error of a compaction: 4,096 characters each.
///
/// ```
/// use claude_duplex::{Config, Protocol, Seed, SessionTime, Snapshot};
///
/// let config = Config::new(Seed::from_bytes([1; 16]));
/// let mut session = Protocol::new(config, SessionTime::ZERO);
/// let prompt = session.prompt(SessionTime::ZERO, "hello").unwrap();
/// let file = serde_json::to_vec(&session.snapshot())?;
/// drop(session);
///
/// let mut session = Protocol::restore(&Snapshot::read(&file)?)?;
/// assert!(session.poll_transmit().ends_with(b"\n"));
/// assert!(session.cancel(SessionTime::ZERO, prompt).is_ok(), "the prompt is open");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// Name of the crate.
    snapshot: String,
    format: u64,
    version: String,
    /// Checksum of the state's text.
    #[serde(default)]
    sum: String,
    state: Box<RawValue>,
}

impl Snapshot {
    /// Reads a snapshot from its JSON text.
    ///
    /// # Errors
    /// [`SnapshotError::NotASnapshot`] if the text is not a snapshot. The state itself is checked by [`Protocol::restore`].
    pub fn read(text: &[u8]) -> Result<Self, SnapshotError> {
        let snapshot: Self = serde_json::from_slice(text).map_err(|_| SnapshotError::NotASnapshot)?;
        if snapshot.snapshot == NAME { Ok(snapshot) } else { Err(SnapshotError::NotASnapshot) }
    }

    /// Returns the version of this crate that wrote the snapshot.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Omits the state, which is long and private.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("format", &self.format)
            .field("version", &self.version)
            .field("bytes", &self.state.get().len())
            .finish()
    }
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        (self.format, &self.sum, self.state.get()) == (other.format, &other.sum, other.state.get())
    }
}

impl Eq for Snapshot {}

impl Protocol {
    /// Returns the state of the session, for [`restore`](Self::restore). Nothing is changed.
    ///
    /// The snapshot contains the complete state, including unread actions, bytes that wait to be written, and the incomplete
    /// line. It does not contain child commands and actions that the host has taken. A host that has not handled them yet
    /// stores them itself, actions with their [number](Self::action_number).
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let state = State::text(self);
        Snapshot {
            snapshot: NAME.to_owned(),
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sum: sum(state.get()),
            state,
        }
    }

    /// Restores a session from its snapshot. The same inputs lead to the same actions, bytes, child commands, and deadlines
    /// as without the snapshot.
    ///
    /// **The clock may pause.** Times are those of the session: the next input has the time of [`now`](Self::now) or a later
    /// one. A host that continues from `now`, as `Driver::resume` does, stops the clock for the time without a host: a
    /// permission request with ten minutes left still has ten minutes. If the host adds that time instead, deadlines can pass
    /// during it.
    ///
    /// # Errors
    /// [`SnapshotError`] if the value is not a snapshot, is damaged, or has another format. No part of it is used then.
    pub fn restore(snapshot: &Snapshot) -> Result<Self, SnapshotError> {
        if snapshot.snapshot != NAME {
            return Err(SnapshotError::NotASnapshot);
        }
        if snapshot.format != FORMAT {
            let (found, version) = (snapshot.format, snapshot.version.clone());
            return Err(SnapshotError::OtherFormat { found, known: FORMAT, version });
        }
        if snapshot.sum != sum(snapshot.state.get()) {
            return Err(SnapshotError::damaged("the checksum differs"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(snapshot.state.get());
        let mut protocol = State::deserialize(&mut deserializer).map_err(SnapshotError::unreadable)?;
        state::complete(&mut protocol).map_err(SnapshotError::damaged)?;
        Ok(protocol)
    }
}

impl State {
    fn text(protocol: &Protocol) -> Box<RawValue> {
        let mut text = Vec::new();
        let written = Self::serialize(protocol, &mut serde_json::Serializer::new(&mut text));
        let text = written.ok().and_then(|()| String::from_utf8(text).ok());
        text.and_then(|text| RawValue::from_string(text).ok()).expect("a state is plain data")
    }
}

/// Returns the FNV-1a hash of a text. A change of a single byte always changes the hash.
fn sum(text: &str) -> String {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, fold))
}
