//! What needs nothing but memory: no process, no runtime, no clock. `tests/README.md` says where a new test goes.

#[path = "../support/cases.rs"]
mod cases;
#[path = "../support/incoming.rs"]
mod incoming;
#[path = "../support/invariants/mod.rs"]
mod invariants;
#[path = "../../tools/replay/play.rs"]
#[allow(dead_code, reason = "the example reads more of it")]
mod play;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/recorded.rs"]
mod recorded;
#[path = "../../tools/replay/recording.rs"]
#[allow(dead_code, reason = "the example reads more of it")]
mod recording;
#[path = "../support/sequence/mod.rs"]
mod sequence;
#[path = "../support/slow_scan.rs"]
mod slow_scan;
#[cfg(feature = "driver")]
#[path = "../support/written.rs"]
mod written;

mod attribution;
mod causes;
mod conformance;
mod corpus;
mod damage;
mod debug_output;
mod drift;
#[cfg(feature = "driver")]
mod driver;
mod edits;
mod journal;
mod json;
mod mock_cli;
mod raw;
mod recorded_incoming;
mod recordings;
mod requests;
mod scan;
mod sequences;
mod session;
mod session_log;
#[cfg(feature = "session")]
mod sessions;
mod snapshot;
#[cfg(all(feature = "driver", feature = "tracing"))]
mod trace;
mod typings;
mod unread;
mod views;
mod walk;
