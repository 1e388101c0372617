//! Passes bytes on as they come.

use std::io::{self, Read, Write};
use std::sync::mpsc::SyncSender;

/// The pipe that bytes came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the host to the CLI.
    In,
    /// The CLI's stdout.
    Out,
    /// The CLI's stderr.
    Err,
    /// The end: the bytes are its exit status.
    Exit,
}

impl Direction {
    /// Returns the name in a recording.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Err => "err",
            Self::Exit => "exit",
        }
    }
}

/// Copies until one side ends. Each chunk is recorded before it is passed on, so that what it causes is recorded after it. Drops
/// both sides at the end, which the other side of the pipe then reads.
pub(crate) fn pass(
    direction: Direction,
    mut from: impl Read,
    mut to: impl Write,
    sender: &SyncSender<(Direction, Vec<u8>)>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        // Without a recorder the session goes on.
        let _ = sender.send((direction, buffer[..count].to_vec()));
        if to.write_all(&buffer[..count]).and_then(|()| to.flush()).is_err() {
            break;
        }
    }
}
