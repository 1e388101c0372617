//! What needs nothing but memory: no process, no runtime, no clock. `tests/README.md` says where a new test goes.

#[path = "../support/history/mod.rs"]
mod history;
#[path = "../support/incoming.rs"]
mod incoming;
#[path = "../support/laws/mod.rs"]
mod laws;
#[path = "../../examples/replay/play.rs"]
#[allow(dead_code, reason = "the example reads more of it")]
mod play;
#[path = "../support/recorded.rs"]
mod recorded;
#[path = "../../examples/replay/recording.rs"]
#[allow(dead_code, reason = "the example reads more of it")]
mod recording;
#[path = "../support/slow_scan.rs"]
mod slow_scan;

mod asks;
mod attribution;
mod conformance;
mod corpus;
mod damage;
mod drift;
#[cfg(feature = "driver")]
mod driver;
mod edits;
mod histories;
mod journal;
mod peer;
mod recordings;
mod requests;
mod scan;
mod session;
#[cfg(feature = "session")]
mod sessions;
mod shown;
mod told;
#[cfg(all(feature = "driver", feature = "tracing"))]
mod trace;
mod typings;
mod unread;
mod views;
mod walk;
