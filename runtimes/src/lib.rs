#![doc = include_str!("../README.md")]
#![cfg(target_os = "linux")]

pub mod calloop;
pub mod compio;

use std::io;

use claude_duplex::{Options, SpawnError};

/// Returns the error of a child that was started and that the runtime cannot watch.
fn not_watched(options: &Options, source: io::Error) -> SpawnError {
    match options.invocation() {
        Ok(invocation) => SpawnError::System { program: invocation.program, source },
        Err(refused) => refused.into(),
    }
}
