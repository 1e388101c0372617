//! Record and replay: all inputs of a [`Protocol`](crate::Protocol), as readable lines.
//!
//! A [`Recorder`] writes each [`Input`] with its time before the session processes it. [`Journal::read`] reads the file, and
//! [`Journal::replay`] returns the consequences of each input. `Driver::record` records the session of a driver.
//!
//! **A journal is a full record.** It contains the prompts, the answers and all output of the CLI: everything typed, read and
//! run in the session. Keep it as private as the session itself: [`Journal::create`] opens a file that no other user can
//! read.
//!
//! ```
//! use claude_duplex::{
//!     Config, Input, Journal, Prompt, Protocol, Recorder, Seed, SessionTime,
//! };
//!
//! let config = Config::new(Seed::from_bytes([1; 16]));
//! let mut file = Vec::new();
//! let mut recorder =
//!     Recorder::new(&mut file, &config, SessionTime::ZERO, 1024 * 1024);
//! let mut session = Protocol::new(config, SessionTime::ZERO);
//! for (nanos, input) in [
//!     (5, Input::Prompt(Prompt::text("hello"))),
//!     (9, Input::Receive(b"{\"type\":\"x\"}\n".into())),
//! ] {
//!     recorder.input(SessionTime::from_nanos(nanos), &input);
//!     session.apply(SessionTime::from_nanos(nanos), input);
//! }
//!
//! let journal = Journal::read(&file)?;
//! let steps: Vec<_> = journal.replay().collect();
//! assert_eq!(steps[0].output, session.poll_transmit());
//! assert_eq!(steps[1].actions, [session.poll_action().unwrap()]);
//! # Ok::<(), claude_duplex::journal::JournalError>(())
//! ```
//!
//! # Format
//!
//! The format is NDJSON. The first line is the header. Each further line is one input: the time in nanoseconds, and the name
//! of the input with its data.
//!
//! ```text
//! {"journal":"claude-duplex","format":1,"version":"0.1.0","t":0,"config":{...}}
//! {"t":5,"prompt":{"content":"hello","uuid":null,"busy":null,"fields":[]}}
//! {"t":7,"sent":133}
//! {"t":9,"receive":"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n"}
//! {"t":9,"receive":{"hex":"fffe0a"}}
//! {"t":12,"eof":true}
//! {"t":12,"exited":{"Code":0}}
//! ```
//!
//! Bytes are a string if they are valid UTF-8, and hexadecimal digits otherwise. Several lines of one read become one record
//! each, because chunk boundaries have no effect. A record is therefore a line of the CLI, or a part of a long one.
//!
//! A required journal (`Driver::record_required`) has format 2. The session waits for each of its records. Its header contains
//! the number of hosts that wrote it and, if the session began before the journal, a [snapshot](crate::Snapshot). Two of its
//! records do not describe inputs. `handled` is the number of the last action that the host has handled. `epoch` is the number
//! of the next host that continues the session.
//!
//! ```text
//! {"journal":"claude-duplex","format":2,"version":"0.1.0","t":7,"config":{...},
//!  "epoch":1,"snapshot":{...}}     (one line)
//! {"t":9,"handled":12}
//! {"t":9,"epoch":2}
//! ```
//!
//! A journal contains neither actions nor output, because a replay produces them. It does not contain a checksum of them
//! either: actions have no serialized form that is the same in each version of this crate. To compare two versions, compare
//! the output of `tools/replay` of each.

mod create;
mod difference;
mod error;
#[cfg(all(feature = "driver", unix))]
mod file;
mod read;
mod record;
mod recorder;
mod replay;

use std::fmt;

use crate::base::time::SessionTime;
use crate::protocol::Snapshot;
use crate::protocol::config::Config;
use crate::protocol::input::Input;

pub use difference::{Difference, first_difference};
pub use error::JournalError;
#[cfg(all(feature = "driver", unix))]
pub use file::{JournalFile, JournalFileError};
pub use recorder::{Recorder, RecordingError};
pub use replay::{Replay, ReplayStep};

/// The format that is written, and the newest that is read. It is raised for every change that an older reader would misread,
/// including a new setting in [`Config`], which that reader would ignore.
const FORMAT: u64 = 2;

/// Format of a plain recording, which has neither a snapshot nor what a host has handled.
const RECORDING: u64 = 1;

/// Name in the first line, so that no other file is taken for a journal.
const NAME: &str = "claude-duplex";

/// A recorded session.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Journal {
    /// The version of this crate that recorded it.
    pub version: String,
    /// Settings of the session.
    pub config: Config,
    /// Start of the session.
    pub start: SessionTime,
    /// Inputs of the session, in order. The input at index `n` is in line `n + 2`.
    pub inputs: Vec<(SessionTime, Input<'static>)>,
    /// Number of hosts that have written the journal; 0 for a plain recording.
    pub epoch: u64,
    /// Number of the last action that a host has [acknowledged](crate::Protocol::action_number); 0 if none was.
    pub handled: u64,
    /// State of the session at the start of the recording, if the session began earlier.
    snapshot: Option<Snapshot>,
    /// Time when the recording reached its cap and stopped, or `None`. The session continued.
    pub stopped: Option<SessionTime>,
}

/// Omits the content, which is long and private.
impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("version", &self.version)
            .field("start", &self.start)
            .field("inputs", &self.inputs.len())
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
