//! Asks a program for its version, before a session is started.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{SpawnError, Transport};
use crate::base::text::LastLines;
use crate::options::version_in;
use crate::protocol::end::Exit;

/// Number of bytes of each stream that are kept.
const KEPT: usize = 64 * 1024;

/// Reason why the version of a CLI is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// The program was not started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The program did not end in time. It was killed.
    #[error("the program did not print its version within {0:?}; allow more time, or find out what it waits for")]
    TimedOut(Duration),
    /// The program ended with an error.
    #[error("the program did not print its version; {exit}; stderr: {}", LastLines(stderr))]
    #[non_exhaustive]
    Failed {
        /// Exit of the program.
        exit: Exit,
        /// Start of its stderr, at most 64 KiB.
        stderr: String,
    },
    /// The output does not begin with a version.
    #[error("the program did not print a version, but: {}", LastLines(output))]
    #[non_exhaustive]
    Unreadable {
        /// Start of its stdout, at most 64 KiB.
        output: String,
    },
}

/// Output of a child, and its exit.
#[derive(Default)]
struct Seen {
    stdin_closed: bool,
    stdout: Stream,
    stderr: Stream,
    exit: Option<Exit>,
}

#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    ended: bool,
}

/// Reads the version that a child prints. The child was started with `--version`. Dropping the child, e.g. at a time limit,
/// ends it.
pub(super) async fn version(mut child: impl Transport, limit: Duration) -> Result<String, VersionError> {
    let until = child.now().saturating_add(limit);
    let mut seen = Seen::default();
    let ended = poll_fn(|cx| {
        loop {
            seen.look(&mut child, cx);
            if seen.exit.is_some() && seen.stdout.ended && seen.stderr.ended {
                return Poll::Ready(true);
            }
            if child.now() >= until {
                return Poll::Ready(false);
            }
            if child.poll_timer(cx, until).is_pending() {
                return Poll::Pending;
            }
        }
    });
    let ended = ended.await;
    // Also kills its descendants.
    child.kill();
    let text = |stream: Stream| String::from_utf8_lossy(&stream.bytes).into_owned();
    // Descendants of the program may hold its output open.
    match seen.exit {
        None => Err(VersionError::TimedOut(limit)),
        Some(exit) if !exit.is_success() => Err(VersionError::Failed { exit, stderr: text(seen.stderr) }),
        Some(_) if !ended && seen.stdout.bytes.is_empty() => Err(VersionError::TimedOut(limit)),
        Some(_) => {
            let output = text(seen.stdout);
            version_in(&output).map(str::to_owned).ok_or(VersionError::Unreadable { output })
        }
    }
}

impl Seen {
    fn look(&mut self, child: &mut impl Transport, cx: &mut Context<'_>) {
        if !self.stdin_closed {
            self.stdin_closed = child.poll_close(cx).is_ready();
        }
        self.stdout.read(|buffer| child.poll_read(cx, buffer));
        self.stderr.read(|buffer| child.poll_read_stderr(cx, buffer));
        if self.exit.is_none() {
            if let Poll::Ready(exit) = child.poll_exit(cx) {
                self.exit = Some(exit);
            }
        }
    }
}

impl Stream {
    fn read(&mut self, mut read: impl FnMut(&mut [u8]) -> Poll<io::Result<usize>>) {
        let mut buffer = [0; 4096];
        while !self.ended {
            match read(&mut buffer) {
                Poll::Pending => return,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Ok(0) | Err(_)) => self.ended = true,
                Poll::Ready(Ok(count)) => {
                    let room = KEPT.saturating_sub(self.bytes.len());
                    self.bytes.extend_from_slice(&buffer[..count.min(room)]);
                }
            }
        }
    }
}
