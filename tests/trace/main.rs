//! What the feature `tracing` tells, to whom, and what it never does.

#[path = "../../examples/replay/play.rs"]
#[allow(dead_code, reason = "the example prints more of it")]
mod play;
#[path = "../../examples/replay/recording.rs"]
#[allow(dead_code, reason = "times are not looked at")]
mod recording;
#[path = "../support/recordings.rs"]
mod recordings;

mod capture;
mod levels;
mod privacy;
mod scenes;
mod spans;
mod table;
